import { expect, test } from '@jest/globals'
import { createTabMemory } from '../../../web/src/page/tab-memory.ts'
import { createWayOut } from '../../../web/src/sessions/way-out.ts'

function open() {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const memory = createTabMemory(() => {
    throw new Error('no storage')
  })
  return { time, out: createWayOut({ memory, now: () => time.now }) }
}

test('who is not signed in goes to the login page', () => {
  expect(open().out.leads()).toBe(true)
})

test('who comes back at once, and is still a stranger, does not go round in circles', () => {
  const { out, time } = open()
  out.leads()
  time.now += 1000
  expect(out.leads()).toBe(false)
})

test('who was signed in meanwhile, or comes back later, goes to the login page again', () => {
  const { out, time } = open()
  out.leads()
  out.forget()
  expect(out.leads()).toBe(true)
  time.now += 60_000
  expect(out.leads()).toBe(true)
})

test('a clock set back does not make a circle', () => {
  const { out, time } = open()
  out.leads()
  time.now -= 3_600_000
  expect(out.leads()).toBe(true)
})
