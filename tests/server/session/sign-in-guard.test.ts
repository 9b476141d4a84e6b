import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ScanInError } from '../../../server/errors.ts'
import { foldUsername } from '../../../server/identity/names.ts'
import { createSignInGuard } from '../../../server/session/sign-in-guard.ts'
import { createSignInQueues } from '../../../server/session/sign-in-queues.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const USER = { id: 'ann', name: 'Ann' }

const clock = () => 0

type Guarded = ReturnType<typeof createGuarded>

/** A guard whose pauses are noted and take no time, in front of accounts that all have the password "right". */
function createGuarded(failuresPerMinute = 10, store = createMemoryStore({ clock })) {
  const pauses: number[] = []
  const lingered: number[] = []
  const tried: string[] = []
  let whenReleased: Promise<void> | undefined
  let release = () => {}
  const guard = createSignInGuard({
    store,
    clock,
    makeLimiter: (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
    failuresPerMinute,
    queues: createSignInQueues(),
    pause: async (ms) => {
      pauses.push(ms)
      await whenReleased
    },
    linger: async (ms) => void lingered.push(ms),
  })
  const signIn = (username: string, address: string, password: string) =>
    guard({
      username,
      address,
      isOut: async () => false,
      verify: async () => {
        tried.push(address)
        return password === 'right' ? USER : undefined
      },
    }).then(
      () => 'in',
      (error: { code: string }) => error.code,
    )
  const held = {
    /** Makes pauses last until they are released. */
    hold() {
      whenReleased = new Promise((resolve) => {
        release = resolve
      })
    },
    release() {
      whenReleased = undefined
      release()
    },
  }
  return { pauses, lingered, tried, signIn, held }
}

const network = (at: number) => `203.0.${at}.1`

test('an account that is guessed at from everywhere takes tries after pauses that grow, up to half a second', async () => {
  const { pauses, signIn } = createGuarded()
  const answers: string[] = []
  for (let at = 0; at < 140; at++) answers.push(await signIn('ann', network(at), 'wrong'))
  expect(answers).toEqual([...Array(20).fill('invalid_credentials'), ...Array(120).fill('slow_down')])
  expect([pauses[0], pauses[1], pauses.at(-1)]).toEqual([5, 10, 500])
})

test('what fails at once from everywhere is counted one by one, and who comes when the line is full is not looked at', async () => {
  const { tried, signIn } = createGuarded()
  const answers = await Promise.all(Array.from({ length: 120 }, (_, at) => signIn('ann', network(at), 'wrong')))
  expect(answers.filter((answer) => answer === 'invalid_credentials')).toHaveLength(20)
  expect(answers.filter((answer) => answer === 'slow_down')).toHaveLength(100)
  expect(tried).toHaveLength(51)
})

test('the right password gets in after the pause from a place never seen, and without one from where it got in before', async () => {
  const { pauses, signIn } = createGuarded()
  expect(await signIn('ann', '192.0.2.1', 'right')).toBe('in')
  for (let at = 0; at < 30; at++) await signIn('ann', network(at), 'wrong')
  pauses.length = 0
  expect(await signIn('ann', '198.18.0.1', 'right')).toBe('in')
  expect(pauses).toHaveLength(1)
  expect(await signIn('ann', '192.0.2.1', 'right')).toBe('in')
  expect(pauses).toHaveLength(1)
})

test.each([
  ['ann', 'ＡＮＮ'],
  ['h\u0331anna', 'H\u0331anna'],
  ['\u1e96anna', 'H\u0331anna'],
  ['\u01f0an', 'J\u030can'],
  ['\u1e97om', 'T\u0308om'],
  ['\u1e98im', 'W\u030aim'],
  ['\u1e99an', 'Y\u030aan'],
  ['jos\u00e9', 'JOSE\u0301'],
  ['kelvin', '\u212aelvin'],
  ['\u00e5ngstrom', '\u212bngstrom'],
  ['\u1fb6', '\u0391\u0342'],
  ['デモ', 'ﾃﾞﾓ'],
  ['i\u0307', '\u0130'],
])('an account is one however its name is written, and known or not: %s and %s', async (one, other) => {
  expect(foldUsername(one)).toBe(foldUsername(other))
  expect(foldUsername(one)).toBeDefined()
  const { signIn } = createGuarded()
  for (let at = 0; at < 20; at++) await signIn(one, network(at), 'wrong')
  expect(await signIn(other, network(30), 'wrong')).toBe('slow_down')
  expect(await signIn('somebody else', network(30), 'wrong')).toBe('invalid_credentials')
})

describe('beyond ten wrong ones from an address', () => {
  const HERE = '198.51.100.7'
  const failTen = async ({ signIn }: Guarded) => {
    for (let at = 0; at < 10; at++) await signIn(`stranger ${at}`, HERE, 'wrong')
  }

  test('others are tried there one after the other, each after a pause that grows: the right one gets in', async () => {
    const guarded = createGuarded()
    const { signIn, pauses } = guarded
    await failTen(guarded)
    expect(pauses).toEqual([])
    for (let at = 10; at < 25; at++) expect(await signIn(`stranger ${at}`, HERE, 'wrong')).toBe('slow_down')
    expect([pauses[0], pauses[1], pauses.at(-1)]).toEqual([250, 500, 2500])
    expect(await signIn('ann', HERE, 'right')).toBe('in')
    expect(pauses).toHaveLength(16)
    expect(await signIn('ann', HERE, 'right')).toBe('in')
    expect(pauses).toHaveLength(16)
  })

  test('an account that failed there three times itself is not tried there any more, and is elsewhere', async () => {
    const guarded = createGuarded()
    const { signIn, tried } = guarded
    await failTen(guarded)
    for (let times = 0; times < 5; times++) expect(await signIn('ann', HERE, 'wrong')).toBe('slow_down')
    expect(tried).toHaveLength(13)
    expect(await signIn('ann', HERE, 'right')).toBe('slow_down')
    expect(await signIn('ann', network(1), 'right')).toBe('in')
  })

  test('few wait at a time, and nobody who tries the same account elsewhere waits for them', async () => {
    const guarded = createGuarded()
    const { signIn, tried, held } = guarded
    await failTen(guarded)
    held.hold()
    const crowd = Array.from({ length: 20 }, (_, at) => signIn(`one more ${at}`, HERE, 'wrong'))
    const ann = signIn('ann', HERE, 'right')
    expect(await ann).toBe('slow_down')
    expect(await signIn('one more 0', network(2), 'right')).toBe('in')
    held.release()
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['slow_down']))
    expect(tried.filter((address) => address === HERE)).toHaveLength(13)
  })
})

describe('where an account was signed in to', () => {
  const HERE = '198.51.100.7'
  const MANY = 15

  async function failFromHere({ signIn }: Guarded) {
    for (let at = 0; at < 10; at++) await signIn(`stranger ${at}`, HERE, 'wrong')
  }

  async function failElsewhere({ signIn }: Guarded, username: string) {
    for (let at = 0; at < 20; at++) await signIn(username, network(at), 'wrong')
  }

  /** Ann was here, and nobody else. */
  async function createFamiliar() {
    const guarded = createGuarded()
    expect(await guarded.signIn('ann', HERE, 'right')).toBe('in')
    return guarded
  }

  const situations: [what: string, begin: (guarded: Guarded, username: string) => Promise<void>][] = [
    ['nobody has failed', async () => undefined],
    ['ten others have failed here', failFromHere],
    ['it is guessed at from elsewhere', failElsewhere],
    [
      'it is guessed at from elsewhere, and ten others have failed here',
      async (guarded, username) => {
        await failFromHere(guarded)
        await failElsewhere(guarded, username)
      },
    ],
  ]

  describe.each(situations)('and %s', (_what, begin) => {
    const seenBy = async (username: string, inTurn: boolean) => {
      const guarded = await createFamiliar()
      await begin(guarded, username)
      guarded.pauses.length = 0
      const guess = () => guarded.signIn(username, HERE, 'wrong')
      const answers: string[] = []
      if (inTurn) for (let times = 0; times < MANY; times++) answers.push(await guess())
      else answers.push(...(await Promise.all(Array.from({ length: MANY }, guess))))
      if (!inTurn) return { answers: answers.toSorted() }
      return { answers, pauses: guarded.pauses, lingered: guarded.lingered.length }
    }

    test.each([true, false])(
      'wrong ones are answered as those of a stranger`s, one after the other: %s',
      async (inTurn) => {
        expect(await seenBy('ann', inTurn)).toEqual(await seenBy('somebody', inTurn))
      },
    )

    test('the right one gets in without a pause, also after wrong ones', async () => {
      const guarded = await createFamiliar()
      await begin(guarded, 'ann')
      for (let times = 0; times < 9; times++) await guarded.signIn('ann', HERE, 'wrong')
      guarded.pauses.length = 0
      expect(await guarded.signIn('ann', HERE, 'right')).toBe('in')
      expect(guarded.pauses).toEqual([])
    })
  })

  test('the right one waits for nobody who has to wait, nor for a wrong one of its own that does', async () => {
    const guarded = await createFamiliar()
    const { signIn, held } = guarded
    await failFromHere(guarded)
    await failElsewhere(guarded, 'ann')
    held.hold()
    const names = ['ann', 'stranger', 'ann', ...Array(20).fill('another')]
    const crowd = names.map((username) => signIn(username, HERE, 'wrong'))
    crowd.push(...Array.from({ length: 60 }, (_, at) => signIn('ann', network(100 + at), 'wrong')))
    await new Promise(setImmediate)
    expect(await signIn('ann', HERE, 'right')).toBe('in')
    held.release()
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['slow_down']))
  })

  test('ten wrong ones are looked at in a minute, however many come at once; no more', async () => {
    const guarded = await createFamiliar()
    const { signIn, tried } = guarded
    await failFromHere(guarded)
    tried.length = 0
    await Promise.all(Array.from({ length: 40 }, () => signIn('ann', HERE, 'wrong')))
    expect(tried.length).toBeLessThanOrEqual(10 + 3)
    expect(await signIn('ann', HERE, 'right')).toBe('slow_down')
    expect(await signIn('ann', network(1), 'right')).toBe('in')
  })
})

describe('at an account that is guessed at, the owner from elsewhere', () => {
  const HERE = '198.51.100.7'
  const OWNER = '192.0.2.1'
  const guessAtAnn = async ({ signIn }: Guarded) => {
    for (let at = 0; at < 20; at++) await signIn('ann', network(at), 'wrong')
  }

  /** As many as the line takes, while the first of them has to wait. */
  function crowd({ signIn, held }: Guarded, addressOf: (at: number) => string) {
    held.hold()
    return Array.from({ length: 60 }, (_, at) => signIn('ann', addressOf(at), 'wrong'))
  }

  async function ownerAfter(guarded: Guarded, answers: Promise<string>[]) {
    const owner = guarded.signIn('ann', OWNER, 'right')
    await new Promise(setImmediate)
    guarded.held.release()
    return { owner: await owner, others: new Set(await Promise.all(answers)) }
  }

  test('gets in while somebody asks again and again who is refused at their address', async () => {
    const guarded = createGuarded()
    for (let times = 0; times < 10; times++) await guarded.signIn('ann', HERE, 'wrong')
    await guessAtAnn(guarded)
    const { owner, others } = await ownerAfter(
      guarded,
      crowd(guarded, () => HERE),
    )
    expect({ owner, others }).toEqual({ owner: 'in', others: new Set(['slow_down']) })
    expect(guarded.tried.filter((address) => address === HERE)).toHaveLength(10)
  })

  test('gets in while many try from one network that nothing is known of, which has a part of the line', async () => {
    const guarded = createGuarded()
    await guessAtAnn(guarded)
    guarded.pauses.length = 0
    const { owner, others } = await ownerAfter(
      guarded,
      crowd(guarded, () => HERE),
    )
    expect({ owner, others }).toEqual({ owner: 'in', others: new Set(['slow_down']) })
    // Ten wrong ones and the owner: who is refused by then is not waited for.
    expect(guarded.tried.filter((address) => address === HERE)).toHaveLength(10)
    expect(guarded.pauses).toHaveLength(11)
  })

  test('gets in while many try from all over one IPv6 /48', async () => {
    const guarded = createGuarded()
    for (let at = 0; at < 40; at++) await guarded.signIn(`stranger ${at}`, `2001:db8:0:${at}::1`, 'wrong')
    await guessAtAnn(guarded)
    const { owner } = await ownerAfter(
      guarded,
      crowd(guarded, (at) => `2001:db8:0:1${at}::1`),
    )
    expect(owner).toBe('in')
  })
})

test('the right password from thousands of networks leaves one small record of its account', async () => {
  const inner = createMemoryStore({ clock })
  const sizes = new Map<string, number>()
  const write: RecordStore['write'] = (key, value, options) => {
    sizes.set(key, JSON.stringify(value).length)
    return inner.write(key, value, options)
  }
  const { signIn } = createGuarded(10, { ...inner, write })
  for (let at = 0; at < 5000; at++) await signIn('ann', `2001:db8:0:${at.toString(16)}::1`, 'right')
  expect([...sizes.values()]).toEqual([expect.any(Number)])
  expect([...sizes.values()][0]).toBeLessThan(2000)
})

test('the right password gets in where the store does not take from where it came', async () => {
  const write = async () => {
    throw new ScanInError('store_unavailable')
  }
  const { signIn } = createGuarded(10, { ...createMemoryStore({ clock }), write })
  expect(await signIn('ann', network(1), 'right')).toBe('in')
})

test('with 0 nothing is counted', async () => {
  const { pauses, signIn } = createGuarded(0)
  for (let times = 0; times < 60; times++)
    expect(await signIn('ann', '203.0.113.1', 'wrong')).toBe('invalid_credentials')
  expect(pauses).toEqual([])
})

describe('how long to wait', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  const TRY_MS = 600
  const STEP_MS = 100

  /** Time passes until it is done. */
  async function outcomeOf<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const end = () => {
      isDone = true
    }
    promise.then(end, end)
    while (!isDone) await jest.advanceTimersByTimeAsync(STEP_MS)
    return promise
  }

  /** Somebody guesses at an account where ann was signed in, and others were wrong too often. @returns Retry-After */
  async function toldOf(name: string, laterByMs: number): Promise<number | undefined> {
    jest.useFakeTimers({ now: 0 })
    const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
    const guard = createSignInGuard({
      store: createMemoryStore({ clock }),
      clock,
      makeLimiter: (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
      failuresPerMinute: 10,
      queues: createSignInQueues(),
      pause: wait,
      linger: wait,
    })
    const signIn = (username: string, password: string) =>
      outcomeOf(
        guard({
          ...{ username, address: '192.0.2.1', isOut: async () => false },
          verify: () => wait(TRY_MS).then(() => (password === 'right' ? USER : undefined)),
        }).then(
          () => undefined,
          (error: ScanInError) => error.retryAfterSeconds,
        ),
      )
    await signIn('ann', 'right')
    for (let at = 0; at < 10; at++) await signIn(`nobody${at}`, 'wrong')
    for (let times = 0; times < 3; times++) await signIn(name, 'wrong')
    await outcomeOf(wait(laterByMs))
    const told = await signIn(name, 'wrong')
    jest.useRealTimers()
    return told
  }

  test.each([0, 200, 400, 600, 800])(
    'is said as of when it is said, whatever took its time before, where an account is known too: %d ms later',
    async (laterByMs) => {
      const told = await toldOf('ann', laterByMs)
      expect(told).toBeGreaterThan(1)
      expect(told).toBe(await toldOf('nobody', laterByMs))
    },
  )
})
