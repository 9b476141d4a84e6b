// Makes dist/server: what a start loads, ours and our packages', as a few files. Node reads, links and compiles modules one
// by one, and some 1,500 of them were two thirds of a start. What is loaded where it is used stays a file of its own.
// No checks here: `tsc --project server` has them.
import { readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { noteBuild } from '../../web/build/last-builds.mjs'

const OUT = 'dist/server'
/** Processes of their own begin with these; `service` is what `main` starts, and tests as often as they like. */
const ENTRIES = { main: 'main', service: 'service', cli: 'cli', 'disk-probe': 'store/disk-probe' }
/**
 * Packages that are not bundled: they find their own files by where they lie. Two are loaded where they are used:
 * oidc-provider has side effects by module, and maxmind is no ES module, which esbuild leaves no names when it is
 * imported later.
 */
const AS_THEY_ARE = [
  'lmdb',
  '@node-rs/argon2',
  'pino',
  '@fastify/static',
  '@fastify/swagger-ui',
  'oidc-provider',
  'maxmind',
]

const { metafile } = await build({
  entryPoints: Object.entries(ENTRIES).map(([out, from]) => ({ in: `server/${from}.ts`, out })),
  outdir: OUT,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  external: AS_THEY_ARE,
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  // CommonJS packages call `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  // `NODE_OPTIONS=--enable-source-maps` has stacks name the lines of sources.
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
})

for (const { imports } of Object.values(metafile.outputs)) {
  for (const { kind, path } of imports) {
    const { entryPoint, exports } = metafile.outputs[path] ?? {}
    if (kind === 'dynamic-import' && String(exports) === 'default') {
      throw new Error(
        `${entryPoint} is no ES module: loaded later it has no names but default, so it is to stay as it is`,
      )
    }
  }
}

// Old files go once the new ones are there; those of the last builds stay, as a running service may yet load them.
const BUILDS = 'builds.json'
const kept = new Set([
  BUILDS,
  ...noteBuild(
    join(OUT, BUILDS),
    Object.keys(metafile.outputs).map((path) => basename(path)),
  ),
])
for (const name of readdirSync(OUT)) if (!kept.has(name)) rmSync(join(OUT, name), { recursive: true })
