import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ERROR_CODES } from '../../server/http/problems.ts'
import { messagesOf, readCatalogues, troublesOf } from '../../web/build/catalogues.mjs'
import { compileGroup, fillMessage, isFromRight } from '../../web/build/compile-messages.mjs'
import { keysIn } from '../../web/build/pages.mjs'

const FOLDER = 'web/messages'
const catalogues: Map<string, object> = readCatalogues(FOLDER)
const english = catalogues.get('en') ?? {}
/** What the server says. */
const OF_SERVER = ['oauth', 'application', 'provider']

/** What a language's sentences are marked with: what of ours is not among it. */
const FOREIGN_SIGNS: Readonly<Record<string, RegExp>> = {
  // No line may begin with a sign that stands apart from its word.
  fr: /[^\u00a0\u202f][?!;:»](?=[\s}]|$)|«(?![\u00a0\u202f])/,
  es: /^[^¿]*\?|^[^¡]*!/,
  'zh-Hans': /\P{ASCII} ?[,;:?!.](?!\w)/u,
  ja: /\P{ASCII} ?[,;:?!.](?!\w)/u,
  ar: /[,;?]/,
  hi: /[\u0900-\u0965]\.(?=\s|$)/,
}

const textsIn = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))

/** A module as the build makes it. */
const compiled = (language: string, group: string): Promise<Record<string, Record<string, unknown>>> =>
  import(`../../dist/messages/${language}/${group}.js`)

async function triesLeft(language: string, count: number): Promise<string> {
  const { loginForms } = await compiled(language, 'loginForms')
  const message = loginForms?.['triesLeft']
  if (typeof message !== 'function') throw new Error('not a message with a value')
  return message({ count })
}

describe.each([...catalogues])('%s', (language, catalogue) => {
  test('says all that English says, with the same values and every plural that it has, and nothing else', () => {
    expect(troublesOf(language, catalogue, english)).toEqual([])
  })

  test('is written as its readers write: no straight quotes, no three points for one sign, no blanks at the ends, and its own marks', () => {
    for (const [key, message] of messagesOf(catalogue)) {
      expect([key, message]).toEqual([key, expect.not.stringMatching(/["']|\.\.\.|^\s|\s$| {2}/)])
      const signs = FOREIGN_SIGNS[language] ?? /\s[?!;:»](?=\s|$)/
      expect([key, message.replace(/\{\w+, plural,/g, '')]).toEqual([key, expect.not.stringMatching(signs)])
    }
  })

  test('calls a button what the button says', () => {
    const messages = messagesOf(catalogue)
    const named = [
      ['scanner.cameraPutAside', 'scanPage.startCamera'],
      // What it is called aloud has in it what is seen of it (WCAG 2.2, 2.5.3).
      ['scanPage.addPasskey', 'scanPage.add'],
      ['passkey.remove', 'scanPage.remove'],
    ] as const
    const small = (key: string) => messages.get(key)?.toLocaleLowerCase(language)
    for (const [key, button] of named) expect(small(key)).toContain(small(button))
  })
})

test('no message is there that no page says', () => {
  const pages = [...textsIn('web/public', '.html'), ...textsIn('web/parts', '.html')]
  pages.push(...textsIn('web/public', '.webmanifest'))
  const said = new Set(pages.flatMap((html): string[] => keysIn(html)))
  const sources = textsIn('web/src', '.ts').join('\n')
  const groups = new Set([...sources.matchAll(/'#messages\/(\w+)'/g)].map(([, group]) => group))
  const unused = [...messagesOf(english).keys()].filter((key) => {
    const [group = '', ...names] = key.split('.')
    if (said.has(key) || OF_SERVER.includes(group)) return false
    // By a name of its own, as of a property or of a state.
    return (
      !groups.has(group) ||
      !names.every((name: string) => /^\d+$/.test(name) || new RegExp(`\\b${name}\\b`).test(sources))
    )
  })
  expect(unused).toEqual([])
})

test('every error code of the API has a message, and no other', () => {
  const coded = [...messagesOf(english).keys()].flatMap((key) => /^(?:p|accountP)roblem\.(\w+)$/.exec(key)?.[1] ?? [])
  // And one for those that a newer service may have.
  expect(coded.sort()).toEqual([...ERROR_CODES, 'unrecognised'].sort())
})

test('no page has words of its own', () => {
  const pages = [...textsIn('web/public', '.html'), ...textsIn('web/parts', '.html')]
  const words = pages.flatMap(
    (html) =>
      html
        .replace(/<!--.*?-->|\[\[.*?\]\]|\{\{.*?\}\}|\(\(\w+\)\)/gs, '')
        .match(/>[^<]*\p{L}{2}[^<]*<|(?:alt|title|aria-label|content|placeholder|value)="[^"]*\p{L} [^"]*"/gu) ?? [],
  )
  const names = words.filter((text) => !/^>(\s*·\s*)?ScanIn<|width=device-width|light dark/.test(text))
  expect(names).toEqual([])
})

// The number and what it is of are on one line.
test.each([
  ['en', [1, 2], ['One try left.', '2\u00a0tries left.']],
  ['de', [1, 2], ['Noch ein Versuch.', 'Noch 2\u00a0Versuche.']],
])('a count has the plural of its language: %s', async (language, counts, words) => {
  expect(await Promise.all(counts.map((count) => triesLeft(language, count)))).toEqual(words)
})

describe('a count is said in the digits of the person’s country', () => {
  // Browsers have it, and not every Node.
  const own = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  const speak = (...languages: string[]) =>
    Object.defineProperty(globalThis, 'navigator', { value: { languages }, configurable: true })
  afterAll(() => {
    if (own !== undefined) Object.defineProperty(globalThis, 'navigator', own)
    else Reflect.deleteProperty(globalThis, 'navigator')
  })

  test.each([
    [['hi-IN', 'en-u-nu-deva'], '२\u00a0tries left.'],
    [['en-US@posix', 'en-u-nu-deva'], '२\u00a0tries left.'],
    [['en-US@posix'], '2\u00a0tries left.'],
    [['en-', 'en-US.UTF-8'], '2\u00a0tries left.'],
  ])('of a browser that speaks %j, some of which may be no name of a language', async (languages, words) => {
    speak(...languages)
    expect(await triesLeft('en', 2)).toBe(words)
  })
})

describe('a catalogue is found out that', () => {
  const whole = { a: { plain: 'Yes', named: 'Hello {name}', counted: '{n, plural, one {# day} other {# days}}' } }

  test.each([
    ['lacks a message', { a: { ...whole.a, plain: undefined } }, ['cs: a.plain is missing']],
    ['has one too many', { a: { ...whole.a, more: 'More' } }, ['cs: a.more is not in English']],
    [
      'has another value',
      { a: { ...whole.a, named: 'Ahoj {who}' } },
      ['cs: a.named has the values "who" and not "name"'],
    ],
    ['says nothing', { a: { ...whole.a, plain: '' } }, ['cs: a.plain is empty, or in English']],
    ['cannot be read', { a: { ...whole.a, plain: '{ b' } }, [expect.stringMatching(/^cs: a\.plain: /)]],
  ])('%s', (_what, catalogue, troubles) => {
    const counted = '{n, plural, one {# den} few {# dny} many {# dne} other {# dní}}'
    const theirs = JSON.parse(JSON.stringify({ a: { ...catalogue.a, counted } }))
    expect(troublesOf('cs', theirs, whole)).toEqual(troubles)
  })

  test('lacks a plural', () => {
    expect(troublesOf('cs', whole, whole)).toEqual(['cs: a.counted: there is no plural for few, many'])
  })
})

test.each([...catalogues.keys(), 'fa'].filter(isFromRight))(
  'what begins with a name in Latin letters is read from the right all the same, and no two such names as one: %s',
  async (language) => {
    const module = compileGroup(language, 'browser', { onSystem: '{name} / {os}', plain: 'PIN', by: 'על {os}' })
    const { browser } = await import(`data:text/javascript,${encodeURIComponent(module)}`)
    expect(browser.onSystem({ name: 'Chrome', os: 'Android' })).toBe('\u200f\u2068Chrome\u2069 / \u2068Android\u2069')
    expect([browser.plain, browser.by({ os: 'iOS' })]).toEqual(['PIN', 'על \u2068iOS\u2069'])
  },
)

test('what a message says is no markup, and what stands in it is', () => {
  expect(fillMessage('a < b & "{c}"', 'en', { c: '<b>c</b>' })).toBe('a &lt; b &amp; &quot;<b>c</b>&quot;')
})
