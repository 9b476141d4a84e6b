import { fileURLToPath } from 'node:url'
import { transformFile } from '@swc/core'

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { code } = await transformFile(fileURLToPath(url), {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    sourceMaps: 'inline',
  })
  return { format: 'module', source: code, shortCircuit: true }
}
