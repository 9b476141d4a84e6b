import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { verdictOn } from './verdict.mjs'

const verdict = (...ratios: number[]) => verdictOn(ratios).verdict

test('six starts that all cost more are worse, all less are better, and one that says otherwise makes them the same', () => {
  expect(verdict(1.03, 1.2, 1.05, 1.04, 1.11, 1.06)).toBe('worse')
  expect(verdict(0.97, 0.8, 0.95, 0.96, 0.89, 0.94)).toBe('better')
  expect(verdict(1.03, 1.2, 1.05, 1.04, 1.11, 0.99)).toBe('same')
})

test('what nobody would notice is the same, however sure', () => {
  expect(verdict(1.01, 1.011, 1.012, 1.013, 1.014, 1.015)).toBe('same')
})

test('five starts are too few to say anything: they agree by chance once in sixteen times', () => {
  expect(verdict(2, 2, 2, 2, 2)).toBe('unknown')
  expect(verdict()).toBe('unknown')
})

test('with more starts, some may lie elsewhere: one at each end of nine, two of twelve', () => {
  const ratios = (off: number, count: number) => Array.from({ length: count }, (_, at) => (at < off ? 0.5 : 1.1))
  expect(verdict(...ratios(1, 9))).toBe('worse')
  expect(verdict(...ratios(2, 9))).toBe('same')
  expect(verdict(...ratios(2, 12))).toBe('worse')
  expect(verdict(...ratios(3, 12))).toBe('same')
})

test('the ratio lies in its interval, and seen from the other side worse is better', () => {
  const ratio = fc.double({ min: 0.25, max: 4, noNaN: true })
  const opposite = { better: 'worse', worse: 'better', same: 'same' }
  fc.assert(
    fc.property(fc.array(ratio, { minLength: 6, maxLength: 40 }), (ratios) => {
      const own = verdictOn(ratios)
      expect(own.from).toBeLessThanOrEqual(own.ratio)
      expect(own.to).toBeGreaterThanOrEqual(own.ratio)
      const other = verdictOn(ratios.map((one) => 1 / one))
      // If a change is only just worth telling, the two may be rounded to different verdicts.
      if (Math.abs(own.ratio - 1) > 0.1) expect(opposite[own.verdict as keyof typeof opposite]).toBe(other.verdict)
    }),
  )
})
