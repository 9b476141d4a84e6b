import { readFileSync } from 'node:fs'

const TITLE = 'A laptop that shows a code, and a phone that has found it'

/** The drawing as a file of its own, for the documents: with the colours that the pages give it, on light and on dark. */
export function drawingAlone(): string {
  const part = readFileSync('web/parts/drawing.html', 'utf8')
  const rules = readFileSync('web/public/scan.css', 'utf8').match(/\.drawing[^{}]*\{[^}]*\}/g) ?? []
  const sheet = readFileSync('web/public/style.css', 'utf8')
  const [light = '', dark = ''] = sheet.split('@media (prefers-color-scheme: dark)')
  const roles = [...new Set(rules.join().match(/--(?:line|soft|sunk|tint|accent)\b/g))]
  const told = (among: readonly string[]) =>
    `:root{${roles.map((role) => `${role}:${colourOf(role, among)}`).join(';')}}`
  const style = [told([light]), `@media(prefers-color-scheme:dark){${told([dark, light])}}`, ...rules].join('')
  const drawn = style.replace(/\s*(?<![\w-])(?:display|width|margin): [^;]+;/g, '')
  const short = drawn.replace(/\.drawing[^{}]*\{\s*\}/g, '').replace(/\s+/g, ' ')
  return part.replace(
    'aria-hidden="true">',
    () => `xmlns="http://www.w3.org/2000/svg"><title>${TITLE}</title><style>${short}</style>`,
  )
}

/** @param among sheets, of which the first that has it counts */
function colourOf(role: string, among: readonly string[]): string {
  const value = among.map((sheet) => new RegExp(`${role}: ([^;]+);`).exec(sheet)?.[1]).find((found) => found)
  if (value === undefined) throw new Error(`there is no ${role}`)
  const [, other] = /^var\((--[\w-]+)\)$/.exec(value) ?? []
  return other === undefined ? value : colourOf(other, among)
}
