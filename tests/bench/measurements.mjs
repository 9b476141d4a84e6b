import { measureClientTraffic } from './measures/client-traffic.mjs'
import { measureCreation } from './measures/creation.mjs'
import { measureForwardAuth } from './measures/forward-auth.mjs'
import { measureGrowth } from './measures/growth.mjs'
import { measureHeldThroughput } from './measures/held-throughput.mjs'
import { measureInstances } from './measures/instances.mjs'
import { measurePromptness } from './measures/promptness.mjs'
import { measureRedisBytes } from './measures/redis-bytes.mjs'
import { measureSessionsOfOne } from './measures/sessions-of-one.mjs'
import { measureThroughput } from './measures/throughput.mjs'
import { measureToken } from './measures/token.mjs'
import { measureWaiters } from './measures/waiters.mjs'
import { measureLoginByInstances, measureWholeLogin } from './measures/whole-login.mjs'

/** Measurements that would mean nothing after so short a time as a quick run has. */
const FOR_A_WHOLE_RUN = [
  'held',
  'sessions-of-one',
  'instances',
  'whole-login',
  'login-by-instances',
  'forward-auth',
  'token',
]

/** What is measured, in this order. Quick: shorter rounds and fewer of them, all within two minutes. */
export function measurements(isQuick) {
  const seconds = isQuick ? 1 : 4
  const rounds = isQuick ? 3 : 7
  const promptnessRounds = isQuick ? 1 : 5
  const changes = isQuick ? 100 : 400
  const all = [
    {
      name: 'throughput',
      title: 'Polls of pending logins, each with its own cookie',
      measure: () =>
        measureThroughput(
          isQuick
            ? { starts: 1, rounds: 3, seconds: 1, warmUpSeconds: 2 }
            : { starts: 4, rounds: 4, seconds: 2, warmUpSeconds: 4 },
        ),
      rowsOf: ({ rows, pollsARedisCommand, redisCpuMicros }) =>
        rows.map((row) => (row.name === 'ScanIn' ? { ...row, pollsARedisCommand, redisCpuMicros } : row)),
    },
    {
      name: 'held',
      title: 'A held poll beside the least that it can cost',
      measure: () => measureHeldThroughput({ rounds: 3, seconds: 8 }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'creation',
      title: 'Logins created, with the QR drawn, beside device codes',
      measure: () => measureCreation({ rounds: isQuick ? 2 : rounds, seconds }),
      rowsOf: ({ rows }) => rows,
    },
    ...promptness({ isQuick, rounds: promptnessRounds, changes }),
    {
      name: 'waiters',
      title: 'What a waiting browser costs the server',
      measure: () => measureWaiters({ waiting: 5000, seconds: isQuick ? 1 : 10 }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'redis-bytes',
      title: 'Bytes that a pending login costs Redis (`MEMORY USAGE`, and all in over 50,000)',
      measure: measureRedisBytes,
      rowsOf: (row) => [row],
    },
    {
      name: 'growth',
      title: 'Polls a second by pending logins in Redis',
      measure: () =>
        measureGrowth(
          isQuick
            ? { counts: [100, 100_000], rounds: 1, seconds: 1 }
            : { counts: [100, 1000, 10_000, 100_000, 1_000_000], rounds: 5, seconds: 2 },
        ),
      rowsOf: (rows) => rows,
    },
    {
      name: 'sessions-of-one',
      title: 'One more sign-in, from confirm to session, by how many sessions its owner has',
      measure: () => measureSessionsOfOne({ counts: [1, 10, 25, 49, 50], people: 100 }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'instances',
      title: 'Polls by instances, which share one core, on one Redis and on a Cluster of three',
      measure: () => measureInstances({ most: 4, rounds: 4, seconds: 2 }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'client-traffic',
      title: 'The traffic of a whole login',
      measure: () =>
        measureClientTraffic(
          isQuick ? { scanAfterMs: 3000, confirmAfterMs: 1000 } : { scanAfterMs: 15_000, confirmAfterMs: 5000 },
        ),
      rowsOf: (row) => [row],
    },
    {
      name: 'whole-login',
      title: 'What a whole login costs: made, polled, scanned, confirmed, collected, `/session`',
      measure: () =>
        measureWholeLogin({ logins: 500, arriveOverMs: 20_000, scanAfterMs: 15_000, confirmAfterMs: 5000 }),
      rowsOf: (row) => [row],
    },
    {
      name: 'login-by-instances',
      title: 'The same by instances, which share one core, on one Redis and on a Cluster of three',
      measure: () =>
        measureLoginByInstances({
          ...{ most: 4, logins: 300, arriveOverMs: 12_000 },
          ...{ scanAfterMs: 15_000, confirmAfterMs: 5000 },
        }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'forward-auth',
      title: 'Whether somebody may enter, asked by a proxy',
      measure: () => measureForwardAuth({ people: 100, rounds: 5, seconds: 3 }),
      rowsOf: (rows) => rows,
    },
    {
      name: 'token',
      title: 'Tokens refreshed, beside logins created',
      measure: () => measureToken({ people: 256, atOnce: 32, rounds: 4, seconds: 3 }),
      rowsOf: (rows) => rows,
    },
  ]
  return isQuick ? all.filter(({ name }) => !FOR_A_WHOLE_RUN.includes(name)) : all
}

const CHANGES = {
  publish: "a record's change to the browser",
  'sign-in': "the phone's confirm to the person's data in the browser",
}

function promptness({ isQuick, rounds, changes }) {
  const crowds = isQuick ? [1000] : [1000, 5000]
  const holds = isQuick ? [2] : [2, 25]
  const cases = Object.keys(CHANGES).flatMap((change) =>
    crowds.flatMap((waiting) => holds.map((holdSeconds) => ({ change, waiting, holdSeconds, roundTripMs: 0 }))),
  )
  // A case in which a round trip counts most.
  const far = { change: 'sign-in', waiting: 1000, holdSeconds: 2, roundTripMs: 50 }
  return [...cases, far].map(({ change, waiting, holdSeconds, roundTripMs }) => ({
    name: `promptness-${change}-${waiting}-${holdSeconds}${roundTripMs === 0 ? '' : '-far'}`,
    title: `From ${CHANGES[change]}, ${waiting} waiting${roundTripMs === 0 ? '' : ` ${roundTripMs} ms away`}, held for ${holdSeconds} s`,
    measure: () => measurePromptness({ waiting, changes, rounds, holdSeconds, change, roundTripMs }),
    rowsOf: ({ heldPoll, webSocket, p50Ratio, p99Ratio }) => [
      { name: 'held poll', ...heldPoll, p50Ratio, p99Ratio },
      { name: 'WebSocket', ...webSocket },
    ],
  }))
}
