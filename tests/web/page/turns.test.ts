import { describe, expect, test } from '@jest/globals'
import { createTurns } from '../../../web/src/page/turns.ts'

/** Asks whose answers come when the test wants. */
function askLate(turns: ReturnType<typeof createTurns>) {
  let answer = (_words: string[]) => {}
  let fail = (_error: Error) => {}
  const asked = turns.latest(
    () =>
      new Promise<string[]>((resolve, reject) => {
        answer = resolve
        fail = reject
      }),
  )
  return { asked, answer: (...words: string[]) => answer(words), fail: () => fail(new Error('No answer')) }
}

describe('what is asked again and again', () => {
  test('is shown as it comes, and nothing older after something newer', async () => {
    const turns = createTurns()
    const [first, second, third] = [askLate(turns), askLate(turns), askLate(turns)]
    first.answer('the first')
    expect(await first.asked).toEqual(['the first'])
    third.answer('the third')
    expect(await third.asked).toEqual(['the third'])
    second.answer('the second')
    expect(await second.asked).toBeUndefined()
  })

  test('is shown where what was asked for after it had no answer', async () => {
    const turns = createTurns()
    const [first, second] = [askLate(turns), askLate(turns)]
    second.fail()
    await expect(second.asked).rejects.toThrow('No answer')
    first.answer('the first')
    expect(await first.asked).toEqual(['the first'])
  })

  test('is not shown where something was changed since, until it is asked for anew', async () => {
    const turns = createTurns()
    const before = askLate(turns)
    turns.outdate()
    const after = askLate(turns)
    before.answer('before')
    expect(await before.asked).toBeUndefined()
    after.answer('after')
    expect(await after.asked).toEqual(['after'])
  })

  test('is not shown to whoever is next', async () => {
    const turns = createTurns()
    const first = askLate(turns)
    turns.end()
    first.answer('the first')
    expect(await first.asked).toBeUndefined()
  })
})

test('the next turn ends the one before, and what was begun in that', () => {
  const turns = createTurns()
  const first = turns.begin()
  const second = turns.next()
  expect([first(), second()]).toEqual([false, true])
  turns.end()
  expect(second()).toBe(false)
})
