import { describe, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { sessionIdOf } from '../../../server/session/session.ts'
import type { OnPhoneEnd } from '../../../server/session/session-ends.ts'
import type { NewSession } from '../../../server/session/session-opening.ts'
import { createSessionService } from '../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { spreadStore } from '../../support/spread-store.ts'

const HOUR = 3_600_000
const LOGIN_ID = 'l'.repeat(16)
const ANN = { id: 'ann', name: 'Ann' }
const SESSION: NewSession = {
  secret: 's'.repeat(43),
  user: ANN,
  kind: 'browser',
  remember: false,
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '192.0.2.1',
  handedOverBy: LOGIN_ID,
}
const { handedOverBy: _none, ...SIGN_IN } = { ...SESSION, kind: 'phone' as const, remember: true }
const PHONE: NewSession = { ...SIGN_IN, secret: 'p'.repeat(43) }

function createWorld({
  most = 50,
  onPhoneEnd = async () => undefined,
}: {
  most?: number
  onPhoneEnd?: OnPhoneEnd
} = {}) {
  const time = { now: 1_800_000_000_000 }
  const clock = () => time.now
  const store = createMemoryStore({ clock })
  const ended: unknown[] = []
  const create = (over: RecordStore = store) =>
    createSessionService({
      currentPerson: (user) => user,
      store: over,
      clock,
      policy: { lifeMs: 12 * HOUR, idleMs: HOUR, rememberMs: 720 * HOUR, most },
      openingMs: 60_000,
      onFirstUse: async () => undefined,
      onPhoneEnd: (id, how) => {
        ended.push([id, how])
        return onPhoneEnd(id, how)
      },
    })
  const service = create()
  return {
    ...{ time, store, ended, create, service },
    isLive: async (secret: string) => (await service.authenticate(secret)) !== undefined,
    /** Opens so many, one a second. @returns their secrets */
    async openMany(kind: 'browser' | 'phone', count: number): Promise<string[]> {
      const secrets = Array.from({ length: count }, () => `${kind} ${Math.random()}`)
      for (const secret of secrets) {
        time.now += 1000
        await service.open({ ...SIGN_IN, secret, kind, remember: true })
      }
      return secrets
    },
  }
}

test('a session that could not be listed is none', async () => {
  const { store, create, service } = createWorld()
  const write: RecordStore['write'] = async (key, ...rest) => {
    if (key.startsWith('sessions-of:')) throw new ScanInError('store_unavailable')
    return store.write(key, ...rest)
  }
  await expect(create(spreadStore({ ...store, write })).open(SESSION)).rejects.toMatchObject({
    code: 'store_unavailable',
  })
  expect(await service.authenticate(SESSION.secret)).toBeUndefined()
})

test('a session is listed by the time that it exists, wherever records are kept', async () => {
  const { store, create } = createWorld()
  const written: string[] = []
  const write: RecordStore['write'] = async (key, ...rest) => {
    const isDone = await store.write(key, ...rest)
    written.push(key.replace(/:.*/, ''))
    return isDone
  }
  await create(spreadStore({ ...store, write })).open(SESSION)
  expect(written).toEqual(['sessions-of', 'session'])
})

test('with a guess at its list a session takes one trip to the store', async () => {
  const { store, create, service } = createWorld()
  const calls: string[] = []
  const note = <Result>(what: string, call: () => Promise<Result>): Promise<Result> => {
    calls.push(what)
    return call()
  }
  const counted: RecordStore = {
    ...store,
    read: (key) => note('read', () => store.read(key)),
    write: (...what) => note('write', () => store.write(...what)),
    writeTogether: (writes) => note(`write ${writes.length}`, () => store.writeTogether(writes)),
  }
  await create(counted).create(SESSION, { guess: await service.lookUp(ANN) })
  expect(calls).toEqual(['write 2'])
})

describe('what is changed along with a session', () => {
  const KEY = 'something else'
  const LATER = 2_000_000_000_000

  test('is written with it, and told as written', async () => {
    const { store, service } = createWorld()
    const told: string[] = []
    const decide = (value: unknown, { id }: { id: string }) => ({
      next: { value: [value ?? 0, id], expiresAt: LATER },
      onWritten: () => told.push('written'),
      result: 'changed',
    })
    const { opened, also } = await service.create(SESSION, { along: { key: KEY, decide } })
    expect([opened?.id, also, told]).toEqual([sessionIdOf(SESSION.secret), 'changed', ['written']])
    expect((await store.read(KEY))?.value).toEqual([0, sessionIdOf(SESSION.secret)])
  })

  test('leaves nothing of a session where it is left as it is, and is left where there is no session', async () => {
    const { store, service, isLive } = createWorld()
    const { also } = await service.create(SESSION, { along: { key: KEY, decide: () => ({ result: 'left' }) } })
    expect([also, await isLive(SESSION.secret), await service.list(ANN)]).toEqual(['left', false, []])
    await service.block(ANN)
    const decide = () => ({ next: { value: 1, expiresAt: LATER }, result: 'changed' })
    expect(await service.create(SESSION, { along: { key: KEY, decide } })).toEqual({})
    expect(await store.read(KEY)).toBeUndefined()
  })
})

describe('replacing', () => {
  test("ends the session whose cookie the new one's takes the place of, whoever's it was", async () => {
    const { service, isLive } = createWorld()
    await service.open(PHONE)
    await service.open({ ...SESSION, user: { id: 'bob', name: 'Bob' } }, { replaces: sessionIdOf(PHONE.secret) })
    expect(await isLive(PHONE.secret)).toBe(false)
    expect(await isLive(SESSION.secret)).toBe(true)
  })

  test('does not end the new one when its hand-over is asked for again', async () => {
    const { service, isLive } = createWorld()
    await service.open(PHONE)
    for (const replaced of [PHONE.secret, SESSION.secret, PHONE.secret, 'never was one']) {
      expect(await service.open(SESSION, { replaces: sessionIdOf(replaced) })).toBeGreaterThan(0)
    }
    expect(await isLive(SESSION.secret)).toBe(true)
  })

  test("by a login that the replaced session approved leaves that login's hand-over good, and no other", async () => {
    const { service } = createWorld()
    const id = sessionIdOf(PHONE.secret)
    await service.open(PHONE)
    expect(await service.approvingPerson({ id, user: ANN }, 'another login')).toEqual(ANN)
    await service.open(SESSION, { replaces: id })
    expect(await service.approvingPerson({ id, user: ANN }, LOGIN_ID)).toEqual(ANN)
    expect(await service.approvingPerson({ id, user: ANN }, 'another login')).toBeUndefined()
  })

  test('by signing in as the same person keeps what was scanned, and by anything else does not', async () => {
    const { service, ended } = createWorld()
    const id = sessionIdOf(PHONE.secret)
    const replace = async (fresh: NewSession) => {
      await service.open({ ...PHONE, secret: `${ended.length}` })
      await service.open(fresh, { replaces: sessionIdOf(`${ended.length}`) })
    }
    await replace({ ...PHONE, secret: 'same person' })
    await replace({ ...PHONE, secret: 'another', user: { id: 'bob', name: 'Bob' } })
    await replace({ ...PHONE, secret: 'a namesake', user: { ...ANN, source: 'jwt' } })
    await replace(SESSION)
    await service.open(PHONE)
    await service.revoke(ANN, id)
    expect(ended).toEqual([
      [sessionIdOf('0'), { keepScanned: true }],
      [sessionIdOf('1'), { keepScanned: false }],
      [sessionIdOf('2'), { keepScanned: false }],
      [sessionIdOf('3'), { keepScanned: false }],
      [id, { keepScanned: false }],
    ])
  })
})

describe('ending a phone', () => {
  test("is answered after what it approved is denied, and a browser's end asks for nothing", async () => {
    const { service, ended } = createWorld({ onPhoneEnd: () => Promise.reject(new ScanInError('store_unavailable')) })
    await service.open(PHONE)
    await service.open(SESSION)
    expect(await service.revoke(ANN, sessionIdOf(SESSION.secret))).toBe(true)
    expect(ended).toEqual([])
    await expect(service.revoke(ANN, sessionIdOf(PHONE.secret))).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('the most sessions of one person', () => {
  test("are kept by the oldest browser's making way, and no phone's", async () => {
    const { service, openMany, isLive } = createWorld({ most: 4 })
    const phones = await openMany('phone', 2)
    const browsers = await openMany('browser', 4)
    expect(await Promise.all([...phones, ...browsers].map(isLive))).toEqual([true, true, false, false, true, true])
    expect(await service.list(ANN)).toHaveLength(4)
  })

  test("are a phone's too: it takes the oldest browser's place", async () => {
    const { openMany, isLive } = createWorld({ most: 3 })
    const browsers = await openMany('browser', 3)
    const phones = await openMany('phone', 1)
    expect(await Promise.all([...browsers, ...phones].map(isLive))).toEqual([false, true, true, true])
  })

  test('where all are phones, the oldest phone makes way, and what it approved is denied', async () => {
    const { openMany, isLive, ended } = createWorld({ most: 3 })
    const phones = await openMany('phone', 3)
    const browsers = await openMany('browser', 1)
    expect(await Promise.all([...phones, ...browsers].map(isLive))).toEqual([false, true, true, true])
    expect(ended).toEqual([[sessionIdOf(phones[0] ?? ''), { keepScanned: false }]])
  })

  test('do not count what ended by itself', async () => {
    const { time, service, openMany, isLive } = createWorld({ most: 3 })
    const [remembered = ''] = await openMany('browser', 1)
    for (const secret of ['idle 1', 'idle 2']) await service.open({ ...SESSION, secret })
    time.now += HOUR
    const [fresh = ''] = await openMany('browser', 1)
    expect([await isLive(remembered), await isLive(fresh)]).toEqual([true, true])
  })

  test('hold when many are opened at once', async () => {
    const { service } = createWorld({ most: 5 })
    const open = (_: unknown, at: number) => service.open({ ...SESSION, secret: `at once ${at}` })
    await Promise.all(Array.from({ length: 20 }, open))
    expect(await service.list(ANN)).toHaveLength(5)
  })

  test("are a person's own: a namesake from elsewhere has as many", async () => {
    const { service, openMany, isLive } = createWorld({ most: 2 })
    const own = await openMany('browser', 2)
    for (const secret of ['a', 'b', 'c']) {
      await service.open({ ...SESSION, secret, user: { ...ANN, source: 'userinfo' } })
    }
    expect(await Promise.all(own.map(isLive))).toEqual([true, true])
    expect(await service.revoke(ANN, sessionIdOf('c'))).toBe(false)
    expect(await service.list({ id: 'ann', source: 'userinfo' })).toHaveLength(2)
  })
})

describe('ending all that a person has', () => {
  /** A service on whose store something is handed over while a session is being ended, so many times. */
  function createRaced(times: number) {
    const world = createWorld()
    const secrets: string[] = []
    const write: RecordStore['write'] = async (key, ...rest) => {
      if (key.startsWith('session:') && secrets.length < times) {
        const secret = `handed over ${secrets.length}`
        secrets.push(secret)
        await world.service.open({ ...SESSION, secret })
      }
      return world.store.write(key, ...rest)
    }
    return { ...world, secrets, raced: world.create({ ...world.store, write }) }
  }

  test.each([
    ['their owner', 'revokeOthers'],
    ['an operator', 'endAll'],
  ] as const)('by %s ends what is handed over meanwhile, too', async (_who, endThem) => {
    const { raced, service, secrets, isLive } = createRaced(1)
    await service.open(PHONE)
    expect(await raced[endThem](ANN)).toBe(2)
    expect(await Promise.all([PHONE.secret, ...secrets].map(isLive))).toEqual([false, false])
    expect(await service.idsOf(ANN)).toEqual([])
  })

  test('keeps the one that asks, and what is of another kind', async () => {
    const { raced, service, secrets, isLive } = createRaced(1)
    await service.open(PHONE)
    await service.open({ ...PHONE, secret: 'asks' })
    expect(await raced.revokeOthers(ANN, sessionIdOf('asks'), { kind: 'phone' })).toBe(1)
    expect(await Promise.all([PHONE.secret, 'asks', ...secrets].map(isLive))).toEqual([false, true, true])
  })

  test('is done at last, however many are opened meanwhile', async () => {
    const { raced, service, secrets } = createRaced(1000)
    await service.open(PHONE)
    await raced.revokeOthers(ANN)
    expect(secrets.length).toBeLessThan(10)
  })

  test('ends what is listed and not there yet: it never is', async () => {
    const { store, create, service, isLive } = createWorld()
    await service.open(PHONE)
    let revoking: Promise<unknown> | undefined
    const write: RecordStore['write'] = async (key, ...rest) => {
      if (key.startsWith('session:')) {
        revoking = service.revokeOthers(ANN)
        await revoking
      }
      return store.write(key, ...rest)
    }
    const { opened } = await create(spreadStore({ ...store, write })).create(SESSION)
    expect([opened, await isLive(SESSION.secret), await revoking]).toEqual([undefined, false, 1])
  })
})

test('with an account ends what was signed in by that password until then, with its phones, and nothing else', async () => {
  const { service, time, isLive, ended } = createWorld()
  const by = (credential: string) => ({ ...ANN, credential })
  await service.open({ ...PHONE, user: by('old') })
  await service.open({ ...SESSION, user: by('old') })
  await service.open({ ...SIGN_IN, secret: 'by another password', user: by('new') })
  const until = time.now
  time.now += 1
  await service.open({ ...SIGN_IN, secret: 'back', user: by('old') })
  for (let times = 0; times < 2; times++) {
    await service.endOfAccount(by('old'), until)
    expect(await Promise.all([PHONE.secret, SESSION.secret].map(isLive))).toEqual([false, false])
    expect(await Promise.all(['by another password', 'back'].map(isLive))).toEqual([true, true])
    expect(ended).toEqual([[sessionIdOf(PHONE.secret), { keepScanned: false, by: undefined }]])
  }
})

describe('an operator', () => {
  test('ends all of a person, phones with what they scanned, and nobody else', async () => {
    const { service, isLive, ended, openMany } = createWorld()
    const browsers = await openMany('browser', 3)
    await service.open(PHONE)
    await service.open({ ...SESSION, user: { id: 'bob', name: 'Bob' } })
    expect(await service.endAll(ANN)).toBe(4)
    expect(await Promise.all([...browsers, PHONE.secret, SESSION.secret].map(isLive))).toEqual([
      ...[false, false, false, false],
      true,
    ])
    expect(ended).toEqual([[sessionIdOf(PHONE.secret), { keepScanned: false, by: undefined }]])
    expect(await service.open({ ...SESSION, secret: 'after' })).toBeDefined()
  })

  test('ends a thousand with three looks at their list and one write of it, all read at once', async () => {
    const { store, create, openMany } = createWorld({ most: 2000 })
    await openMany('browser', 1000)
    const calls = new Map<string, number>()
    let [underWay, most] = [0, 0]
    const note = async <Result>(what: string, key: string, call: () => Promise<Result>) => {
      const name = `${what} ${key.replace(/:.*/, '')}`
      calls.set(name, (calls.get(name) ?? 0) + 1)
      most = Math.max(most, ++underWay)
      return call().finally(() => underWay--)
    }
    const read: RecordStore['read'] = (key) => note('read', key, () => store.read(key))
    const write: RecordStore['write'] = (key, ...rest) => note('write', key, () => store.write(key, ...rest))
    expect(await create({ ...store, read, write }).endAll(ANN)).toBe(1000)
    expect(calls.get('write session')).toBe(1000)
    expect([calls.get('read sessions-of'), calls.get('write sessions-of')]).toEqual([3, 1])
    expect(most).toBe(1000)
  })

  test('who blocks catches a session wherever its opening is, on whichever instance: it never is one', async () => {
    // Where records are kept one by one, each step of the opening waits for the block, in turn: before it, after its first write, after its second.
    for (const steps of [0, 1, 2]) {
      const { store, create, service, isLive } = createWorld()
      let writes = 0
      let blocking: Promise<unknown> | undefined
      const blockAt = (step: number) => {
        if (step === steps) blocking = service.block(ANN)
        return blocking
      }
      const write: RecordStore['write'] = async (key, ...rest) => {
        await blockAt(writes)
        const isDone = await store.write(key, ...rest)
        if (isDone) writes++
        return isDone
      }
      const { opened } = await create(spreadStore({ ...store, write })).create(SESSION)
      await blockAt(writes)
      expect([steps, opened === undefined, await isLive(SESSION.secret)]).toEqual([steps, steps < 2, false])
      expect(await service.isBlocked(ANN)).toBe(true)
      expect(await create().resume(SESSION.secret)).toBeUndefined()
    }
  })

  test('blocks by where people come from too, and unblocks', async () => {
    const { service, isLive } = createWorld()
    await service.block({ id: 'ann', source: 'jwt' })
    await service.open(SESSION)
    expect(await isLive(SESSION.secret)).toBe(true)
    await service.block(ANN)
    expect(await service.open({ ...SESSION, secret: 'again' })).toBeUndefined()
    await service.unblock(ANN)
    await service.open({ ...SESSION, secret: 'at last' })
    expect([await isLive(SESSION.secret), await isLive('again'), await isLive('at last')]).toEqual([false, false, true])
  })
})
