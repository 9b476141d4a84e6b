import { type Colour, contrast, hexOf, mixed, nearest, parseColour } from './colour.ts'

/** What is drawn in a brand's colour, by the names that `web/public/style.css` has for it without the dashes. */
export interface Scheme {
  /** Text and fills. */
  accent: Colour
  /** Fills under a pointer. */
  accentStrong: Colour
  /** Text on both. */
  onAccent: Colour
  /** A fill behind text in `accent`. */
  tint: Colour
}

export interface Palette {
  light: Scheme
  dark: Scheme
}

/** What lies under text in the accent colour, as `web/public/style.css` has it. */
export const GROUNDS = {
  light: { page: '#f4f6f5', card: '#ffffff', sunk: '#eef2f0' },
  dark: { page: '#0d1312', card: '#151d1b', sunk: '#1d2725' },
} as const

/** Of text (WCAG 2.2 §1.4.3, AA). It is more than what edges and signs need (§1.4.11: 3). */
export const NEEDED_RATIO = 4.5
/** On dark grounds what barely passes looks dim. */
const DARK_RATIO = 6
const WHITE: Colour = [255, 255, 255]
const BLACK: Colour = [0, 0, 0]

/**
 * A brand's colour as it is on light grounds, and its lighter relative on dark ones.
 * @returns the palette, or a sentence about why text in that colour could not be read
 */
export function paletteOf(text: string): Palette | string {
  const colour = parseColour(text)
  if (colour === undefined) return 'has to be a colour such as #0b6b5d'
  const light = lightScheme(colour)
  const ratio = worstContrast(light, 'light')
  if (ratio >= NEEDED_RATIO) return { light, dark: darkScheme(colour) }
  const better = nearest(colour, 'darker', (other) => worstContrast(lightScheme(other), 'light') >= NEEDED_RATIO)
  return (
    `is too light to be read: on the pages its contrast is ${floored(ratio)}:1, ` +
    `and WCAG 2.2 AA needs ${NEEDED_RATIO}:1; ${hexOf(better)} would do`
  )
}

/** The least contrast that text in the accent colour has on any ground, or text on the accent colour. */
export function worstContrast({ accent, accentStrong, onAccent, tint }: Scheme, scheme: keyof Palette): number {
  const grounds = Object.values(GROUNDS[scheme]).map((ground) => parseColour(ground) ?? WHITE)
  return Math.min(
    ...[...grounds, tint].map((ground) => contrast(accent, ground)),
    ...[accent, accentStrong].map((fill) => contrast(onAccent, fill)),
  )
}

const lightScheme = (accent: Colour): Scheme => ({
  accent,
  accentStrong: mixed(accent, BLACK, 0.2),
  onAccent: WHITE,
  tint: mixed(WHITE, accent, 0.12),
})

function darkScheme(colour: Colour): Scheme {
  const schemeOf = (accent: Colour): Scheme => ({
    accent,
    accentStrong: mixed(accent, WHITE, 0.25),
    onAccent: mixed(BLACK, accent, 0.12),
    tint: mixed(parseColour(GROUNDS.dark.card) ?? BLACK, accent, 0.16),
  })
  return schemeOf(nearest(colour, 'lighter', (other) => worstContrast(schemeOf(other), 'dark') >= DARK_RATIO))
}

/** So that what is just too little does not read as enough. */
const floored = (ratio: number): string => (Math.floor(ratio * 100) / 100).toFixed(2)

/** A style sheet that gives the pages a palette. It is in no cascade layer, and so wins over theirs. */
export function sheetOf({ light, dark }: Palette): string {
  const declarations = (colours: Record<string, Colour>): string =>
    Object.entries(colours)
      .map(([name, colour]) => `--${name}:${hexOf(colour)}`)
      .join(';')
  return `:root{${declarations({
    'light-accent': light.accent,
    'light-accent-strong': light.accentStrong,
    'light-tint': light.tint,
    'dark-accent': dark.accent,
    'dark-accent-strong': dark.accentStrong,
    'dark-on-accent': dark.onAccent,
    'dark-tint': dark.tint,
  })}}\n`
}
