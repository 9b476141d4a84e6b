import { expect, test } from '@jest/globals'
import { createPressure, type Step } from '../../../server/http/pressure.ts'

const STEPS: Step[] = ['begin', 'go_on', 'finish']

function createPressed() {
  const state = { now: 0, busy: 0, use: 0 }
  const pressure = createPressure({
    busySince: () => state.busy,
    uses: [() => 0, () => state.use],
    longestSlowdown: 5,
    now: () => state.now,
  })
  return {
    state,
    pressure,
    /** Lets time pass in which polls come. */
    pass(seconds: number) {
      for (let ms = 0; ms < seconds * 1000; ms += 2) {
        state.now += 2
        pressure.poll()
      }
    },
    /** Which steps are refused. */
    refused: () =>
      STEPS.filter((step) => {
        try {
          pressure.admit(step)
          return false
        } catch (error) {
          expect(error).toMatchObject({ code: 'overloaded', retryAfterSeconds: expect.any(Number) })
          return true
        }
      }),
  }
}

test('nobody is refused while there is time and room', () => {
  const { state, pass, refused } = createPressed()
  pass(60)
  state.use = 0.7
  expect(refused()).toEqual([])
})

test('polls get slower first, and nobody is refused while that helps', () => {
  const { state, pass, pressure, refused } = createPressed()
  state.busy = 1
  pass(8)
  expect(pressure.poll()).toBeGreaterThan(2)
  expect(refused()).toEqual([])
})

test('full for long with polls at their slowest: new logins are refused, then what goes on with one, then all', () => {
  const { state, pass, refused } = createPressed()
  state.busy = 1
  const orders = new Set<string>()
  for (let second = 0; second < 40; second++) {
    pass(1)
    orders.add(refused().join())
  }
  expect([...orders]).toEqual(['', 'begin', 'begin,go_on', 'begin,go_on,finish'])
  state.busy = 0.3
  pass(1)
  expect(refused()).toEqual(['begin', 'go_on'])
  pass(30)
  expect(refused()).toEqual([])
})

test('what is counted refuses new ones at once, and never who finishes', () => {
  const { state, refused } = createPressed()
  state.use = 0.85
  expect(refused()).toEqual(['begin'])
  state.use = 0.95
  expect(refused()).toEqual(['begin', 'go_on'])
  state.use = 2
  expect(refused()).toEqual(['begin', 'go_on'])
  state.use = 0.5
  expect(refused()).toEqual([])
})
