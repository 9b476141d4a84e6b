import { expect, test } from '@jest/globals'
import { growthIn } from './growth.ts'

const windowsOf = (...values: number[]) => values.map((heap) => ({ heap }))

test('what gets more all the time has grown', () => {
  expect(growthIn(windowsOf(100, 104, 108, 112, 116, 120, 124, 128, 132), ['heap'])).toEqual([
    { figure: 'heap', from: 108, to: 124 },
  ])
})

test('what swings has not, however high it was for a while', () => {
  expect(growthIn(windowsOf(100, 130, 90, 180, 250, 110, 140, 120, 160), ['heap'])).toEqual([])
})

test('what stays within a tenth has not', () => {
  expect(growthIn(windowsOf(100, 101, 102, 104, 105, 106, 108, 109, 110), ['heap'])).toEqual([])
})

test('nobody looks at what is not to be judged, and what could not be measured is left out', () => {
  const windows = [...windowsOf(100, 100), {}, ...windowsOf(200, 300)]
  expect(growthIn(windows, ['keys'])).toEqual([])
  expect(growthIn(windows, ['heap'])).toEqual([{ figure: 'heap', from: 100, to: 200 }])
})
