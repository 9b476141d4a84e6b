import { describe, expect, test } from '@jest/globals'
import { settle } from '../support/fake-clock.ts'
import { dropped, holding, refusal, startPolling } from '../support/polling.ts'

describe('pace', () => {
  test('the first poll goes out at once, saying what was seen and how long it may be held', async () => {
    const polling = startPolling(holding())
    await settle()
    expect(polling.asked).toEqual([{ at: 0, seen: 'pending', waitSeconds: 2 }])
  })

  test('a reply that was held for the interval is followed by the next poll at once', async () => {
    const polling = startPolling(holding())
    await polling.clock.pass(8000)
    expect(polling.times()).toEqual([0, 2000, 4000, 6000, 8000])
  })

  test('a reply that comes at once is followed by the next poll an interval after the last began', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending' }))
    await polling.clock.pass(6000)
    expect(polling.times()).toEqual([0, 2000, 4000, 6000])
  })

  test('a change is followed by a poll at once that has seen it', async () => {
    const polling = startPolling((clock) => {
      const hold = holding('scanned')(clock)
      return (ask) =>
        ask.nth === 2 ? Promise.resolve({ status: 'scanned' }) : ask.nth === 1 ? holding()(clock)(ask) : hold(ask)
    })
    await polling.clock.pass(2000)
    expect(polling.asked.slice(0, 3)).toEqual([
      { at: 0, seen: 'pending', waitSeconds: 2 },
      { at: 2000, seen: 'pending', waitSeconds: 2 },
      { at: 2000, seen: 'scanned', waitSeconds: 2 },
    ])
  })

  test('interval and hold are taken from each reply', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending', intervalSeconds: 5, holdSeconds: 25 }))
    await polling.clock.pass(10_000)
    expect(polling.times()).toEqual([0, 5000, 10_000])
    expect(polling.waits()).toEqual([2, 25, 25])
  })

  test('a server that slows down is followed, and followed back', async () => {
    const paces = [
      { intervalSeconds: 2, holdSeconds: 12 },
      { intervalSeconds: 10, holdSeconds: 25 },
      { intervalSeconds: 2, holdSeconds: 2 },
    ]
    const polling = startPolling((clock) => async ({ nth, waitSeconds, signal }) => {
      await clock.sleep(waitSeconds * 1000, signal)
      return { status: 'pending', ...(paces[nth - 1] ?? paces.at(-1)) }
    })
    await polling.clock.pass(45_000)
    expect(polling.waits()).toEqual([2, 12, 25, 2, 2, 2, 2])
    expect(polling.times()).toEqual([0, 2000, 14_000, 39_000, 41_000, 43_000, 45_000])
  })

  test('where it does not hold, the interval alone grows', async () => {
    const intervals = [2, 6, 10, 10, 2]
    const polling = startPolling(
      () =>
        async ({ nth }) => ({ status: 'pending', intervalSeconds: intervals[nth - 1] ?? 2, holdSeconds: 0 }),
      { intervalSeconds: 2, holdSeconds: 0 },
    )
    await polling.clock.pass(32_000)
    expect(polling.times()).toEqual([0, 2000, 8000, 18_000, 28_000, 30_000, 32_000])
  })

  test('where the server does not hold, no wait is asked for', async () => {
    const polling = startPolling(holding(), { intervalSeconds: 2, holdSeconds: 0 })
    await polling.clock.pass(4000)
    expect(polling.waits()).toEqual([0, 0, 0])
    expect(polling.times()).toEqual([0, 2000, 4000])
  })

  test('polls never overlap, however slow the answer', async () => {
    const polling = startPolling((clock) => async ({ signal }) => {
      await clock.sleep(9000, signal)
      return { status: 'pending' }
    })
    await polling.clock.pass(40_000)
    expect(polling.mostOpen()).toBe(1)
    expect(polling.times()).toEqual([0, 9000, 18_000, 27_000, 36_000])
  })

  test('slow_down is obeyed for as long as Retry-After says, and not called a lost connection', async () => {
    const polling = startPolling(() => async ({ nth }) => {
      if (nth === 1) throw refusal(429, 'slow_down', 7)
      return { status: 'pending' }
    })
    await polling.clock.pass(9000)
    expect(polling.times()).toEqual([0, 7000, 9000])
    expect(polling.connections).toEqual([])
  })

  test('slow_down without Retry-After waits an interval', async () => {
    const polling = startPolling(() => async () => {
      throw refusal(429, 'slow_down')
    })
    await polling.clock.pass(4000)
    expect(polling.times()).toEqual([0, 2000, 4000])
  })
})

describe('trouble', () => {
  test('failures are tried again ever more slowly, up to half a minute', async () => {
    const polling = startPolling(() => () => Promise.reject(dropped()))
    await polling.clock.pass(125_000)
    const gaps = polling.times().map((at, index, all) => at - (all[index - 1] ?? 0))
    expect(gaps).toEqual([0, 2000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  test('it says reconnecting once, and steady once it is answered again', async () => {
    const polling = startPolling(() => async ({ nth }) => {
      if (nth === 2 || nth === 3) throw dropped()
      return { status: 'pending' }
    })
    await polling.clock.pass(3000)
    expect(polling.connections).toEqual(['reconnecting'])
    await polling.clock.pass(5000)
    expect(polling.connections).toEqual(['reconnecting', 'steady'])
  })

  test('a 503 is tried again no sooner than its Retry-After', async () => {
    const polling = startPolling(() => async ({ nth }) => {
      if (nth === 1) throw refusal(503, 'store_unavailable', 6)
      return { status: 'pending' }
    })
    await polling.clock.pass(6000)
    expect(polling.times()).toEqual([0, 6000])
  })

  test.each([
    [403, 'unrecognised'],
    [404, 'unrecognised'],
    [500, 'internal_error'],
    [408, 'request_timeout'],
  ] as const)('one stray %i %s does not end a login', async (status, code) => {
    const polling = startPolling(() => async ({ nth }) => {
      if (nth === 1) throw refusal(status, code)
      return { status: nth === 2 ? 'pending' : 'authenticated' }
    })
    await polling.clock.pass(10_000)
    expect(polling.end()).toEqual({ refused: undefined })
    expect(polling.replies.at(-1)).toBe('authenticated')
  })

  test('a refusal in our own words ends it', async () => {
    const error = refusal(404, 'expired_token')
    const polling = startPolling(() => () => Promise.reject(error))
    await polling.done
    expect(polling.end()).toEqual({ refused: error })
    expect(polling.asked).toHaveLength(1)
  })
})

describe('held replies that a proxy cuts', () => {
  test.each([
    ['drops the connection', dropped()],
    ['answers 504', refusal(504, 'unrecognised')],
    ['answers 502', refusal(502, 'unrecognised')],
  ])('where a proxy %s on held polls alone, they are given up after the second time', async (_how, error) => {
    const polling = startPolling(() => async ({ waitSeconds }) => {
      if (waitSeconds > 0) throw error
      return { status: 'pending' }
    })
    await polling.clock.pass(14_000)
    expect(polling.waits()).toEqual([2, 0, 2, 0, 0, 0, 0, 0])
    expect(polling.connections.at(-1)).toBe('steady')
  })

  test('a network that is down for all polls is no reason to give them up', async () => {
    const polling = startPolling((clock) => (ask) => (ask.nth <= 5 ? Promise.reject(dropped()) : holding()(clock)(ask)))
    await polling.clock.pass(40_000)
    expect(polling.waits().slice(-3)).toEqual([2, 2, 2])
  })

  test('two cuts with a whole held reply between them are no reason either', async () => {
    const polling = startPolling((clock) => (ask) => {
      const isCut = ask.nth === 1 || ask.nth === 4
      return isCut ? Promise.reject(dropped()) : holding()(clock)(ask)
    })
    await polling.clock.pass(20_000)
    expect(polling.waits().slice(0, 7)).toEqual([2, 0, 2, 2, 0, 2, 2])
  })

  test('a server that is out of order is not a cut', async () => {
    const polling = startPolling(() => async ({ nth }) => {
      if (nth <= 3) throw refusal(500, 'internal_error')
      return { status: 'pending' }
    })
    await polling.clock.pass(20_000)
    expect(new Set(polling.waits())).toEqual(new Set([2]))
  })
})

describe('wake', () => {
  test('a wake ends the pause at once', async () => {
    const polling = startPolling(() => () => Promise.reject(dropped()))
    await polling.clock.pass(20_000)
    const before = polling.asked.length
    await polling.wake.wake()
    expect(polling.asked).toHaveLength(before + 1)
    expect(polling.asked.at(-1)?.at).toBe(20_000)
  })

  test('focus, pageshow and visibilitychange together make one poll', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending' }))
    await polling.clock.pass(500)
    await Promise.all([polling.wake.wake(), polling.wake.wake(), polling.wake.wake()])
    await polling.wake.wake()
    expect(polling.times()).toEqual([0, 500])
  })

  test('waking over and over adds at most one poll an interval', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending' }))
    for (let step = 0; step < 100; step += 1) {
      await polling.clock.pass(100)
      await polling.wake.wake()
    }
    expect(polling.asked.length).toBeLessThanOrEqual(11)
  })

  test('an urgent one counts however lately there was another, and leaves nobody listening', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending' }), { intervalSeconds: 30, holdSeconds: 0 })
    await polling.clock.pass(500)
    await polling.wake.wake()
    await polling.clock.pass(500)
    await polling.wake.wake()
    await polling.urgent.wake()
    expect(polling.times()).toEqual([0, 500, 1000])
    await polling.abort()
    expect(polling.urgent.listeners()).toBe(0)
  })

  test('a wake does not overrule Retry-After', async () => {
    const polling = startPolling(() => () => Promise.reject(refusal(429, 'slow_down', 10)))
    await polling.clock.pass(3000)
    await polling.wake.wake()
    expect(polling.times()).toEqual([0])
  })

  test('a request that was lost while the device slept is dropped and asked anew', async () => {
    const polling = startPolling((clock) => async ({ nth, signal }) => {
      if (nth > 1) return { status: 'pending' }
      await clock.sleep(60_000, signal)
      throw dropped()
    })
    await polling.clock.pass(30_000)
    await polling.wake.wake()
    expect(polling.times()).toEqual([0, 30_000])
    expect(polling.connections).toEqual([])
  })

  test('nor is one waited for that was lost in a sleep through which the clock stood still', async () => {
    const polling = startPolling((clock) => async ({ nth, signal }) => {
      if (nth > 1) return { status: 'pending' }
      await clock.sleep(60_000, signal)
      throw dropped()
    })
    await polling.clock.pass(1000)
    polling.clock.sleepThrough(30_000)
    await polling.wake.wake()
    expect(polling.times()).toEqual([0, 1000])
    expect(polling.connections).toEqual([])
  })

  test('a request that is still within its hold is left alone', async () => {
    const polling = startPolling(holding(), { intervalSeconds: 2, holdSeconds: 25 })
    await polling.clock.pass(20_000)
    await polling.wake.wake()
    expect(polling.times()).toEqual([0])
  })
})

describe('the end', () => {
  test('a final reply is told and ends it', async () => {
    const polling = startPolling(() => async () => ({ status: 'authenticated' }))
    await polling.done
    await polling.clock.pass(60_000)
    expect(polling.end()).toEqual({ refused: undefined })
    expect(polling.replies).toEqual(['authenticated'])
    expect(polling.asked).toHaveLength(1)
  })

  test('an abort ends the request that is under way, and nothing is told of it', async () => {
    const polling = startPolling(holding())
    await polling.clock.pass(1000)
    await polling.abort()
    await polling.clock.pass(60_000)
    expect(polling.end()).toEqual({ refused: undefined })
    expect(polling.replies).toEqual([])
    expect(polling.connections).toEqual([])
    expect(polling.asked).toHaveLength(1)
  })

  test('an abort ends a pause', async () => {
    const polling = startPolling(() => async () => ({ status: 'pending' }))
    await polling.clock.pass(1000)
    await polling.abort()
    expect(polling.end()).toEqual({ refused: undefined })
  })

  test('nobody is listened to any more', async () => {
    const polling = startPolling(() => async ({ nth }) => ({ status: nth < 3 ? 'pending' : 'denied' }))
    await polling.clock.pass(10_000)
    expect(polling.end()).toEqual({ refused: undefined })
    expect(polling.wake.listeners()).toBe(0)
  })
})
