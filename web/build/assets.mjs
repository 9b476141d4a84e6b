// What pages load: bundled and minified for the oldest browsers that they run in, and named by a hash of the content,
// so that a browser may keep each file for good.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join, relative, resolve } from 'node:path'
import { build, transform } from 'esbuild'
import { inOneFile } from './one-file.mjs'
import { onlyUsed, wordsIn } from './used-rules.mjs'

/** For syntax, and for style sheets, which esbuild rewrites. tests/web/build-target.test.ts checks the rest. */
const TARGET = ['safari15.4', 'chrome100', 'firefox100']
const OUT = 'dist/web/assets'
const ADDRESS = '/assets/'
/** Terms of software that packages have built in, without its terms. */
const INSIDE_OTHERS = 'web/licences'
/** A request costs more than so many bytes: a smaller picture is put into the page, or into its sheet. */
const SMALL_PICTURE = 1024
const PICTURES = { '.svg': 'image/svg+xml' }
/**
 * Scripts that a module starts beside its page, by the name under which the module knows their address. They are no
 * modules: module workers are newer than the oldest browsers (Firefox has them since 114). `server/http/pages.ts`
 * recognises workers by their file names.
 */
const WORKERS = { READER_WORKER: 'web/src/phone/scanner/reader-worker.ts' }
/** Style sheets that a module adds to its page (`addSheet`) with the parts that need them; named as workers are. */
const LATE_SHEETS = {
  DEVICES_SHEET: 'devices.css',
  REQUEST_SHEET: 'request.css',
  VIEWFINDER_SHEET: 'viewfinder.css',
  LOGIN_FORMS_SHEET: 'login-forms.css',
}

const SETTINGS = {
  bundle: true,
  minify: true,
  // Characters are served as they are: escapes take three times as much of what is not English.
  charset: 'utf8',
  target: TARGET,
  loader: { '.svg': 'dataurl', '.wasm': 'file' },
  outdir: OUT,
  publicPath: ADDRESS,
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  write: false,
  metafile: true,
  logLevel: 'warning',
}

/**
 * @param wanted see `whatTheyLoad`
 * @param messages the folder of `#messages`, which has one in it for each language
 * @returns the files by their names, and for each language the addresses of what was wanted: of a module that of itself,
 *   and of what it cannot begin without
 */
export async function buildAssets({ modules, sheets, pagesWith, others }, languages, messages) {
  const late = await Promise.all([
    ...Object.entries(WORKERS).map(buildWorker),
    ...Object.entries(LATE_SHEETS).map(async ([name, sheet]) => ({ ...(await buildSheet(sheet)), name })),
  ])
  const define = Object.fromEntries(late.map(({ name, addresses }) => [name, JSON.stringify(addresses[0])]))
  const inEach = (language) => {
    const settings = { define, alias: { '#messages': resolve(messages, language) } }
    return Promise.all(modules.map((name) => buildModule(name, settings)))
  }
  const [wholeSheets, ...spoken] = await Promise.all([Promise.all(sheets.map(buildSheet)), ...languages.map(inEach)])
  const scriptsOf = (module) =>
    spoken[0].find(({ name }) => name === module)?.files.map(([, body]) => String(body)) ?? []
  const trimmed = wholeSheets.map((sheet) => {
    const users = pagesWith(sheet.name)
    return users.length === 0
      ? sheet
      : trim(sheet, [...users.flatMap(({ html, module }) => [html, ...scriptsOf(module)])])
  })
  const common = [...trimmed, ...others.map(takeOther)]
  const built = [...late, ...common, ...spoken.flat()]
  const packages = new Set(built.flatMap(({ inputs = [] }) => inputs.flatMap(packageOf)))
  const addressesOf = (parts) => new Map(parts.map(({ name, addresses }) => [name, addresses]))
  return {
    files: new Map([...built.flatMap(({ files = [] }) => files), licences([...packages].sort())]),
    addresses: new Map(languages.map((language, at) => [language, addressesOf([...common, ...spoken[at]])])),
  }
}

/** @returns the text of a script that is no module, in few letters */
export async function minified(path) {
  const { code } = await transform(readFileSync(path, 'utf8'), { minify: true, target: TARGET })
  return code
}

/** By itself, so that no other page's needs split it: one file, and one for each import that waits for its use. */
function buildModule(name, settings) {
  const source = join('web/src', name.replace(/\.js$/, '.ts'))
  const named = { entryPoints: [source], entryNames: '[name]-[hash]' }
  return bundle(name, source, { ...named, format: 'esm', splitting: true, ...settings })
}

function buildWorker([name, source]) {
  return bundle(name, source, { entryPoints: [source], entryNames: '[name]-[hash]', format: 'iife' })
}

/** @param names with spaces between: the sheets become one, which is named as the last */
function buildSheet(names) {
  const contents = names.split(' ').map((name) => `@import "./${name}";`)
  return bundle(names, '<stdin>', {
    plugins: [sizesWrittenOut],
    stdin: { contents: contents.join('\n'), loader: 'css', resolveDir: 'web/public' },
    entryNames: `${basename(names.split(' ').at(-1), '.css')}-[hash]`,
  })
}

/** A custom property that no state, scheme or brand changes is written out: its name would cost letters for nothing. */
const sizesWrittenOut = {
  name: 'sizes',
  setup({ onLoad }) {
    const declarations = readFileSync('web/public/sizes.css', 'utf8').matchAll(/(--[\w-]+): ([^;]+);/g)
    const sizes = new Map([...declarations].map(([, name, value]) => [name, value]))
    onLoad({ filter: /\.css$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace(/var\((--[\w-]+)\)/g, (all, name) => sizes.get(name) ?? all)
      return { contents, loader: 'css' }
    })
  },
}

/** @returns the sheet with those of its rules alone that the pages and scripts in `texts` use */
function trim({ name, files: [[file, body]] }, texts) {
  const [, stem] = /^(.*)-\w+\.css$/.exec(file)
  const trimmed = hashed(`${stem}.css`, Buffer.from(onlyUsed(String(body).trim(), wordsIn(texts))))
  return { name, files: [trimmed], addresses: [ADDRESS + trimmed[0]] }
}

async function bundle(name, source, settings) {
  const { outputFiles, metafile } = await build({ ...SETTINGS, ...settings })
  const named = new Map(Object.entries(metafile.outputs).map(([path, output]) => [relative(OUT, path), output]))
  const importsOf = (file) => named.get(file).imports.map(({ path, kind }) => ({ name: relative(OUT, path), kind }))
  const { files, main } = await inOneFile({
    files: new Map(outputFiles.map(({ path, contents }) => [relative(OUT, path), Buffer.from(contents)])),
    importsOf,
    exportsOf: (file) => named.get(file).exports,
    isShared: (file) => named.get(file)?.entryPoint === undefined,
    main: [...named].find(([, { entryPoint }]) => entryPoint === source)[0],
    settings: { ...SETTINGS, ...settings, metafile: false },
  })
  const written = [...files].map(([file, body]) => [file, file.endsWith('.js') ? lateImports(file, body) : body])
  return { name, files: written, addresses: [ADDRESS + main], inputs: Object.keys(metafile.inputs) }
}

/** Makes each function that only imports take the address as a parameter: see web/src/page/late-module.ts. */
function lateImports(file, body) {
  const text = String(body)
  const written = text.replaceAll(/\(\)=>import\(("[^"]+")\)/g, 'a=>a($1)')
  if (/\bimport\("[^"]*"\)/.test(written)) throw new Error(`${file} imports something that no lateModule loads`)
  return text === written ? body : Buffer.from(written)
}

function takeOther(name) {
  const body = readFileSync(join('web/public', name))
  const type = PICTURES[extname(name)]
  if (type !== undefined && body.length < SMALL_PICTURE) return { name, addresses: [dataUrl(type, body)] }
  const file = hashed(name, body)
  return { name, files: [file], addresses: [ADDRESS + file[0]] }
}

/**
 * Escapes as little as HTML allows between double quotes: that compresses better than base64. The page has the title's
 * words.
 */
function dataUrl(type, text) {
  const short = String(text)
    .trim()
    .replace(/>\s+</g, '><')
    .replace(/<title>.*?<\/title>/, '')
    .replaceAll('"', "'")
  return `data:${type},${short.replace(/[%#<>&]/g, encodeURIComponent)}`
}

function hashed(name, body) {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 8)
  return [`${basename(name, extname(name))}-${hash}${extname(name)}`, body]
}

const packageOf = (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.slice(1) ?? []

/** Licences ask that what others have written is served with their names and terms. */
function licences(packages) {
  const texts = packages.flatMap((name) => {
    const folder = join('node_modules', name)
    const terms = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file))
    return terms.map((file) => `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`)
  })
  const inside = readdirSync(INSIDE_OTHERS).map((file) => readFileSync(join(INSIDE_OTHERS, file), 'utf8'))
  return hashed('licences.txt', [...texts, ...inside].join(`\n${'-'.repeat(80)}\n\n`))
}
