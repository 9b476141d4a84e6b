import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { contrast, hexOf, parseColour } from '../../../server/brand/colour.ts'
import { GROUNDS, NEEDED_RATIO, paletteOf, sheetOf, worstContrast } from '../../../server/brand/palette.ts'

const colour = (text: string) => parseColour(text) ?? [-1, -1, -1]

describe('contrast', () => {
  // From WCAG's own examples and https://webaim.org/resources/contrastchecker.
  test.each([
    ['#000', '#fff', 21],
    ['#777777', '#ffffff', 4.47],
    ['#767676', '#ffffff', 4.54],
    ['#ff0000', '#ffffff', 3.99],
    ['#0000ff', '#ffffff', 8.59],
    ['#0b6b5d', '#0b6b5d', 1],
  ])('of %s on %s is %d', (one, other, ratio) => {
    expect(contrast(colour(one), colour(other))).toBeCloseTo(ratio, 1)
    expect(contrast(colour(other), colour(one))).toBeCloseTo(ratio, 1)
  })
})

describe('a brand colour', () => {
  test.each(['#0b6b5d', '#1a3fc4', '#8e24aa', '#b00020', '#000', '#2b2b2b', '#0000ff', '#6a5100'])(
    '%s is used as it is on light grounds, and can be read on all of both schemes',
    (text) => {
      const palette = paletteOf(text)
      if (typeof palette === 'string') throw new Error(palette)
      expect(palette.light.accent).toEqual(colour(text))
      expect(worstContrast(palette.light, 'light')).toBeGreaterThanOrEqual(NEEDED_RATIO)
      expect(worstContrast(palette.dark, 'dark')).toBeGreaterThanOrEqual(NEEDED_RATIO)
    },
  )

  test.each([
    ['#ffcc00', '1.33', /#[\da-f]{6}/],
    ['#ffffff', '1.00', /#[\da-f]{6}/],
    ['#5cd6bd', '1.57', /#[\da-f]{6}/],
    ['#777', '3.89', /#[\da-f]{6}/],
  ])('%s is refused: by its ratio, with what is needed, and one of its hue that would do', (text, ratio, other) => {
    const why = String(paletteOf(text))
    expect(why).toContain(`its contrast is ${ratio}:1, and WCAG 2.2 AA needs 4.5:1`)
    const [better = ''] = other.exec(why) ?? []
    expect([better, typeof paletteOf(better)]).toEqual([better, 'object'])
  })

  test.each(['teal', '0b6b5d', '#0b6b5', '#0b6b5d80', 'rgb(1,2,3)', '#gggggg', '#0b6b5d;}'])('%s is none', (text) => {
    expect(paletteOf(text)).toBe('has to be a colour such as #0b6b5d')
  })
})

describe('the grounds that it is checked on', () => {
  const [light = '', dark = ''] = readFileSync('web/public/style.css', 'utf8').split('prefers-color-scheme: dark')

  test.each(Object.entries({ light, dark }))("are the %s pages' own", (scheme, sheet) => {
    for (const [name, value] of Object.entries(GROUNDS[scheme as keyof typeof GROUNDS])) {
      expect([name, new RegExp(`--${name}: (#\\w+);`).exec(sheet)?.[1]]).toEqual([name, value])
    }
  })

  test('are written over by names that the pages have', () => {
    const palette = paletteOf('#1a3fc4')
    if (typeof palette === 'string') throw new Error(palette)
    const names = [...sheetOf(palette).matchAll(/--([\w-]+):/g)].map(([, name]) => name)
    expect(names).toContain('light-accent')
    for (const name of names) expect([name, `${light}${dark}`.includes(`--${name}: `)]).toEqual([name, true])
    expect(hexOf(palette.light.accent)).toBe('#1a3fc4')
  })
})
