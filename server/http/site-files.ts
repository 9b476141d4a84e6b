import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

/** A file as it goes over the wire. */
export interface SiteFile {
  body: Buffer
  type: string
  /** A strong entity tag (RFC 9110 §8.8.3): of what is in it, so that all instances of one build have the same. */
  etag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const OTHER_TYPE = 'text/plain; charset=utf-8'

/**
 * Reads a folder, with all that is in it, into memory: once, at the start. A request that reads a file waits for the
 * thread pool, and there password hashes may be before it.
 * @returns the files by their paths from `root`, with slashes
 */
export function readSiteFiles(root: string): ReadonlyMap<string, SiteFile> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      const body = readFileSync(path)
      const file = { body, type: TYPES[extname(name)] ?? OTHER_TYPE, etag: etagOf(body) }
      return [relative(root, path).split(sep).join('/'), file]
    }),
  )
}

function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}
