import { afterEach, expect, jest, test } from '@jest/globals'
import { createCircuitBreaker } from '../../../server/store/circuit-breaker.ts'
import { eventually } from '../../support/eventually.ts'

const TICK_MS = 100

afterEach(() => {
  jest.useRealTimers()
})

/** A server whose every answer comes when it is told to. */
function createServer() {
  const asked: { answer: () => void }[] = []
  const question = () =>
    new Promise<string>((resolve) => {
      asked.push({ answer: () => resolve('answer') })
    })
  const probes: { answer: () => void }[] = []
  const breaker = createCircuitBreaker({
    probe: () =>
      new Promise<void>((resolve) => {
        probes.push({ answer: resolve })
      }),
  })
  return { asked, probes, question, breaker }
}

test('an answer is passed on, and a refusal as it is', async () => {
  const { breaker } = createServer()
  expect(await breaker.ask(async () => 'yes')).toBe('yes')
  const refusal = { consumedPoints: 7 }
  await expect(breaker.ask(() => Promise.reject(refusal))).rejects.toBe(refusal)
})

test('a question without an answer ends, and before that nobody else begins to wait, until a probe is answered', async () => {
  const { breaker, asked, probes, question } = createServer()
  let isFirstWaiting = true
  const first = breaker.ask(question).finally(() => {
    isFirstWaiting = false
  })
  first.catch(() => undefined)
  await eventually('it is found out', () => probes.length > 0)
  await expect(breaker.ask(question)).rejects.toThrow('nothing is heard')
  await expect(breaker.askForLong(question)).rejects.toThrow('nothing is heard')
  expect([isFirstWaiting, asked.length]).toEqual([true, 1])
  await expect(first).rejects.toThrow('nothing is heard')

  const before = asked.length
  const { answer } = await eventually('questions are asked again', () => {
    // One that was asked long ago says nothing about now: another follows.
    for (const { answer } of probes) answer()
    const answer = breaker.ask(question)
    answer.catch(() => undefined)
    return asked.length > before && { answer }
  })
  asked.at(-1)?.answer()
  expect(await answer).toBe('answer')
})

test('a server that is as slow as it may be is asked again, though it was too slow once; one that is slower is not', async () => {
  jest.useFakeTimers()
  const { breaker, asked, probes, question } = createServer()
  const ticks = (count: number) => jest.advanceTimersByTimeAsync(count * TICK_MS)
  const isAsked = () => {
    const before = asked.length
    breaker.ask(question).catch(() => undefined)
    return asked.length > before
  }
  expect(isAsked()).toBe(true)
  await ticks(7)
  expect(isAsked()).toBe(false)
  await ticks(7)
  probes.at(-1)?.answer()
  await ticks(1)
  expect([isAsked(), probes.length]).toEqual([false, 2])
  await ticks(6)
  probes.at(-1)?.answer()
  await ticks(1)
  expect(isAsked()).toBe(true)
})

test('what may take long is waited for, and proves nothing by it', async () => {
  const { breaker, probes, question, asked } = createServer()
  const long = breaker.askForLong(question)
  await expect(long).rejects.toThrow('nothing is heard')
  expect(probes).toEqual([])
  void breaker.ask(question).catch(() => undefined)
  expect(asked).toHaveLength(2)
})

test('no more than so many questions wait at once', async () => {
  const { breaker, asked, question } = createServer()
  const all = Array.from({ length: 10_001 }, () => breaker.ask(question))
  const last = all.pop()
  await expect(last).rejects.toThrow('nothing is heard')
  expect(asked).toHaveLength(10_000)
  expect(breaker.use()).toBe(1)
  for (const { answer } of asked.splice(2500)) answer()
  await Promise.all(all.slice(2500))
  expect(breaker.use()).toBe(0.25)
  for (const { answer } of asked) answer()
  await Promise.all(all)
})
