// The goals for a whole run on Node 24, beside what a run found.
import { rounded } from './parts/statistics.mjs'

export const POLL_OF_FLOOR = 1.4
export const KILOBYTES_A_WAITER = 12

const ours = ({ rows }) => rows.find(({ name }) => name === 'ScanIn')
const constant = ({ rows }) => rows.find(({ name }) => name === 'constant')
const promptness = (change, ratio) => (figures) =>
  Object.values(figures)
    .filter((figure) => figure.change === change)
    .map((figure) => figure[ratio])

/** `seen` gives one figure, or one for each case, from the figures that it `needs`. */
const GOALS = [
  {
    goal: 'poll, of the floor',
    least: POLL_OF_FLOOR,
    needs: ['throughput'],
    seen: ({ throughput }) => [ours(throughput).ofFloor],
  },
  {
    goal: 'poll, of the constant',
    least: 0.9,
    needs: ['throughput'],
    seen: ({ throughput }) => [ours(throughput).ofConstant],
  },
  {
    goal: "poll at p99, of the constant's",
    most: 1.5,
    needs: ['throughput'],
    seen: ({ throughput }) => [ours(throughput).p99Ms / constant(throughput).p99Ms],
  },
  {
    goal: 'processor time of a held poll, of a plain one',
    most: 2.5,
    needs: ['throughput', 'held'],
    seen: ({ throughput, held }) => [held[0].cpuMicros / ours(throughput).cpuMicros],
  },
  {
    goal: 'kB a waiting browser, held for 2 s',
    most: KILOBYTES_A_WAITER,
    needs: ['waiters'],
    seen: ({ waiters }) => [waiters.find(({ name }) => name === 'held poll, 2 s').bytesAWaiter / 1000],
  },
  {
    goal: 'creation, of better-auth',
    least: 6,
    needs: ['creation'],
    seen: ({ creation }) => [ours(creation).ofBetterAuth],
  },
  {
    goal: 'Redis bytes a pending login',
    most: 450,
    needs: ['redis-bytes'],
    seen: (figures) => [figures['redis-bytes'].whole],
  },
  { goal: 'push, of a WebSocket, p50', most: 1.5, needs: [], seen: promptness('publish', 'p50Ratio') },
  { goal: 'push, of a WebSocket, p99', most: 1.5, needs: [], seen: promptness('publish', 'p99Ratio') },
  { goal: 'signing in, of a WebSocket, p50', most: 0.9, needs: [], seen: promptness('sign-in', 'p50Ratio') },
  { goal: 'signing in, of a WebSocket, p99', most: 1, needs: [], seen: promptness('sign-in', 'p99Ratio') },
]

/** @returns a row for each goal whose figures were measured */
export function goalsSeen(figures) {
  const measured = GOALS.filter(({ needs }) => needs.every((name) => name in figures))
  return measured.flatMap(({ goal, least, most, seen }) => {
    // Judged as rounded, since people read that.
    const values = seen(figures).map((value) => rounded(value, value < 10 ? 2 : 0))
    if (values.length === 0) return []
    const met = values.filter((value) => (least === undefined ? value <= most : value >= least)).length
    return [
      {
        goal,
        wanted: least === undefined ? `at most ${most}` : `at least ${least}`,
        seen: values.join(', '),
        met: wordFor(met, values.length),
      },
    ]
  })
}

function wordFor(met, all) {
  if (met === all) return 'yes'
  return met === 0 ? 'no' : `in ${met} of ${all}`
}
