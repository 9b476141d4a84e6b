// Puts files into dist/web, each with its compressed forms. Those of the last builds stay: a page that is open may ask
// for them for hours yet.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib'
import { noteBuild, writeInOneStep } from './last-builds.mjs'

const PAGES = 'dist/web'
const ASSETS = 'dist/web/assets'
/** The names of each build's assets, the newest build's first. */
const BUILDS = 'dist/web/builds.json'

const COMPRESSIONS = {
  br: (body) =>
    brotliCompressSync(body, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length, [constants.BROTLI_PARAM_LGWIN]: 18 },
    }),
  gz: (body) => gzipSync(body, { level: constants.Z_BEST_COMPRESSION }),
}
const DECOMPRESSIONS = { br: brotliDecompressSync, gz: gunzipSync }

/**
 * @param files by their names. A file that exists is not written again: its name has the hash of its content, and it is
 *   written after its compressed forms
 */
export function writeAssets(files) {
  mkdirSync(ASSETS, { recursive: true })
  for (const [name, body] of files) if (!existsSync(join(ASSETS, name))) writeCompressed(ASSETS, name, body)
}

/**
 * Called once all else is written: the builds that are noted are whole.
 * @param names of this build's assets. Assets that no page of the last builds may ask for are removed
 */
export function noteAssets(names) {
  keepOnly(ASSETS, noteBuild(BUILDS, names))
}

/** @param texts by their names, with a folder for each language. A page that is not among them any more is removed */
export function writePages(texts) {
  const folders = new Map()
  for (const [path, text] of texts) {
    const folder = dirname(path)
    mkdirSync(join(PAGES, folder), { recursive: true })
    const body = Buffer.from(text)
    // Compressing a page costs a hundred times what it costs to see that this was done.
    if (!isWritten(join(PAGES, path), body)) writeCompressed(PAGES, path, body)
    folders.set(folder, [...(folders.get(folder) ?? []), basename(path)])
  }
  for (const [folder, names] of folders) {
    keepOnly(join(PAGES, folder), folder === '.' ? ['assets', 'builds.json', ...folders.keys(), ...names] : names)
  }
}

/**
 * Whether the file and its compressed forms all say the same: a build that was stopped while it wrote may leave old and
 * new.
 */
function isWritten(path, body) {
  if (!existsSync(path) || !readFileSync(path).equals(body)) return false
  return Object.entries(DECOMPRESSIONS).every(([ending, decompress]) => {
    const compressed = `${path}.${ending}`
    try {
      return decompress(readFileSync(compressed)).equals(body)
    } catch {
      return false
    }
  })
}

function writeCompressed(folder, name, body) {
  for (const [ending, compress] of Object.entries(COMPRESSIONS)) {
    const compressed = compress(body)
    const path = join(folder, `${name}.${ending}`)
    if (compressed.length < body.length) writeInOneStep(path, compressed)
    else rmSync(path, { force: true })
  }
  // Last: whoever finds the file finds its compressed forms.
  writeInOneStep(join(folder, name), body)
}

function keepOnly(folder, names) {
  const kept = new Set(
    names.flatMap((name) => [name, ...Object.keys(COMPRESSIONS).map((ending) => `${name}.${ending}`)]),
  )
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name), { recursive: true })
}
