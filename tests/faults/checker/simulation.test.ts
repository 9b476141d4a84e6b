import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { check } from './check.ts'
import type { LoginHistory, Rules } from './history.ts'
import { MUTATIONS } from './simulation/mutations.ts'
import { FAULTS } from './simulation/service.ts'
import { type Simulation, simulate } from './simulation/simulate.ts'

/** Short lives, so that much ends while somebody is asking. Shorter than a hand-over repeats, which is no rule of ours. */
const RULES: Rules = { lifeMs: 8000, confirmMs: 4000, collectMs: 3000, overlapMs: 500, refreshMs: 1000, slackMs: 0 }
/** `CHECKER_RUNS` makes the search longer by hand. */
const RUNS = Number(process.env['CHECKER_RUNS'] ?? 150)
const SEED = 20_261

const simulation: fc.Arbitrary<Simulation> = fc.record({
  seed: fc.nat(),
  rules: fc.constant(RULES),
  match: fc.constantFrom('none', 'code'),
  moments: fc.integer({ min: 20, max: 150 }),
  longestPauseMs: fc.constantFrom(20, 100, 300),
  losses: fc.constantFrom(0, 0.1, 0.3),
})

function simulated(seed: number, overrides: Partial<Simulation> = {}): LoginHistory {
  const match = seed % 2 === 0 ? 'none' : 'code'
  return simulate({ seed, rules: RULES, match, moments: 160, longestPauseMs: 100, losses: 0.05, ...overrides })
}

const SEEDS = Array.from({ length: RUNS }, (_, seed) => seed)

test('whatever browsers and phones do in whatever order, what a right service answers is explained', () => {
  fc.assert(
    fc.property(simulation, (order) => {
      expect(check(simulate(order), RULES)).toEqual([])
    }),
    { seed: SEED, numRuns: 2 * RUNS },
  )
})

test('the simulation is not about nothing: logins are signed in, denied, expired, and replies get lost', () => {
  const calls = SEEDS.flatMap((seed) => simulated(seed).calls)
  const said = new Set(calls.map(({ answer }) => answer?.said))
  expect([...said]).toEqual(expect.arrayContaining(['authenticated', 'denied', 'expired', 'match_required', undefined]))
})

describe.each(MUTATIONS)('with $name', ({ name, mutate }) => {
  test('no history passes', () => {
    const mutated = SEEDS.flatMap((seed) => mutate(simulated(seed, { losses: 0 })) ?? [])
    expect(mutated.filter((history) => check(history, RULES).length === 0)).toEqual([])
    // The seed alone decides how many there are: there must be enough of them.
    expect({ name, isOften: mutated.length >= RUNS / 75 }).toEqual({ name, isOften: true })
  })
})

/** Not every history of a faulty service meets the fault: it is enough that some are caught. */
test.each(FAULTS)('a service that %s does not get away with it', (fault) => {
  const caught = SEEDS.filter((seed) => check(simulated(seed, { fault }), RULES).length > 0)
  expect({ fault, isCaught: caught.length > 0 }).toEqual({ fault, isCaught: true })
})
