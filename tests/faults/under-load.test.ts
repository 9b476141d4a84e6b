import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { check } from './checker/check.ts'
import { faultsAt, PEACE } from './stage/fault.ts'
import { INSTANCE_FAULTS } from './stage/instance-faults.ts'
import { type Instances, RULES, startInstances } from './stage/instances.ts'
import { type OneRedis, startOneRedis } from './stage/one-redis.ts'
import { EMPTIED, LINE_FAULTS, SERVER_FAULTS } from './stage/redis-faults.ts'
import { type Phase, run } from './stage/run.ts'

/**
 * People sign in at two instances, in the real world's disorder, while one thing after the other goes wrong; what each
 * of them saw is proved against the rules. `npm run faults` does the same for longer, elsewhere too, with other seeds.
 */

const SEED = 20_261
const LOGINS_PER_SECOND = 6
const FAULT_MS = 1500
const PEACE_MS = 700

let redis: OneRedis
let instances: Instances
let phases: Phase[]

beforeAll(async () => {
  redis = await startOneRedis()
  instances = await startInstances(2, redis.env)
  const faults = [
    ...[PEACE, ...faultsAt(redis, [...SERVER_FAULTS, ...LINE_FAULTS])],
    ...[...faultsAt(instances, INSTANCE_FAULTS), ...faultsAt(redis, [EMPTIED])],
  ]
  phases = await run({
    ...{ instances, faults, rules: RULES, seed: SEED, loginsPerSecond: LOGINS_PER_SECOND, mostAtOnce: 40 },
    ...{ faultMs: FAULT_MS, peaceMs: PEACE_MS },
  })
})

afterAll(async () => {
  await instances.stop()
  await redis.stop()
})

const ALL = [PEACE, ...SERVER_FAULTS, ...LINE_FAULTS, ...INSTANCE_FAULTS, EMPTIED].map(({ name }) => name)

describe.each(ALL)('while %s', (name) => {
  function phase(): Phase {
    const found = phases.find(({ fault }) => fault === name)
    if (found === undefined) throw new Error(`${name} did not happen`)
    return found
  }

  test('nobody is signed in who may not be, and all answers fit together', () => {
    const broken = phase().violations.map(({ rule, detail }) => `${rule}\n${detail}`)
    expect(broken.slice(0, 3).join('\n\n')).toBe('')
  })

  test('people get in', () => {
    expect(phase().gotIn).toBeGreaterThan(0)
  })

  test('what was confirmed is answered in time', () => {
    expect(phase().starved.join('\n\n')).toBe('')
  })
})

test('where nobody had said that Redis would be emptied, what that lost would have been noticed', () => {
  const emptied = phases.find(({ fault }) => fault === EMPTIED.name)?.played ?? []
  expect(emptied.flatMap(({ history }) => check(history, RULES))).not.toEqual([])
})
