import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { User } from '../../../../server/identity/identity.ts'
import type { Phone } from '../../../../server/login/login.ts'
import { BEGINNING, POLICY, REPEAT_MS, RUNS, SEED, TOKEN_MS } from './model.ts'
import type { createPeople, Step, Tab } from './people.ts'
import { always, matchKind, mishaps, tell } from './stories.ts'
import { changeOf, createWorld, type World } from './world.ts'

async function collectTwice(
  world: World,
  people: ReturnType<typeof createPeople>,
  tab: Tab,
  user: User,
): Promise<void> {
  const first = await people.poll(tab)
  world.pass(REPEAT_MS - 1)
  const again = await people.poll(tab)
  if (first.status !== 'authenticated' || again.status !== 'authenticated') {
    throw new Error(`asked in time, and told "${first.status}", then "${again.status}"`)
  }
  expect(again.sessionSecret).toBe(first.sessionSecret)
  expect(first.user).toEqual(user)
  const found = await world.sessions.authenticate(first.sessionSecret)
  expect(found?.session.user.id).toBe(user.id)
  expect(await people.poll(tab)).toEqual({ status: 'expired' })
}

/** Of an approved login: its session, and again, as long as what approved it is good. */
async function expectWhatIsDue(
  world: World,
  people: ReturnType<typeof createPeople>,
  tab: Tab,
  phone: Phone,
): Promise<void> {
  const { goodUntil = Number.POSITIVE_INFINITY } = phone
  if (!(await world.mayApprove(phone, tab.loginId))) expect((await people.poll(tab)).status).toBe('denied')
  else if (goodUntil > world.clock() + REPEAT_MS) await collectTwice(world, people, tab, phone.user)
  else expect((await people.poll(tab)).status).toBe('authenticated')
}

async function expectNothingOfEnded(world: World, people: ReturnType<typeof createPeople>, tab: Tab): Promise<void> {
  const login = await world.loginOf(tab.loginId)
  if (login === undefined || login.status === 'pending' || !world.isOut(login.phone)) return
  // A scan that was under way may come after the end and take the login over again: it leads to nothing.
  const made = world.sessionsMade.size
  const { status } = await people.poll(tab)
  if (login.status === 'authenticated') expect(status).toBe('denied')
  expect(status).not.toBe('authenticated')
  expect(world.sessionsMade.size).toBe(made)
}

describe('two browsers, three phones, time, conflicts and lost replies in any order', () => {
  test('never two sessions for one login, never one without the confirm of the phone that scanned, never one for another person', async () => {
    await always(async (world) => {
      // Each hand-over was looked at when it was seen; here it is what the store was told in all.
      for (const [key, times] of world.sessionsMade) expect({ key, times }).toEqual({ key, times: 1 })
      expect(new Set(world.toldCollected).size).toBe(world.toldCollected.length)
      for (const loginId of world.toldCollected) expect(world.handedOver).toContain(loginId)
    })
  })

  test('the right browser gets its session if it polls in time, again if the reply is lost, and no more once it is used', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) {
        const login = tab && (await world.loginOf(tab.loginId))
        if (tab === undefined || login?.status !== 'authenticated') continue
        await expectWhatIsDue(world, people, tab, login.phone)
      }
    })
  })

  test('each change of a login is told once, by whoever made it, and as uncertain where the store did not answer', async () => {
    await always(async (world) => {
      const tellings = (change: string) =>
        world.told.filter(({ loginId, before, after }) => before && changeOf(loginId, before, after) === change)
      expect(new Set(world.changes).size).toBe(world.changes.length)
      for (const change of world.changes) {
        const certain = tellings(change).filter(({ isUncertain }) => !isUncertain).length
        const isUnanswered = tellings(change).some(({ isUncertain }) => isUncertain)
        // One that was not answered and did not happen may happen after all, asked for again.
        expect({ change, isTold: certain === 1 || (certain === 0 && isUnanswered) }).toEqual({ change, isTold: true })
      }
      const made = new Set(world.changes)
      for (const { loginId, before, after, isUncertain } of world.told) {
        if (before && after && !isUncertain) expect(made).toContain(changeOf(loginId, before, after))
      }
    })
  })

  test('who was told that a phone is out can rely on it: nothing that it approved is handed over', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) if (tab !== undefined) await expectNothingOfEnded(world, people, tab)
    })
  })

  test('so too when its end and the hand-over of what it approved come at once', async () => {
    const seen = { sessions: 0, denied: 0 }
    const byPhone = fc.record({
      do: fc.constantFrom('scan' as const, 'confirm' as const),
      phone: fc.constantFrom(1, 2),
      target: fc.constant(0),
    })
    const byBrowser = fc.constantFrom<Step>(
      { do: 'poll', browser: 0 },
      { do: 'pollLost', browser: 0 },
      { do: 'match', browser: 0, isRight: true },
    )
    const atOnce = fc.array(fc.oneof(byBrowser, byBrowser, byPhone), { minLength: 1, maxLength: 4 })
    const ending = fc.constantFrom('endPhone' as const, 'signInAgain' as const)
    const property = fc.asyncProperty(
      ...([fc.scheduler(), mishaps, matchKind, fc.boolean(), atOnce, ending] as const),
      async (scheduler, bad, match, isSpread, others, end) => {
        const world = createWorld(scheduler, bad, match, isSpread)
        const approver = { phone: 1, target: 0 }
        const story: Step[][] = [
          [{ do: 'scan', ...approver }],
          [{ do: 'confirm', ...approver }],
          [{ do: 'poll', browser: 0 }, { do: end, ...approver }, ...others],
        ]
        const people = await tell(scheduler, story, world)
        world.calm()
        const [tab] = people.tabs
        if (tab === undefined) return
        await expectNothingOfEnded(world, people, tab)
        seen.sessions += world.sessionsMade.size
        if ((await world.loginOf(tab.loginId))?.status === 'denied') seen.denied++
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: RUNS * 2 })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 5)
  })

  test('so too where it is out by its token`s end, before, while or after the browser asks', async () => {
    const seen = { sessions: 0, denied: 0 }
    const waiting = (ms: number[]) => fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(...ms) })
    const byBrowser = fc.constantFrom<Step>({ do: 'poll', browser: 0 }, { do: 'match', browser: 0, isRight: true })
    const atOnce = fc.array(fc.oneof(byBrowser, waiting([1, 1000])), { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(
      ...([fc.scheduler(), mishaps, matchKind, fc.boolean(), waiting([1, 5000, 9999]), atOnce] as const),
      async (scheduler, bad, match, isSpread, late, others) => {
        const world = createWorld(scheduler, bad, match, isSpread)
        const approver = { phone: 0, target: 0 }
        const story: Step[][] = [
          [{ do: 'wait', ms: TOKEN_MS - 10_000 }],
          [{ do: 'scan', ...approver }],
          [{ do: 'confirm', ...approver }],
          [late],
          others,
        ]
        const people = await tell(scheduler, story, world)
        world.calm()
        const [tab] = people.tabs
        if (tab === undefined) return
        seen.sessions += world.sessionsMade.size
        world.pass(Math.max(0, BEGINNING + TOKEN_MS - world.clock()))
        await expectNothingOfEnded(world, people, tab)
        if ((await world.loginOf(tab.loginId))?.status === 'denied') seen.denied++
      },
    )
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 10)
  })

  test('a store that fails anywhere in a hand-over loses nothing that was confirmed, as long as it may be collected', async () => {
    const seen = { failures: 0, sessions: 0 }
    const polls = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.constantFrom('lostBefore' as const, 'lostAfter' as const)), {
      minLength: 1,
      maxLength: 6,
    })
    const property = fc.asyncProperty(fc.scheduler(), polls, fc.boolean(), async (scheduler, cuts, isSpread) => {
      const world = createWorld(scheduler, ['none'], 'none', isSpread)
      const people = await tell(scheduler, [], world)
      world.calm()
      const approver = { phone: 1, target: 0 }
      await people.live({ do: 'scan', ...approver })
      await people.live({ do: 'confirm', ...approver })
      const [tab] = people.tabs
      if (tab === undefined) throw new Error('no login')
      const end = world.clock() + POLICY.collectMs
      for (const [after, how] of cuts) {
        world.failFrom(after, how)
        const answer = await people.poll(tab).catch(() => 'failed' as const)
        world.failFrom(Number.POSITIVE_INFINITY, how)
        if (answer !== 'failed') return
        seen.failures++
        world.pass(Math.floor((end - world.clock() - 1) / 2))
      }
      const found = await people.poll(tab)
      expect(found).toMatchObject({ status: 'authenticated' })
      seen.sessions += world.sessionsMade.size
    })
    await fc.assert(property, { seed: SEED, numRuns: RUNS })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 5)
  })

  test('nothing outlives its end: when all its time is over a login is `expired` to everyone, and approves nothing', async () => {
    await always(async (world, people) => {
      world.pass(Math.max(POLICY.lifeMs, POLICY.confirmMs, POLICY.collectMs, REPEAT_MS))
      for (const tab of people.tabs) {
        if (tab === undefined) continue
        const made = world.sessionsMade.size
        expect(await people.poll(tab)).toEqual({ status: 'expired' })
        for (const each of people.phones) {
          await expect(
            world.approvals.confirm(tab.token, each, { remember: false, presentedSecret: each.id }),
          ).rejects.toMatchObject({
            code: 'expired_token',
          })
          await expect(world.approvals.scan(tab.token, each, world.match)).rejects.toMatchObject({
            code: 'expired_token',
          })
        }
        expect(await people.poll(tab)).toEqual({ status: 'expired' })
        expect(world.sessionsMade.size).toBe(made)
      }
    })
  })

  test('a denied login stays denied for as long as it is shown, whatever everybody tries', async () => {
    await always(async (world, people) => {
      for (const tab of people.tabs) {
        const login = tab && (await world.loginOf(tab.loginId))
        if (tab === undefined || login?.status !== 'denied') continue
        for (const each of people.phones) {
          await world.approvals.scan(tab.token, each, world.match).catch(() => undefined)
          await world.approvals
            .confirm(tab.token, each, { remember: true, presentedSecret: each.id })
            .catch(() => undefined)
        }
        await people.live({ do: 'match', browser: people.tabs.indexOf(tab), isRight: true })
        expect((await people.poll(tab)).status).toBe('denied')
      }
    })
  })

  test('the stories are about something: sessions are handed out, denied and expired in many of them', async () => {
    const seen = { sessions: 0, denied: 0, expired: 0, endedPhones: 0 }
    await always(async (world, people) => {
      seen.sessions += world.sessionsMade.size
      seen.endedPhones += world.ended.size
      for (const tab of people.tabs) {
        const status = tab && (await world.loginOf(tab.loginId))?.status
        if (status === 'denied') seen.denied++
        if (tab !== undefined && status === undefined) seen.expired++
      }
    })
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 50)
  })
})
