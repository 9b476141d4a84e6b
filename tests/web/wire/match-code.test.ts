import { expect, test } from '@jest/globals'
import { digitsOf } from '../../../web/src/wire/match-code.ts'

test.each([
  ...['123456', '123 456', ' 123-456 ', '1-2-3–4—5‑6', '１２３４５６', '１２３　４５６', '123\u00a0456'],
  // Arabic, Persian, Devanagari, Bengali, Thai; what a text puts around numbers that are written the other way; bold.
  ...['١٢٣٤٥٦', '١٢٣ ٤٥٦', '۱۲۳۴۵۶', '१२३४५६', '১২৩৪৫৬', '๑๒๓๔๕๖', '\u2067١٢٣٤٥٦\u2069', '𝟏𝟐𝟑𝟒𝟓𝟔'],
])('%j is taken for 123456', (typed) => {
  expect(digitsOf(typed)).toBe('123456')
})

test('every digit of every script is what it says', () => {
  for (const zero of ['0', '٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '๐', '０']) {
    const first = zero.codePointAt(0) ?? 0
    const row = Array.from({ length: 10 }, (_none, value) => String.fromCodePoint(first + value)).join('')
    expect(digitsOf(row)).toBe('0123456789')
  }
})

test.each(['', '12345', 'abcdef', '12345a', 'ⅠⅡⅢⅣⅤⅥ', '一二三四五六'])('%j is not six digits', (typed) => {
  expect(digitsOf(typed)).not.toHaveLength(6)
})
