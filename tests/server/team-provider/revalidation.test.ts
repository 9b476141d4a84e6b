import { beforeEach, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import type { User } from '../../../server/identity/identity.ts'
import { cryptoRandomness as randomness } from '../../../server/randomness.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { createGrants, type Grants } from '../../../server/team-provider/grants.ts'
import type { PeopleRules } from '../../../server/team-provider/people.ts'
import { ProviderRefused } from '../../../server/team-provider/refusal.ts'
import { createRevalidation } from '../../../server/team-provider/revalidation.ts'
import { eventually } from '../../support/eventually.ts'

const MINUTE_MS = 60_000
const TWELVE_HOURS_MS = 12 * 60 * MINUTE_MS

let now: number
let reads: number
/** What time is waited for, in the order in which it was begun. */
let timers: { ms: number; ring: () => void }[]
/** What the provider is asked, and how it answers. */
let asked: { subject: string; answer: (error?: Error) => void }[]
let withdrawn: string[]
let warnings: unknown[]
let withdraw: (id: string) => Promise<void>
let rules: PeopleRules
let newer: Grants
let revalidateByNewer: (who: string) => Promise<User | undefined>
let grants: Grants
let revalidate: (who: string) => Promise<User | undefined>
let close: () => Promise<void>
let grantOf: Map<string, string>

const clock = () => now
const away = () => new ScanInError('identity_provider_unavailable')

/** Lets so much time pass, of what is waited for. */
async function wait(ms: number): Promise<void> {
  for (const one of timers.filter((timer) => timer.ms <= ms)) one.ring()
  await new Promise(setImmediate)
}

/** Fifty people, whom the provider was last asked about eleven minutes ago. */
beforeEach(async () => {
  now = Date.now()
  timers = []
  reads = 0
  asked = []
  withdrawn = []
  warnings = []
  withdraw = async (id) => void withdrawn.push(id)
  grantOf = new Map()
  const memory = createMemoryStore({ clock })
  const store = {
    ...memory,
    read(key: string) {
      reads++
      return memory.read(key)
    },
  }
  const provider = { issuer: 'https://id.example', clientId: 'c', clientSecret: 's' }
  const how = { store, clock, randomness, keptForMs: 10 * TWELVE_HOURS_MS }
  rules = { issuer: 'https://id.example', groupsClaim: 'groups', allow: undefined }
  grants = createGrants({ ...how, provider })
  /** Of an instance that has another client secret already. */
  newer = createGrants({ ...how, provider: { ...provider, clientSecret: 'another' } })
  const revalidationBy = (by: Grants) =>
    createRevalidation({
      provider: {
        refresh: (_token, subject) =>
          new Promise((resolve, reject) => {
            asked.push({ subject, answer: (error) => (error === undefined ? resolve({}) : reject(error)) })
          }),
      },
      rules,
      grants: by,
      sessions: { withdraw: ({ id }) => withdraw(id) },
      logger: { warn: (about: unknown) => void warnings.push(about) },
      currentPerson: (user) => user,
      clock,
      schedule(ms, ring) {
        const forget = () => {
          timers = timers.filter((one) => one !== timer)
        }
        const timer = {
          ms,
          ring() {
            forget()
            ring()
          },
        }
        timers.push(timer)
        return forget
      },
    })
  for (let at = 0; at < 50; at++) {
    const user: User = { id: `p-${at}`, name: `Person ${at}`, source: 'oidc' }
    const grant = { user, saidAt: now - 11 * MINUTE_MS, askAt: now - MINUTE_MS }
    grantOf.set(user.id, await grants.open(grant, 'a refresh token'))
  }
  const revalidation = revalidationBy(grants)
  close = revalidation.close
  const byNewer = revalidationBy(newer)
  const personOf = (who: string): User => ({ id: who, name: who, source: 'oidc', credential: grantOf.get(who) ?? '' })
  revalidate = (who) => revalidation.revalidate(personOf(who))
  revalidateByNewer = (who) => byNewer.revalidate(personOf(who))
})

const everybody = () => [...grantOf.keys()]

test('where the provider hangs, all its people go by its last word once one has waited in vain, and those after them at once', async () => {
  const [first = [], later = []] = [everybody().slice(0, 30), everybody().slice(30)]
  const early = first.map(revalidate)
  await eventually('it is asked', () => asked.length === 16)
  await wait(2500)
  expect(await Promise.all(early)).toMatchObject(first.map((id) => ({ id })))
  for (const id of [...later, ...first]) expect(await revalidate(id)).toMatchObject({ id })
  expect(asked).toHaveLength(16)
})

test('what goes wrong with an answer that nobody waits for any more is in the log, but that it did not come', async () => {
  const [one, two] = everybody() as [string, string]
  const lost = new ScanInError('store_unavailable')
  withdraw = () => Promise.reject(lost)
  const early = [revalidate(one), revalidate(two)]
  await eventually('both are asked', () => asked.length === 2)
  await wait(2500)
  await Promise.all(early)
  const answers = new Map(asked.map(({ subject, answer }) => [subject, answer]))
  answers.get(one)?.(away())
  answers.get(two)?.(new ProviderRefused('gone'))
  await eventually('it is told', () => warnings.length > 0)
  expect(warnings).toEqual([{ err: lost }])
})

test('while it is in trouble one asks at a time, and where that one hangs another after ten seconds; once it answers, all do', async () => {
  const [one, two, three, four, five] = everybody() as [string, string, string, string, string]
  const failing = revalidate(one)
  await eventually('it is asked', () => asked.length === 1)
  asked[0]?.answer(away())
  expect(await failing).toMatchObject({ id: one })
  const trying = revalidate(two)
  await eventually('it is asked again', () => asked.length === 2)
  expect(await revalidate(three)).toMatchObject({ id: three })
  await wait(10_000)
  expect(await trying).toMatchObject({ id: two })
  const next = revalidate(four)
  await eventually('the next one asks', () => asked.length === 3)
  asked[2]?.answer()
  expect(await next).toMatchObject({ id: four })
  const all = [five, ...everybody().slice(5, 15)].map(revalidate)
  await eventually('everybody asks', () => asked.length === 14)
  for (const { answer } of asked) answer()
  await Promise.all(all)
  expect(withdrawn).toEqual([])
})

test('an answer that nobody waits for any more counts: who is gone is out, and nobody else', async () => {
  const [gone, there] = everybody() as [string, string]
  const early = [revalidate(gone), revalidate(there)]
  await eventually('it is asked', () => asked.length === 2)
  await wait(2500)
  expect(await Promise.all(early)).toMatchObject([{ id: gone }, { id: there }])
  for (const { subject, answer } of asked) answer(subject === gone ? new ProviderRefused('gone') : undefined)
  await eventually('it is out', () => withdrawn.length === 1)
  expect(await revalidate(gone)).toBeUndefined()
  expect(await revalidate(there)).toMatchObject({ id: there })
  expect(new Set(withdrawn)).toEqual(new Set([gone]))
})

test('whoever it was silent about for twelve hours is not in by its last word, however soon that is looked at', async () => {
  const [who] = everybody() as [string]
  now += TWELVE_HOURS_MS
  const early = revalidate(who).catch((error) => error)
  await eventually('it is asked', () => asked.length === 1)
  await wait(15_000)
  expect(await early).toMatchObject({ code: 'identity_provider_unavailable' })
  await expect(revalidate(who)).rejects.toMatchObject({ code: 'identity_provider_unavailable' })
  asked[0]?.answer()
  await eventually('it is heard', async () => (await revalidate(who).catch(() => undefined)) !== undefined)
  expect(withdrawn).toEqual([])
})

test('whoever it was silent about for a night waits for its answer, and is not put off for long by its troubles', async () => {
  const [who, other, third] = everybody() as [string, string, string]
  now += TWELVE_HOURS_MS
  const slow = revalidate(who)
  await eventually('it is asked', () => asked.length === 1)
  await wait(2500)
  asked[0]?.answer()
  expect(await slow).toMatchObject({ id: who })

  const failing = revalidate(other).catch((error) => error)
  await eventually('it is asked', () => asked.length === 2)
  asked[1]?.answer(away())
  expect(await failing).toMatchObject({ code: 'identity_provider_unavailable' })
  now += 2000
  const again = revalidate(other)
  await eventually('it is asked again', () => asked.length === 3)
  await expect(revalidate(third)).rejects.toMatchObject({ code: 'identity_provider_unavailable' })
  asked[2]?.answer()
  expect(await again).toMatchObject({ id: other })
  now += 2000
  const last = revalidate(third)
  await eventually('it is asked about the next', () => asked.length === 4)
  asked[3]?.answer()
  expect(await last).toMatchObject({ id: third })
})

test('whom there is nothing to ask by about is looked up once at each use', async () => {
  const user: User = { id: 'no-token', name: 'No token', source: 'oidc' }
  grantOf.set(user.id, await grants.open({ user, saidAt: now, askAt: now + TWELVE_HOURS_MS }, undefined))
  reads = 0
  for (let uses = 1; uses <= 3; uses++) {
    expect(await revalidate(user.id)).toMatchObject({ id: user.id })
    expect(reads).toBe(uses)
  }
})

test('where the clock is set back by a day, a last word counts no more', async () => {
  const [who] = everybody() as [string]
  now -= 25 * 60 * MINUTE_MS
  const early = revalidate(who).catch((error) => error)
  await eventually('it is asked', () => asked.length === 1)
  asked[0]?.answer(away())
  expect(await early).toMatchObject({ code: 'identity_provider_unavailable' })
})

test('where the clock is set back an hour, it is asked as soon as before', async () => {
  const [who] = everybody() as [string]
  const first = revalidate(who)
  await eventually('it is asked', () => asked.length === 1)
  asked[0]?.answer()
  await first
  expect(await revalidate(who)).toMatchObject({ id: who })
  expect(asked).toHaveLength(1)
  now -= 60 * MINUTE_MS
  const again = revalidate(who)
  await eventually('it is asked again', () => asked.length === 2)
  asked[1]?.answer(new ProviderRefused('gone'))
  expect(await again).toBeUndefined()
})

test('at the end of the process what is asked still is waited for, and what hangs is not', async () => {
  const [who, hanging] = everybody() as [string, string]
  const early = [revalidate(who), revalidate(hanging)]
  await eventually('it is asked', () => asked.length === 2)
  await wait(2500)
  await Promise.all(early)
  let isClosed = false
  const closing = close().then(() => {
    isClosed = true
  })
  asked[0]?.answer()
  await new Promise(setImmediate)
  expect(isClosed).toBe(false)
  await wait(6000)
  await closing
  expect(isClosed).toBe(true)
})

test('by another client secret nobody can be asked about, which keeps no instance from it that has the one before', async () => {
  const [who] = everybody() as [string]
  expect(await revalidateByNewer(who)).toMatchObject({ id: who })
  expect(asked).toEqual([])
  const answered = revalidate(who)
  await eventually('it is asked', () => asked.length === 1)
  asked[0]?.answer(new ProviderRefused('gone'))
  expect(await answered).toBeUndefined()
  expect(await revalidateByNewer(who)).toBeUndefined()
})

test('by another client secret the last word counts for twelve hours, and then they are out', async () => {
  const [who] = everybody() as [string]
  now += TWELVE_HOURS_MS - 11 * MINUTE_MS - 1
  expect(await revalidateByNewer(who)).toMatchObject({ id: who })
  now += 1
  expect(await revalidateByNewer(who)).toBeUndefined()
  expect(withdrawn).toEqual([who])
})

test.each<[what: string, allow: PeopleRules['allow'], isIn: boolean]>([
  ['their group', { groups: ['staff'], domains: [] }, true],
  ['another group', { groups: ['admins'], domains: [] }, false],
  ['their domain', { groups: [], domains: ['example.org'] }, true],
  ['another domain', { groups: [], domains: ['example.com'] }, false],
  ['another group, or their domain', { groups: ['admins'], domains: ['example.org'] }, true],
])('whom the rules of now leave out is out by what is known of them: %s', async (_what, allow, isIn) => {
  const user: User = { id: 'p', name: 'P', email: 'p@example.org', groups: ['staff'], source: 'oidc' }
  const grant = { user, saidAt: now, askAt: now + TWELVE_HOURS_MS }
  grantOf.set('p', await grants.open(grant, undefined))
  expect(await revalidate('p')).toMatchObject({ id: 'p' })
  rules.allow = allow
  if (isIn) expect(await revalidate('p')).toMatchObject({ id: 'p' })
  else expect(await revalidate('p')).toBeUndefined()
  expect(withdrawn).toEqual(isIn ? [] : ['p'])

  // Also where it is asked, and says nothing of them.
  withdrawn = []
  grantOf.set('p', await grants.open({ ...grant, askAt: now }, 'a refresh token'))
  const answered = revalidate('p')
  await eventually('it is asked', () => asked.length === 1)
  asked[0]?.answer()
  if (isIn) expect(await answered).toMatchObject({ id: 'p' })
  else expect(await answered).toBeUndefined()
  expect(withdrawn).toEqual(isIn ? [] : ['p'])
})
