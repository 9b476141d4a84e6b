import { expect, jest, test } from '@jest/globals'
import { createWriteQueues } from '../../../server/store/write-queues.ts'

test('behind a task that does not end one is refused in time, and nothing of it is done', async () => {
  jest.useFakeTimers()
  try {
    const inTurn = createWriteQueues()
    void inTurn('key', () => new Promise(() => undefined))
    let isRun = false
    const refused = inTurn('key', async () => {
      isRun = true
    })
    const [outcome] = await Promise.all([refused.catch((error: unknown) => error), jest.advanceTimersByTimeAsync(4000)])
    expect(outcome).toMatchObject({ code: 'overloaded' })
    expect(isRun).toBe(false)
    expect(await inTurn('other', async () => 'done')).toBe('done')
  } finally {
    jest.useRealTimers()
  }
})
