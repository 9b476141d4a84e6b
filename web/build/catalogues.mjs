// What people read, in every language: web/messages/LANGUAGE.json. English says which messages there are.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compileGroup, localeModule, troubleWith, typesOfGroup, typesOfLocale, valuesIn } from './compile-messages.mjs'

const ENGLISH = 'en'

/** @returns the catalogues of a folder by their languages (BCP 47), English first */
export function readCatalogues(folder) {
  const languages = readdirSync(folder).map((name) => basename(name, '.json'))
  const sorted = [ENGLISH, ...languages.filter((language) => language !== ENGLISH).sort()]
  return new Map(
    sorted.map((language) => [language, JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8'))]),
  )
}

/** @returns the catalogues that may be offered to people, and what is wrong with the others, a line each */
export function wholeOnes(catalogues) {
  const english = catalogues.get(ENGLISH)
  const troubles = [...catalogues].map(([language, catalogue]) => [language, troublesOf(language, catalogue, english)])
  const whole = new Set(troubles.flatMap(([language, { length }]) => (length === 0 ? [language] : [])))
  return {
    whole: new Map([...catalogues].filter(([language]) => whole.has(language))),
    troubles: troubles.flatMap(([, lines]) => lines),
  }
}

/** @returns what a catalogue lacks, what it has that English does not, and which messages cannot be compiled */
export function troublesOf(language, catalogue, english) {
  const theirs = messagesOf(catalogue)
  const ours = messagesOf(english)
  const lacking = [...ours.keys()].filter((key) => !theirs.has(key)).map((key) => `${key} is missing`)
  const wrong = [...theirs].flatMap(([key, message]) => {
    if (!ours.has(key)) return [`${key} is not in English`]
    const trouble = troubleWith(message, language)
    if (trouble !== undefined) return [`${key}: ${trouble}`]
    if ((message === '') !== (ours.get(key) === '')) return [`${key} is empty, or in English`]
    const [has, wants] = [valuesIn(message, language), valuesIn(ours.get(key), ENGLISH)].map(String)
    return has === wants ? [] : [`${key} has the values "${has}" and not "${wants}"`]
  })
  return [...lacking, ...wrong].map((line) => `${language}: ${line}`)
}

/** @returns all messages of a catalogue by their keys, with points between */
export function messagesOf(tree, prefix = '') {
  if (typeof tree === 'string') return new Map([[prefix.slice(1), tree]])
  return new Map(Object.entries(tree).flatMap(([key, value]) => [...messagesOf(value, `${prefix}.${key}`)]))
}

/** Writes `#messages/GROUP` into a folder: a module for each language, with the types that the compiler needs. */
export function writeModules(folder, catalogues) {
  const english = catalogues.get(ENGLISH)
  for (const [language, groups] of catalogues) {
    mkdirSync(join(folder, language), { recursive: true })
    for (const [group, messages] of Object.entries({ ...groups, tag: language })) {
      writeFileSync(join(folder, language, `${group}.js`), compileGroup(language, group, messages))
      writeFileSync(join(folder, language, `${group}.d.ts`), typesOfGroup(group, english[group] ?? language))
    }
    writeFileSync(join(folder, language, 'locale.js'), localeModule(language))
    writeFileSync(join(folder, language, 'locale.d.ts'), typesOfLocale)
  }
}
