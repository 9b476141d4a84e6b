// Makes dist/node_modules, which dist/server finds before the real one: packages that are hundreds of ES modules, each
// as a few files. Node reads, links and compiles modules one by one, and these were two thirds of all that a start reads.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const PACKAGES = ['typebox', 'jose', '@simplewebauthn/server']
const OUT = 'dist/node_modules'

rmSync(OUT, { recursive: true, force: true })
for (const name of PACKAGES) await pack(name)

async function pack(name) {
  const { exports, version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'))
  const entries = Object.entries(exports)
    .filter(([path, to]) => typeof to === 'object' && !path.includes('*'))
    .map(([path, to]) => ({
      path,
      from: `node_modules/${name}/${to.default ?? to.import}`,
      out: path === '.' ? 'index' : path.slice(2),
    }))
  await build({
    entryPoints: entries.map(({ from, out }) => ({ in: from, out })),
    outdir: `${OUT}/${name}`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    logLevel: 'warning',
  })
  const packed = Object.fromEntries(entries.map(({ path, out }) => [path, `./${out}.js`]))
  writeFileSync(
    `${OUT}/${name}/package.json`,
    `${JSON.stringify({ name, version, license, type: 'module', exports: packed }, undefined, 2)}\n`,
  )
}
