import { expect, test } from '@jest/globals'
import { digitsOf } from '../../../web/src/wire/match-code.ts'

test.each(['123456', '123 456', ' 123-456 ', '１２３４５６', '１２３　４５６', '123\u00a0456'])(
  '%j is taken for 123456',
  (typed) => {
    expect(digitsOf(typed)).toBe('123456')
  },
)

test.each(['', '12345', 'abcdef', '١٢٣٤٥٦', '12345a'])('%j is not six digits', (typed) => {
  expect(digitsOf(typed)).not.toHaveLength(6)
})
