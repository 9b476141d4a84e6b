import { expect, test } from '@jest/globals'
import { watchForSignIn } from '../../../web/src/desktop/signed-in-elsewhere.ts'
import { settle } from '../support/fake-clock.ts'

function open() {
  const page = Object.assign(new EventTarget(), { hidden: false })
  const listeners = new Set<() => void>()
  const life = new AbortController()
  const told: string[] = []
  let asked = 0
  watchForSignIn({
    api: {
      signedInName: async () => {
        asked++
        return 'Ada'
      },
    },
    tabs: {
      onNews: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    page,
    onSignedIn: (name) => told.push(name),
    signal: life.signal,
  })
  return { page, listeners, life, told, asked: () => asked }
}

test('it is asked when another tab tells, and when this one is looked at again', async () => {
  const { page, listeners, told } = open()
  for (const tell of listeners) tell()
  await settle()
  expect(told).toEqual(['Ada'])
  page.dispatchEvent(new Event('visibilitychange'))
  await settle()
  expect(told).toEqual(['Ada', 'Ada'])
  page.hidden = true
  page.dispatchEvent(new Event('visibilitychange'))
  await settle()
  expect(told).toHaveLength(2)
})

test('nothing of an element that was taken out stays at its page', async () => {
  const { page, listeners, life } = open()
  let looks = 0
  Object.defineProperty(page, 'hidden', { get: () => ++looks > 0 })
  life.abort()
  page.dispatchEvent(new Event('visibilitychange'))
  expect([listeners.size, looks]).toEqual([0, 0])
})
