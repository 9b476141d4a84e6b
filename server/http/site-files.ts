import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** A file as it goes over the wire. */
export interface SiteFile {
  body: Buffer
  type: string
  /** A strong entity tag (RFC 9110 §8.8.3): of what is in it, so that all instances of one build have the same. */
  etag: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}
const OTHER_TYPE = 'text/plain; charset=utf-8'

/**
 * Reads the files of a folder, without those of folders in it, into memory: once, at the start. They are in every request
 * for a page, wait for no disk and no thread, and cannot change under a service that runs.
 * @returns the files by their names
 */
export function readSiteFiles(root: string): ReadonlyMap<string, SiteFile> {
  const files = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ name }) => {
      const body = readFileSync(join(root, name))
      return [name, { body, type: TYPES[extname(name)] ?? OTHER_TYPE, etag: etagOf(body) }]
    }),
  )
}

function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}
