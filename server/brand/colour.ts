/** Red, green and blue of sRGB, 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number]

/** @param text `#rgb` or `#rrggbb` */
export function parseColour(text: string): Colour | undefined {
  const [, digits] = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  const long = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits
  const value = Number.parseInt(long, 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export const hexOf = (colour: Colour): string =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

/** @param share of the other, 0 to 1 */
export function mixed(one: Colour, other: Colour, share: number): Colour {
  const part = (index: 0 | 1 | 2) => one[index] + (other[index] - one[index]) * share
  return [part(0), part(1), part(2)]
}

/** Between 1 and 21 (WCAG 2.2, "contrast ratio"), of what is shown: whole steps of red, green and blue. */
export function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: Colour): number {
  const [red, green, blue] = [linear(colour[0]), linear(colour[1]), linear(colour[2])]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function linear(part: number): number {
  const value = Math.round(part) / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** The same hue and saturation (HSL), darker or lighter by hundredths, until it is good. White and black are tried last. */
export function nearest(
  colour: Colour,
  direction: 'darker' | 'lighter',
  isGood: (candidate: Colour) => boolean,
): Colour {
  const { hue, saturation, lightness } = hslOf(colour)
  const step = direction === 'darker' ? -0.01 : 0.01
  let candidate = colour
  for (let at = lightness + step; at > 0 && at < 1 && !isGood(candidate); at += step) {
    candidate = fromHsl(hue, saturation, at)
  }
  if (isGood(candidate)) return candidate
  return direction === 'darker' ? [0, 0, 0] : [255, 255, 255]
}

function hslOf(colour: Colour) {
  const [red, green, blue] = [colour[0] / 255, colour[1] / 255, colour[2] / 255]
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  const range = most - least
  const lightness = (most + least) / 2
  const saturation = range === 0 ? 0 : range / (1 - Math.abs(2 * lightness - 1))
  return { hue: range === 0 ? 0 : hueOf({ red, green, blue, most, range }), saturation, lightness }
}

/** In sixths of the circle. */
function hueOf({ red, green, blue, most, range }: Record<'red' | 'green' | 'blue' | 'most' | 'range', number>): number {
  if (most === red) return ((green - blue) / range + 6) % 6
  return most === green ? (blue - red) / range + 2 : (red - green) / range + 4
}

/** CSS Color 4 §7.1. */
function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const part = (offset: number) => {
    const at = (offset + hue * 2) % 12
    const range = saturation * Math.min(lightness, 1 - lightness)
    return Math.round(255 * (lightness - range * Math.max(-1, Math.min(at - 3, 9 - at, 1))))
  }
  return [part(0), part(8), part(4)]
}
