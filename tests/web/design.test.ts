import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const sheets = readdirSync('web/public')
  .filter((name) => name.endsWith('.css'))
  .map((name) => ({ name, text: readFileSync(`web/public/${name}`, 'utf8') }))

const defined = new Set(sheets.flatMap(({ text }) => [...text.matchAll(/(--[\w-]+):/g)].map(([, name]) => name)))

test.each(sheets)('$name takes colours and sizes that there are', ({ text }) => {
  const used = [...text.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name)
  expect(used.filter((name) => !defined.has(name))).toEqual([])
})

test('no sheet says anything: words come in the language of the page, and a screen reader reads these too', () => {
  const said = sheets.flatMap(({ text }) => text.match(/(?<![\w-])content:[^;]*\p{L}{2}[^;]*;/gu) ?? [])
  expect(said.filter((declaration) => declaration !== 'content: counter(step);')).toEqual([])
})

test('nothing of the design system is there for nobody', () => {
  const used = new Set(sheets.flatMap(({ text }) => [...text.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name)))
  expect([...defined].filter((name) => !used.has(name))).toEqual([])
})

/** What a declaration may not have, once its tokens are taken out. In px or rem alone: em, % and vw are shares of something. */
const LENGTH = /(?<![\w.])\d*\.?\d+(?:px|rem)\b/
const OWN: readonly { of: RegExp; has: RegExp }[] = [
  // Colours that are defined here are what tokens are made of.
  {
    of: /^(?!--)/,
    has: /#[\da-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\(|\b(?:white|black|red|gr[ae]y)\b/i,
  },
  { of: /^font(?:-size)?$/, has: LENGTH },
  { of: /^font-weight$/, has: /^(?!(?:650|600|400)$)/ },
  { of: /^font$/, has: /^(?!inherit$|(?:650|600|400) )/ },
  { of: /^border-(?:[\w-]+-)?radius$/, has: LENGTH },
  { of: /^(?:padding|margin|(?:row-|column-)?gap)/, has: LENGTH },
  { of: /^(?:transition|animation)/, has: /\d+m?s\b/ },
]

/** By sheet, and why. A place and a property; the value may be another one. */
const ON_PURPOSE: Readonly<Record<string, readonly string[]>> = {
  'style.css': [
    // Within a sign and a word: finer than 4 px.
    ...['.trouble-sign padding', '.trouble-sign font', '.chip padding'],
    '.unseen margin',
    '.language label::after, .viewfinder-lens::after padding',
    // How late it comes, not how it moves.
    ...['.start-trouble:not([data-said])', '.start-trouble:not([data-said]) ~ :not(.foot)'].map(
      (at) => `${at} animation`,
    ),
  ],
  'login.css': [
    '[data-state="pending"] .plate background',
    // Slow, as of one who waits.
    ...['[data-state="scanned"] .sign animation', '[data-connection="reconnecting"] .title::before animation'],
  ],
  'login-forms.css': ['.boxes gap'],
  'scan.css': ['.spinner animation'],
  'request.css': [
    // Logos are made for white paper.
    '.app-sign img background',
    '.bar box-shadow',
    '.asker-icon .browser-sign padding',
    '[data-shown="request"], [data-result="match"] margin-bottom',
    '[data-result="waiting"] .mark animation',
    // How late it comes, not how it moves.
    '[data-result="waiting"] #again animation',
    // As large as the screen allows: it is read from there.
    '#match-code font',
  ],
  'devices.css': [
    // As much as what lies over the page there.
    'body:has(> #status:not(:empty, .unseen)) padding-bottom',
    ...['.device-icon .browser-sign padding', '.device gap'],
    '#question::backdrop, #renaming::backdrop background',
    '.said span animation',
  ],
}
/** The camera is dark whatever the page is. `sizes.css` is the tokens. */
const APART = ['viewfinder.css', 'sizes.css']

/** @returns of each declaration of its own that a sheet has, its place and property */
function ownOf(text: string): string[] {
  const rules = text.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{};]*)\{([^{}]*)\}/g)
  return [...rules].flatMap(([, head = '', body = '']) =>
    [...body.matchAll(/([\w-]+):\s*([^;]+);/g)]
      .filter(([, property = '', value = '']) => {
        const rest = value.replace(/var\([^()]*\)/g, '')
        return OWN.some(({ of, has }) => of.test(property) && has.test(rest))
      })
      .map(([, property]) => `${head.trim().replace(/\s+/g, ' ')} ${property}`),
  )
}

test.each(sheets.filter(({ name }) => !APART.includes(name)))(
  '$name has sizes, colours and motion by their names, but where it says why not',
  ({ name, text }) => {
    expect(ownOf(text).sort()).toEqual([...(ON_PURPOSE[name] ?? [])].sort())
  },
)

/**
 * A page waits for hours, and what moves is drawn sixty times a second, by the processor where there is no graphics card;
 * and it draws eyes away from what is to be read (WCAG 2.2, §2.2.2). What turns says that a reply is on its way.
 */
test('nothing but what turns while a reply is awaited moves by itself for longer than five seconds', () => {
  const repeated = /animation: (?<name>[\w-]+) (?<length>[\d.]+)(?<unit>m?s)[^;]* (?<times>\d+|infinite);/g
  const moving = sheets.flatMap(({ text }) =>
    [...text.matchAll(repeated)].map(({ groups: { name, length, unit, times } = {} }) => {
      const count = times === 'infinite' ? Number.POSITIVE_INFINITY : Number(times)
      return { name, seconds: count * Number(length) * (unit === 's' ? 1 : 0.001) }
    }),
  )
  expect(new Set(moving.map(({ name }) => name))).toEqual(new Set(['blink', 'breathe', 'turn', 'wait']))
  const long = moving.filter(({ seconds }) => seconds > 5)
  expect(new Set(long.map(({ name }) => name))).toEqual(new Set(['turn']))
})

/** Otherwise browsers keep a system colour of text, and put a plate of the ground's under it. */
test("where colours are forced, text on a fill keeps both colours, and these are the system's", () => {
  const style = sheets.find(({ name }) => name === 'style.css')?.text ?? ''
  const forced = style.slice(style.indexOf('@media (forced-colors: active)')).split('\n  }\n')[0] ?? ''
  const systems = new Set(
    [...forced.matchAll(/--([\w-]+): (?:canvas|canvastext|highlight|highlighttext);/g)].map(([, role]) => role),
  )
  const filled = sheets.flatMap(({ text }) =>
    [...text.matchAll(/\{([^{}]*color: var\(--(?:on-accent|card)\)[^{}]*)\}/g)].map(([, body = '']) => body),
  )
  // A drawing is never forced.
  const texts = filled.filter((body) => !/^\s*background: var\(--accent\);\s*color: var\(--on-accent\);\s*$/.test(body))
  expect(texts.length).toBeGreaterThanOrEqual(5)
  expect(texts.filter((body) => !body.includes('forced-color-adjust: none'))).toEqual([])
  const roles = texts.flatMap((body) =>
    [...body.matchAll(/(?:background|color): var\(--([\w-]+)\)/g)].map(([, role]) => role),
  )
  expect(roles.filter((role) => !systems.has(role))).toEqual([])
})
