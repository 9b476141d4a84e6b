import { beforeEach, describe, expect, test } from '@jest/globals'
import { type BackChannelLogout, createBackChannelLogout } from '../../../server/oauth/back-channel-logout.ts'
import type { CurrentProvider } from '../../../server/oauth/provider.ts'
import { createToldClients, type ToldClients } from '../../../server/oauth/told-clients.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { eventually } from '../../support/eventually.ts'
import { createFailingStore } from '../../support/failing-store.ts'

const ANNA = { id: 'anna' }
let calls: string[]
let failures: number
let scheduled: { ms: number; callback: () => void }[]
let warnings: unknown[]
let store: RecordStore
let told: ToldClients

beforeEach(() => {
  ;[calls, failures, scheduled, warnings] = [[], 0, [], []]
  store = createMemoryStore({ clock: () => 0 })
  told = createToldClients({ store, clock: () => 0 })
})

const provider = (async () => ({
  Client: {
    find: async (id: string) => ({
      backchannelLogoutUri: 'http://app.example/logout',
      async backchannelLogout(sub: string, sid: string) {
        calls.push(`${id} ${sub} ${sid}`)
        if (failures-- > 0) throw new Error('503')
      },
    }),
  },
})) as unknown as CurrentProvider

const open = () =>
  createBackChannelLogout({
    told,
    provider,
    logger: { warn: (line: unknown) => void warnings.push(line) } as never,
    schedule(ms, callback) {
      const entry = { ms, callback }
      scheduled.push(entry)
      return () => void scheduled.splice(scheduled.indexOf(entry), 1)
    },
  })

test('all clients that were told of a session are told of its end, once, however many instances hear of it', async () => {
  await Promise.all([told.note('s1', 'web', 1000), told.note('s1', 'wiki', 1000), told.note('s2', 'web', 1000)])
  await told.note('s1', 'web', 1000)
  const [one, other] = [open(), open()]
  one.tell('s1', ANNA)
  other.tell('s1', ANNA)
  await eventually('both are told', () => calls.length === 2)
  one.tell('s1', ANNA)
  one.tell('s3', ANNA)
  other.tell('s2', ANNA)
  await eventually('of the second too', () => calls.length === 3)
  expect([...calls].sort()).toEqual(['web anna s1', 'web anna s2', 'wiki anna s1'])
})

test('one that does not take it is told again, later each time, and in the end no more', async () => {
  failures = 6
  await told.note('s1', 'web', 1000)
  open().tell('s1', ANNA)
  const pauses: number[] = []
  for (let times = 0; times < 5; times++) {
    const next = await eventually('it is tried later', () => scheduled.shift())
    pauses.push(next.ms)
    next.callback()
  }
  await eventually('it is given up', () => warnings.length === 6)
  expect(pauses).toEqual([1000, 5000, 30_000, 120_000, 600_000])
  expect(calls).toHaveLength(6)
  expect(scheduled).toEqual([])
  expect(warnings.at(-1)).toMatchObject({ client: 'web', session: 's1', why: '503', isGivenUp: true })
})

test('a store that is away at the moment of an end is asked again, later each time, and in the end no more', async () => {
  const failing = createFailingStore(store)
  told = createToldClients({ store: failing.store, clock: () => 0 })
  await told.note('s1', 'web', 1000)
  failing.failAfter(0, 'before')
  const logout = open()
  logout.tell('s1', ANNA)
  const first = await eventually('it is tried later', () => scheduled.shift())
  first.callback()
  const second = await eventually('and later', () => scheduled.shift())
  failing.mend()
  second.callback()
  await eventually('it is told', () => calls.length === 1)
  expect(calls).toEqual(['web anna s1'])
  expect([first.ms, second.ms]).toEqual([1000, 5000])
  expect(warnings).toMatchObject(Array(2).fill({ session: 's1', isGivenUp: false }))

  failing.failAfter(0, 'before')
  logout.tell('s2', ANNA)
  for (let times = 0; times < 5; times++) (await eventually('it is tried later', () => scheduled.shift())).callback()
  await eventually('it is given up', () => warnings.length === 8)
  expect(warnings.at(-1)).toMatchObject({ session: 's2', isGivenUp: true })
  expect(scheduled).toEqual([])
})

test.each(['before', 'after'] as const)(
  'a store whose answer is lost when it is asked for the list, %s it was taken, keeps nobody from being told',
  async (loss) => {
    const failing = createFailingStore(store)
    told = createToldClients({ store: failing.store, clock: () => 0 })
    await told.note('s1', 'web', 1000)
    failing.failAfter(1, loss)
    open().tell('s1', ANNA)
    await eventually('it is told', () => calls.length === 1)
    expect(calls).toEqual(['web anna s1'])
  },
)

test('a client that is noted while the list is taken is told with all others, once', async () => {
  await told.note('s1', 'web', 1000)
  const late = ['wiki', 'stats']
  const racing: RecordStore = {
    ...store,
    async remove(key, version) {
      const client = late.shift()
      if (client !== undefined) await told.note('s1', client, 1000)
      return store.remove(key, version)
    },
  }
  told = createToldClients({ store: racing, clock: () => 0 })
  const [one, other] = [open(), open()]
  one.tell('s1', ANNA)
  other.tell('s1', ANNA)
  await eventually('all are told', () => calls.length === 3)
  expect([...calls].sort()).toEqual(['stats anna s1', 'web anna s1', 'wiki anna s1'])
  expect(await told.take('s1')).toEqual([])
})

describe('an application that answers nothing', () => {
  let answers: (() => void)[]
  let posted: string[]
  let logout: BackChannelLogout
  const sessions = Array.from({ length: 20 }, (_each, at) => `s${at}`)

  beforeEach(async () => {
    ;[answers, posted] = [[], []]
    const hanging = (async () => ({
      Client: {
        find: async (id: string) => ({
          backchannelLogoutUri: 'http://app.example/logout',
          backchannelLogout(_sub: string, sid: string) {
            posted.push(`${id} ${sid}`)
            return id === 'web' ? new Promise<void>((resolve) => answers.push(resolve)) : Promise.resolve()
          },
        }),
      },
    })) as unknown as CurrentProvider
    const logger = { warn: (line: unknown) => void warnings.push(line) } as never
    logout = createBackChannelLogout({ told, provider: hanging, logger })
    for (const session of sessions) {
      await told.note(session, 'web', 1000)
      await told.note(session, 'wiki', 1000)
      logout.tell(session, ANNA)
    }
  })

  const postedTo = (client: string) => posted.filter((post) => post.startsWith(`${client} `))

  test('is told of eight ends at once, and of the next as it has answered one, while others are told of all', async () => {
    await eventually('the other application is told of all', () => postedTo('wiki').length === sessions.length)
    expect(postedTo('web')).toHaveLength(8)
    for (let at = 0; at < sessions.length; at++) (await eventually('it is told of another', () => answers[at]))()
    expect(new Set(postedTo('web')).size).toBe(sessions.length)
    expect(warnings).toEqual([])
  })

  test('is not told of those that wait for it once that is closed, and the log says of each that it was not', async () => {
    await eventually('the other application is told of all', () => postedTo('wiki').length === sessions.length)
    logout.close()
    for (const answer of answers) answer()
    await eventually('all that wait are told of', () => warnings.length === sessions.length - 8)
    expect(warnings).toMatchObject(Array(12).fill({ client: 'web', why: 'the process ends', isGivenUp: true }))
    expect(postedTo('web')).toHaveLength(8)
  })
})

test('closed, it tries no more', async () => {
  failures = 1
  await told.note('s1', 'web', 1000)
  const logout = open()
  logout.tell('s1', ANNA)
  await eventually('it is tried later', () => scheduled.length === 1)
  logout.close()
  expect(scheduled).toEqual([])
})
