import { expect, test } from '@jest/globals'
import { createPollPacing } from '../../../server/login/poll-pacing.ts'

function createPaced(intervalSeconds = 2) {
  const time = { now: 0 }
  return { time, pacing: createPollPacing({ clock: () => time.now, intervalSeconds }) }
}

test('a client that keeps to the interval is never refused', () => {
  const { time, pacing } = createPaced()
  for (let poll = 0; poll < 1000; poll++) {
    expect(pacing.admit('client')).toBe(0)
    time.now += 2000
  }
})

test('a few polls at once are fine, far more are not', () => {
  const { pacing } = createPaced()
  const answers = Array.from({ length: 30 }, () => pacing.admit('client'))
  expect(answers.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
  expect(answers.at(-1)).toBeGreaterThan(0)
})

test('a refused poll does not move the window: the wait that it was told is enough', () => {
  const { time, pacing } = createPaced()
  for (let poll = 0; poll < 500; poll++) pacing.admit('client')
  const wait = pacing.admit('client')
  expect(wait).toBe(1)
  time.now += wait * 1000
  expect(pacing.admit('client')).toBe(0)
})

test('after a refusal a client that keeps to the interval is not refused again', () => {
  const { time, pacing } = createPaced()
  for (let poll = 0; poll < 500; poll++) pacing.admit('client')
  for (let poll = 0; poll < 100; poll++) {
    time.now += 2000
    expect(pacing.admit('client')).toBe(0)
  }
})

test('nobody is slowed by another', () => {
  const { pacing } = createPaced()
  for (let poll = 0; poll < 500; poll++) pacing.admit('loud')
  expect(pacing.admit('quiet')).toBe(0)
})
