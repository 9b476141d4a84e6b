// Puts pages together from their parts, and points them to the files that they load.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messagesOf } from './catalogues.mjs'
import { fillMessage, isFromRight } from './compile-messages.mjs'

/** `<!-- NAME.html -->`, or `<!-- NAME.html VALUE:… -->` for a part with values, which are texts without blanks. */
const PART = /^ *<!-- ([\w-]+\.html)((?: \w+:\S+)*) -->\n/gm
/** The place of a value in a part. */
const PLACE = /\(\((\w+)\)\)/g
/** A sheet that the page waits for has a line of its own; they become one file. */
const SHEET = /^ *<link rel="stylesheet" href="\/assets\/([^"]+)">\n/gm
const MODULE = /<script type="module" src="\/assets\/([^"]+)">/
const GUARD = /^( *)<script async src="\/page-guard\.js">/m
const ASSET = /"\/assets\/([^"]+)"/g
/** `[[KEY]]`, or `[[KEY VALUE:<…> VALUE:<…>]]` for a message with values: HTML, which may have messages in it. */
const MESSAGE = /\[\[([\w.]+)((?:(?!\[\[).)*?)\]\]/g
const NEXT_SLOT = / (?=\w+:[<{])/
const LANGUAGE = '<html lang="en"'

/** @returns the pages of a folder, put together of their parts */
export function readPages(folder, parts) {
  const read = (path) => readFileSync(path, 'utf8')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.html'))
    .map((name) => ({
      name,
      html: read(join(folder, name)).replaceAll(PART, (_comment, part, values) =>
        withValues(read(join(parts, part)), values),
      ),
    }))
}

function withValues(part, text) {
  const values = new Map(
    text
      .split(' ')
      .slice(1)
      .map((value) => [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)]),
  )
  return part.replaceAll(PLACE, (_place, name) => {
    if (!values.has(name)) throw new Error(`A part is to be told ${name}`)
    return values.get(name)
  })
}

/** The manifest is the same for all pages, and names pictures as they do. */
export function readManifest(path) {
  const text = readFileSync(path, 'utf8')
  return { text, loads: unique(assetsOf(text)) }
}

/**
 * @param offered the languages to choose from
 * @returns a page with the messages of a language in it, which it says at its very beginning
 */
export function inLanguage(html, language, catalogue, offered) {
  const messages = messagesOf(catalogue)
    .set('languages', offered.join(' '))
    .set('languageName', new Intl.DisplayNames(language, { type: 'language' }).of(language))
  const direction = isFromRight(language) ? ' dir="rtl"' : ''
  let text = html.replace(LANGUAGE, `<html lang="${language}"${direction}`)
  // Replaces the innermost messages first: a value may have messages in it.
  while (text.match(MESSAGE)) {
    text = text.replaceAll(MESSAGE, (_all, key, slots) => {
      if (!messages.has(key)) throw new Error(`There is no message ${key}`)
      return fillMessage(messages.get(key), language, slotsOf(slots))
    })
  }
  return text
}

/** @returns the keys of the messages in a page */
export const keysIn = (html) => [...html.matchAll(/\[\[([\w.]+)/g)].map(([, key]) => key)

const slotsOf = (text) =>
  Object.fromEntries(
    text
      .split(NEXT_SLOT)
      .filter((slot) => slot !== '')
      .map((slot) => [slot.slice(0, slot.indexOf(':')), slot.slice(slot.indexOf(':') + 1)]),
  )

/** @returns modules, sheets (see `sheetsOf`) and other files, each once; and the pages that have each of those sheets */
export function whatTheyLoad(pages) {
  const modules = pages.flatMap(({ html }) => moduleOf(html) ?? [])
  const rest = pages.flatMap(({ html }) => assetsOf(html.replaceAll(SHEET, '').replace(MODULE, '')))
  const isSheet = (name) => name.endsWith('.css')
  return {
    modules: unique(modules),
    sheets: unique([...pages.map(({ html }) => sheetsOf(html)), ...rest.filter(isSheet)]),
    pagesWith: (sheet) =>
      pages.flatMap(({ html }) => (sheetsOf(html) === sheet ? [{ html, module: moduleOf(html) }] : [])),
    others: unique(rest.filter((name) => !isSheet(name))),
  }
}

/** @param addresses see `buildAssets` */
export function withAddresses(html, addresses) {
  const addressesOf = (name) => {
    const known = addresses.get(name)
    if (known === undefined) throw new Error(`No page could load ${name}`)
    return known
  }
  const module = moduleOf(html)
  const preloads = module === undefined ? [] : addressesOf(module)
  const [sheet] = addressesOf(sheetsOf(html))
  let isFirst = true
  return (
    html
      .replaceAll(SHEET, () => {
        const line = isFirst ? `    <link rel="stylesheet" href="${sheet}">\n` : ''
        isFirst = false
        return line
      })
      .replace(GUARD, (guard, indent) =>
        [...preloads.map((path) => `${indent}<link rel="modulepreload" href="${path}">`), guard].join('\n'),
      )
      // Nobody reads the indentation of a served page.
      .replaceAll(/^ +/gm, '')
      .replaceAll(ASSET, (address, name) => (addresses.has(name) ? `"${addressesOf(name)[0]}"` : address))
  )
}

/** @returns the manifest in a language; its messages are texts of JSON */
export function manifestIn({ text }, language, catalogue, addresses) {
  const messages = messagesOf(catalogue)
  const said = (_all, key) => {
    if (!messages.has(key)) throw new Error(`There is no message ${key}`)
    return JSON.stringify(messages.get(key)).slice(1, -1)
  }
  const manifest = JSON.parse(
    text.replaceAll(/\[\[([\w.]+)\]\]/g, said).replaceAll(ASSET, (_address, name) => `"${addresses.get(name)[0]}"`),
  )
  return JSON.stringify({ ...manifest, lang: language, dir: directionOf(language) })
}

const directionOf = (language) => (isFromRight(language) ? 'rtl' : 'ltr')

const moduleOf = (html) => MODULE.exec(html)?.[1]

/** The names of the sheets that a page waits for, with spaces between: they become one. */
const sheetsOf = (html) => [...html.matchAll(SHEET)].map(([, name]) => name).join(' ')

const assetsOf = (html) => [...html.matchAll(ASSET)].map(([, name]) => name)

const unique = (names) => [...new Set(names)]
