import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PATIENCE_MS } from './patience.ts'
import { ROOT } from './service.ts'

/** @returns what stands in a document's blocks of one language, under one heading of the second level */
export function blocksOf(path: string): (language: string, heading: string) => string[] {
  const sections = readFileSync(join(ROOT, path), 'utf8').split(/^## /m)
  return (language, heading) => {
    const section = sections.find((part) => part.startsWith(heading)) ?? ''
    const found = [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))]
    if (found.length === 0) throw new Error(`${path} has nothing in ${language} under ${heading}`)
    return found.map(([, text = '']) => text)
  }
}

const BETWEEN = '----- the next block -----'

/** Runs blocks of shell one after the other, in one shell. @returns what each has written */
export async function runBlocks(scripts: string[], cwd: string, env: Record<string, string>): Promise<string[]> {
  const script = `set -eu\n${scripts.join(`\necho; echo '${BETWEEN}'\n`)}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    // Each of its commands is waited for that long.
    timeout: 4 * PATIENCE_MS,
  })
  return stdout.split(BETWEEN)
}

/** Names and kinds, whatever the values. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]))
}
