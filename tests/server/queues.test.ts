import { expect, test } from '@jest/globals'
import { ScanInError } from '../../server/errors.ts'
import { createQueues, queueTally } from '../../server/queues.ts'

const createOneByOne = (mostWaiting: number) =>
  createQueues({ atOnce: 1, mostWaiting, refusal: () => new ScanInError('overloaded') })

/** A task that ends when it is told to. */
function heldTask() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { task: () => ended, end: () => end() }
}

test('tasks of one queue run in their order, one after the other', async () => {
  const queues = createOneByOne(5)
  const seen: string[] = []
  const run = (name: string) =>
    queues('a', async () => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      seen.push(`${name} ends`)
    })
  await Promise.all([run('one'), run('two'), run('three')])
  expect(seen).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends'])
})

test('who comes to a full queue is refused at once, and other queues are not', async () => {
  const queues = createOneByOne(1)
  const first = heldTask()
  const running = queues('a', first.task)
  const waiting = queues('a', async () => 'waited')
  await expect(queues('a', async () => 'never')).rejects.toMatchObject({ code: 'overloaded' })
  expect(await queues('b', async () => 'elsewhere')).toBe('elsewhere')
  first.end()
  await running
  expect(await waiting).toBe('waited')
  expect(await queues('a', async () => 'room again')).toBe('room again')
})

test('a task that fails makes room like any other', async () => {
  const queues = createOneByOne(1)
  const failing = queues('a', async () => {
    throw new Error('no')
  })
  const next = queues('a', async () => 'next')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
})

test('whose turn does not come in time is refused, and nobody behind waits for it', async () => {
  const tally = queueTally()
  const queues = createQueues({ atOnce: 1, mostWaiting: 2, refusal: () => new ScanInError('overloaded'), tally })
  const first = heldTask()
  const running = queues('a', first.task)
  const late = queues('a', async () => 'never', performance.now())
  const last = queues('a', async () => 'last')
  await expect(late).rejects.toMatchObject({ code: 'overloaded' })
  expect(tally).toEqual({ running: 1, waiting: 1 })
  first.end()
  await running
  expect([await last, tally]).toEqual(['last', { running: 0, waiting: 0 }])
})

test('as many run at once as may', async () => {
  const queues = createQueues({ atOnce: 2, mostWaiting: 9, refusal: () => new ScanInError('overloaded') })
  const [one, two] = [heldTask(), heldTask()]
  let hasThirdBegun = false
  const running = [queues('a', one.task), queues('a', two.task)]
  const third = queues('a', async () => {
    hasThirdBegun = true
  })
  await Promise.resolve()
  expect(hasThirdBegun).toBe(false)
  two.end()
  await third
  one.end()
  await Promise.all(running)
})
