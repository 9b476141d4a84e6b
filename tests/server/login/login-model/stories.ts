import fc from 'fast-check'
import type { MatchKind } from '../../../../server/login/login.ts'
import { RUNS, SEED } from './model.ts'
import { createPeople, type Step } from './people.ts'
import { createWorld, type World } from './world.ts'

const browser = fc.nat({ max: 1 })
const phone = fc.nat({ max: 2 })
const simple = (...names: Extract<Step, { browser: number }>['do'][]) =>
  fc.record({ do: fc.constantFrom(...names), browser }) as fc.Arbitrary<Step>
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: simple('start') },
  { weight: 2, arbitrary: simple('rotate', 'userCode') },
  { weight: 1, arbitrary: simple('cancel', 'revoke') },
  { weight: 8, arbitrary: simple('poll', 'pollLost', 'use') },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pollForeign' as const), browser, target: browser }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('match' as const), browser, isRight: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('scan' as const, 'scanCode' as const, 'scanOld' as const),
      phone,
      target: browser,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('confirm' as const), phone, target: browser }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny' as const), phone, target: browser }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('endPhone' as const, 'signInAgain' as const, 'signInAgain' as const),
      phone,
      target: browser,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 999, 3000, 9999, 10_000, 20_000, 60_000),
    }),
  },
)

/** Steps of one round happen at once; a round begins when the one before has ended. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 3, maxLength: 14 })
const mishap = fc.oneof(
  { weight: 30, arbitrary: fc.constant('none' as const) },
  { weight: 3, arbitrary: fc.constantFrom('conflict' as const, 'lostBefore' as const, 'lostAfter' as const) },
)
export const mishaps = fc.array(mishap, { minLength: 1, maxLength: 60 })
export const matchKind = fc.constantFrom<MatchKind>('none', 'code')

/** Lets a story happen, with both browsers already waiting so that most of it is about something. */
export async function tell(
  scheduler: fc.Scheduler,
  story: Step[][],
  world: World,
): Promise<ReturnType<typeof createPeople>> {
  const people = createPeople(world)
  world.calm()
  for (const each of people.phones) await world.signIn(each)
  world.calm(false)
  const beginning: Step[] = [
    { do: 'start', browser: 0 },
    { do: 'start', browser: 1 },
  ]
  for (const round of [beginning, ...story]) {
    await scheduler.waitFor(Promise.all(round.map((each) => people.live(each))))
  }
  return people
}

export function always(what: (world: World, people: ReturnType<typeof createPeople>) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(
    fc.scheduler(),
    rounds,
    mishaps,
    matchKind,
    fc.boolean(),
    async (scheduler, story, bad, match, isSpread) => {
      const world = createWorld(scheduler, bad, match, isSpread)
      const people = await tell(scheduler, story, world)
      world.calm()
      await what(world, people)
    },
  )
  return fc.assert(property, { seed: SEED, numRuns: RUNS })
}
