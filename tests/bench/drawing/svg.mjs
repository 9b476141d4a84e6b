// A picture for the documents: one file for both looks, without anything from elsewhere, since GitHub shows it as an image.

export const WIDTH = 720
export const MARGIN = 24
/** Below what a picture is called and how to read it. */
export const TOP = 98

/** On both grounds text has 4.5:1, and what else has to be seen 3:1 (WCAG 1.4.3, 1.4.11). */
export const LOOKS = {
  light: { ground: '#ffffff', line: '#dbe2df', other: '#7d8a86', soft: '#53625e', ink: '#13211e', ours: '#0b6b5d' },
  dark: { ground: '#151d1b', line: '#2a3633', other: '#7c8c87', soft: '#a3b2ad', ink: '#e8efed', ours: '#5cd6bd' },
}

/**
 * @param title what it shows, as its first line says too
 * @param reading the second line: what its axis counts
 * @param description what it shows, in words, to who cannot see it
 * @param height of the whole, in pixels of a picture that is 720 wide
 * @param marks what is drawn, as SVG
 */
export function picture({ title, reading, description, height, marks }) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="12"/>`,
    text({ x: MARGIN, y: 38, words: title, kind: 'title' }),
    text({ x: MARGIN, y: 60, words: reading, kind: 'soft' }),
    ...marks,
    '</svg>\n',
  ].join('\n')
}

/** @param anchor `start`, `middle` or `end`: which part of the words is at x */
export function text({ x, y, words, kind = '', anchor = 'start' }) {
  return `<text${attributes({ class: kind, x, y, 'text-anchor': anchor === 'start' ? '' : anchor })}>${escaped(words)}</text>`
}

/** An element without content. Numbers are rounded, so that a picture's differences are those of its figures. */
export function mark(name, values) {
  return `<${name}${attributes(values)}/>`
}

/** A bar that is round where it ends, and not where it begins. */
export function bar({ x, y, width, height, kind }) {
  const round = Math.min(4, width / 2)
  const [across, down] = [width - round, height - 2 * round].map(short)
  const corner = (to) => `a${short(round)} ${short(round)} 0 0 1 ${to}`
  const r = short(round)
  const d = `M${short(x)} ${short(y)}h${across}${corner(`${r} ${r}`)}v${down}${corner(`${-r} ${r}`)}h${-across}z`
  return mark('path', { class: kind, d })
}

function attributes(values) {
  return Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? short(value) : escaped(value)}"`)
    .join('')
}

function short(number) {
  return Number(number.toFixed(1))
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

const coloursOf = (look) =>
  `:root{${Object.entries(look)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')}}`
const STYLE = [
  coloursOf(LOOKS.light),
  `@media(prefers-color-scheme:dark){${coloursOf(LOOKS.dark)}}`,
  'text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink)}',
  '.title{font-size:17px;font-weight:600}',
  '.soft{font-size:13px;fill:var(--soft)}',
  '.strong{font-weight:600}',
  // Whatever is behind them.
  '.figure{paint-order:stroke;stroke:var(--ground);stroke-width:6px;stroke-linejoin:round}',
  '.ground{fill:var(--ground);stroke:var(--line)}',
  '.grid{stroke:var(--line)}',
  '.axis{stroke:var(--other)}',
  '.goal{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 4}',
  '.ours{fill:var(--ours)}.other{fill:var(--other)}',
  '.way{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}',
  '.way.ours,.ring.ours{fill:none;stroke:var(--ours)}.way.other,.ring.other{fill:none;stroke:var(--other)}',
  '.ring.ours,.ring.other{fill:var(--ground);stroke-width:2.5}',
].join('')
