import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { primary, type Site } from './languages.ts'
import { CODINGS, type SiteFile, siteFile } from './site-files.ts'

/** What the build has made of `web/`, as a start finds it. */
export interface BuiltWeb {
  /** The folder that assets are read from, when they are asked for. */
  assets: string
  /** Those that are there: each version of one has a name of its own. */
  assetNames: ReadonlySet<string>
  /** What stands beside the pages, by its name. */
  files: ReadonlyMap<string, SiteFile>
  /** The pages, by the first subtag of their language. */
  languages: ReadonlyMap<string, Site>
}

const ASSETS = 'assets'
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/**
 * Reads the pages of a build and the scripts beside them into memory: once, at the start. They are in every request for a
 * page, wait for no disk and no thread, and cannot change under a service that runs.
 */
export function readWeb(root: string): BuiltWeb {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const languages = folders.filter(({ name }) => name !== ASSETS)
  const assets = join(root, ASSETS)
  return {
    assets,
    assetNames: new Set(readdirSync(assets).filter((name) => !CODINGS.some(({ ending }) => name.endsWith(ending)))),
    files: readFiles(root),
    languages: new Map(languages.map(({ name }) => [primary(name), readSite(join(root, name))])),
  }
}

function readSite(folder: string): Site {
  return { pages: readFiles(folder), words: JSON.parse(readFileSync(join(folder, 'words.json'), 'utf8')) }
}

function readFiles(folder: string): ReadonlyMap<string, SiteFile> {
  const names = new Set(readdirSync(folder))
  const read = (name: string) => readFileSync(join(folder, name))
  const files = new Map<string, SiteFile>()
  for (const name of names) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const codings = CODINGS.filter(({ ending }) => names.has(name + ending))
    const compressed = codings.map(({ coding, ending }) => [coding, read(name + ending)] as const)
    files.set(name, siteFile(type, read(name), compressed))
  }
  return files
}
