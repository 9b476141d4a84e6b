import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { lateModule } from '../../../web/src/page/late-module.ts'
import { settle } from '../support/fake-clock.ts'

/** A module that is asked for again and again. Each time it comes, or does not, as the test says. */
function slowModule() {
  const asked: { come(module: string): void; fail(): void }[] = []
  const load = lateModule(
    () =>
      new Promise<string>((resolve, reject) => {
        asked.push({ come: resolve, fail: () => reject(new TypeError('Failed to fetch')) })
      }),
  )
  return { load, asked }
}

// What `settle` waits by goes on.
beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate'] }))
afterEach(() => void jest.useRealTimers())

test('a module that hung and then fails takes nothing from the one that is asked for anew', async () => {
  const { load, asked } = slowModule()
  const hung = load().catch((error: Error) => error.name)
  await jest.advanceTimersByTimeAsync(10_000)
  expect(await hung).toBe('ConnectionError')
  asked[0]?.fail()
  await settle()
  const again = load()
  await settle()
  asked[1]?.come('the module')
  expect(await again).toBe('the module')
  expect(await load()).toBe('the module')
  expect(asked).toHaveLength(2)
})

test('a module that was waited for long enough may come before the one that is asked for anew', async () => {
  const { load, asked } = slowModule()
  const hung = load().catch((error: Error) => error.name)
  await jest.advanceTimersByTimeAsync(10_000)
  expect(await hung).toBe('ConnectionError')
  const again = load()
  asked[0]?.come('the module')
  expect(await again).toBe('the module')
})
