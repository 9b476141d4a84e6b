import { expect, test } from '@jest/globals'
import { createInTurn } from '../../../server/store/in-turn.ts'

/** Something that takes until it is told to end. */
function createTask() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let isRun = false
  const task = async () => {
    isRun = true
    await ended
    return 'done'
  }
  return { task, end: () => end(), isRun: () => isRun }
}

test('tasks of one key run one after another, however they end; others do not wait for them', async () => {
  const inTurn = createInTurn()
  const [first, other] = [createTask(), createTask()]
  const running = inTurn('one', first.task)
  const failing = inTurn('one', async () => {
    throw new Error('this one')
  })
  const last = inTurn('one', async () => 'last')
  const elsewhere = inTurn('two', other.task)
  other.end()
  expect(await elsewhere).toBe('done')
  first.end()
  expect(await running).toBe('done')
  await expect(failing).rejects.toThrow('this one')
  expect(await last).toBe('last')
})

test('beyond those that may wait, and at once, the next is refused', async () => {
  const inTurn = createInTurn({ mostWaiting: 2 })
  const first = createTask()
  const row = [inTurn('key', first.task), inTurn('key', async () => 1), inTurn('key', async () => 2)]
  await expect(inTurn('key', async () => 3)).rejects.toMatchObject({ code: 'overloaded' })
  first.end()
  expect(await Promise.all(row)).toEqual(['done', 1, 2])
  expect(await inTurn('key', async () => 4)).toBe(4)
})

test('whose turn comes too late is refused, and nothing of it is done', async () => {
  const inTurn = createInTurn({ longestWaitMs: 0 })
  const [first, late] = [createTask(), createTask()]
  const running = inTurn('key', first.task)
  const refused = inTurn('key', late.task)
  first.end()
  await expect(refused).rejects.toMatchObject({ code: 'overloaded' })
  expect(late.isRun()).toBe(false)
  await running.catch(() => undefined)
})
