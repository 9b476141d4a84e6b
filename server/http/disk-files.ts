import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { codeOf } from '../errors.ts'
import { CODINGS, type KeptFile, type SiteBody, siteBody } from './site-files.ts'

/** As RFC 9239, WHATWG MIME and the registry at IANA have them. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
}

/**
 * The files of a folder, by their names, as it is now. What of one is asked for is read then, once for all, and kept:
 * who does not read a reply has no copy of its own, and no file open. Compressed forms that lie beside a file are its own.
 */
export function diskFiles(folder: string): ReadonlyMap<string, KeptFile> {
  const names = new Set(readdirSync(folder))
  const isCompressed = (name: string) =>
    CODINGS.some(({ ending }) => name.endsWith(ending) && names.has(name.slice(0, -ending.length)))
  const files = [...names].filter((name) => !isCompressed(name))
  return new Map(
    files.map((name) => {
      const path = join(folder, name)
      const codings = CODINGS.filter(({ ending }) => names.has(name + ending))
      return [
        name,
        {
          type: TYPES[extname(name)] ?? 'application/octet-stream',
          plain: onceRead(path),
          compressed: Object.fromEntries(codings.map(({ coding, ending }) => [coding, onceRead(path + ending)])),
        },
      ]
    }),
  )
}

/** One that is not there, or cannot be read just now, is looked for again. */
function onceRead(path: string): () => Promise<SiteBody | undefined> {
  let reading: Promise<SiteBody | undefined> | undefined
  const forget = () => {
    reading = undefined
  }
  return () => {
    reading ??= readFile(path).then(siteBody, (error) => {
      forget()
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    })
    return reading
  }
}
