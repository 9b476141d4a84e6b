// Compiles one language's messages to modules: plain texts stay texts, and a message with values becomes a function. So
// a page carries its words alone, and no parser of messages.
import { parse } from '@messageformat/parser'

/** Which forms plurals have in a language; `Intl` knows them, and a message must have each. */
const pluralsOf = (language) => new Intl.PluralRules(language).resolvedOptions().pluralCategories

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])

/** Whether the language is read from the right. */
export const isFromRight = (language) => RIGHT_TO_LEFT.has(language)

/** @returns the text of a module that has the messages of one group, under the group's name */
export function compileGroup(language, group, messages) {
  const parts = { usesPlurals: false, language }
  const value = compileTree(messages, parts)
  const helpers = parts.usesPlurals ? pluralHelpers(language) : ''
  return `${helpers}export const ${group} = ${value}\n`
}

/**
 * @returns the text of a module whose `locale()` is a language in this person's form, as a name that `Intl` takes: with
 *   the digits and dates of their country, if the browser tells it. Browsers pass on what the system calls its
 *   language, such as `en-US@posix`, and not all of that is such a name.
 */
export const localeModule = (language) => `export const locale = () =>
  globalThis.navigator?.languages.find((name) => {
    try {
      return /^${language.split('-')[0]}\\b/.test(name) && Intl.getCanonicalLocales(name)
    } catch {}
  }) ?? '${language}'
`

/** The types of such a module. */
export const typesOfLocale = 'export declare const locale: () => string\n'

/** @returns the types of such a module, which are the same in every language; `messages` are the English ones */
export function typesOfGroup(group, messages) {
  return `export declare const ${group}: ${typeOfTree(messages)}\n`
}

/** @returns the names of the values that a message has in it, sorted */
export function valuesIn(message, language) {
  const names = new Set()
  const visit = (token) => {
    if ('arg' in token && token.type !== 'octothorpe') names.add(token.arg)
    for (const { tokens } of token.cases ?? []) tokens.forEach(visit)
  }
  tokensOf(message, language).forEach(visit)
  return [...names].sort()
}

/** @returns the message as HTML: its own text is escaped, and `slots` has the HTML for its values */
export function fillMessage(message, language, slots) {
  return tokensOf(message, language)
    .map((token) => {
      if (token.type === 'content') return escapeHtml(token.value)
      if (token.type !== 'argument' || slots[token.arg] === undefined) throw new Error(`No page can say "${message}"`)
      return slots[token.arg]
    })
    .join('')
}

/** @returns what is wrong with a message of a language, in words, or `undefined` */
export function troubleWith(message, language) {
  try {
    compileMessage(message, { language })
    return undefined
  } catch (error) {
    return error.message
  }
}

function compileTree(messages, parts) {
  if (typeof messages === 'string') return compileMessage(messages, parts)
  if (Array.isArray(messages)) return `[${messages.map((message) => compileTree(message, parts)).join(', ')}]`
  const entries = Object.entries(messages).map(([key, value]) => `${JSON.stringify(key)}: ${compileTree(value, parts)}`)
  return `{ ${entries.join(', ')} }`
}

function compileMessage(message, parts) {
  const tokens = tokensOf(message, parts.language)
  if (tokens.every(({ type }) => type === 'content')) return JSON.stringify(contentOf(tokens))
  return `(d) => ${markOf(tokens, parts)}${compileTokens(tokens, parts)}`
}

/**
 * The first letter of a text decides from which side it is read (UAX #9, P2), and a name may be in Latin letters. So in
 * a language that is read from the right, a mark (RLM) stands before a value that comes first.
 */
const markOf = ([{ type }], { language }) => (isFromRight(language) && type === 'argument' ? '"\u200f" + ' : '')

const contentOf = (tokens) => tokens.map(({ value }) => value).join('')

function compileTokens(tokens, parts) {
  if (tokens.length === 0) return '""'
  return tokens.map((token, at) => compileToken(afterNumber(tokens[at - 1], token), parts)).join(' + ')
}

/** Keeps a number and its noun on one line, by a space that does not break. */
const afterNumber = (before, token) =>
  before?.type === 'octothorpe' && token.type === 'content'
    ? { ...token, value: token.value.replace(/^ /, '\u00a0') }
    : token

function compileToken(token, parts) {
  switch (token.type) {
    case 'content':
      return JSON.stringify(token.value)
    case 'argument':
      // Two Latin names, with a sign between or a number after them, would be shown in the wrong order: each is
      // isolated.
      return isFromRight(parts.language) ? `"\u2068" + d.${token.arg} + "\u2069"` : `d.${token.arg}`
    case 'octothorpe':
      return `number(d.${token.arg})`
    case 'plural': {
      parts.usesPlurals = true
      const missing = pluralsOf(parts.language).filter((form) => !token.cases.some(({ key }) => key === form))
      if (missing.length > 0) throw new Error(`there is no plural for ${missing.join(', ')}`)
      return `plural(d.${token.arg}, ${casesOf(token, parts)})`
    }
    case 'select':
      return `(${casesOf(token, parts)})[d.${token.arg}]`
    default:
      throw new Error(`nothing here makes a ${token.type}`)
  }
}

function casesOf({ arg, cases }, parts) {
  const compiled = cases.map(({ key, tokens }) => {
    const named = tokens.map((token) => (token.type === 'octothorpe' ? { ...token, arg } : token))
    return `${JSON.stringify(key)}: ${compileTokens(named, parts)}`
  })
  return `{ ${compiled.join(', ')} }`
}

/** Numbers are in the digits of the reader's country, as times are. */
const pluralHelpers = (language) => `import { locale } from './locale.js'
const rules = new Intl.PluralRules('${language}')
const number = (value) => value.toLocaleString(locale())
const plural = (count, forms) => forms['=' + count] ?? forms[rules.select(count)] ?? forms.other
`

function typeOfTree(messages) {
  if (typeof messages === 'string') return typeOfMessage(messages)
  if (Array.isArray(messages)) return 'readonly string[]'
  const entries = Object.entries(messages).map(
    ([key, value]) => `readonly ${JSON.stringify(key)}: ${typeOfTree(value)}`,
  )
  return `{ ${entries.join('; ')} }`
}

function typeOfMessage(message) {
  const counts = new Set(tokensOf(message, 'en').flatMap(({ type, arg }) => (type === 'plural' ? [arg] : [])))
  const values = valuesIn(message, 'en').map((name) => `readonly ${name}: ${counts.has(name) ? 'number' : 'string'}`)
  return values.length === 0 ? 'string' : `(values: { ${values.join('; ')} }) => string`
}

function tokensOf(message, language) {
  return parse(message, { cardinal: pluralsOf(language), strict: true, strictPluralKeys: true })
}

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text) => text.replace(/[&<>"]/g, (character) => ESCAPES[character])
