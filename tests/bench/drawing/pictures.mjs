import { KILOBYTES_A_WAITER, POLL_OF_FLOOR } from '../goals.mjs'
import { bars } from './bars.mjs'
import { lines } from './lines.mjs'
import { spans } from './spans.mjs'

const OURS = 'ScanIn'
const PROMPTNESS = 'Milliseconds, each line ten times the one before; ratios of p50 and of p99, ScanIn to WebSocket'

/**
 * What docs/performance.md shows, out of what a run found (`figures` of `npm run bench -- --json FILE`).
 * @returns pictures by their names, without those whose figures the run does not have
 */
export function pictures(figures) {
  const drawn = Object.entries(PICTURES).map(([name, draw]) => [name, draw(figures)])
  return new Map(drawn.filter(([, svg]) => svg))
}

const PICTURES = {
  'bench-polls': ({ throughput }) => throughput && polls(throughput),
  'bench-pushes': (figures) =>
    promptness(figures, 'publish', {
      title: 'From a change in Redis to the browser',
      reading: PROMPTNESS,
    }),
  'bench-signing-in': (figures) =>
    promptness(figures, 'sign-in', {
      title: 'Signing in: from the confirm to the data of the person',
      reading: PROMPTNESS,
    }),
  'bench-waiters': ({ waiters }) => waiters && waiting(waiters),
  'bench-growth': ({ growth }) => growth && grown(growth),
  'bench-instances': ({ instances }) => instances && instancesOf(instances),
}

const POLLED = {
  ScanIn: { label: OURS, isOurs: true },
  constant: { label: 'the constant', what: 'node:http, always one reply' },
  floor: { label: 'the floor', what: 'node:http, a Redis GET each' },
  'oidc-provider': { label: 'oidc-provider' },
  'better-auth': { label: 'better-auth' },
}

function polls({ rows }) {
  const known = rows.filter(({ name }) => name in POLLED)
  return bars({
    title: 'Polls of pending logins, by one core',
    reading: 'How many a second, in percent of the floor',
    unit: ' %',
    rows: known.map(({ name, ofFloor, ofConstant }) => {
      const { label, what, isOurs = false } = POLLED[name]
      return { label, note: what ?? `${percent(ofConstant)} of the constant`, value: Math.round(ofFloor * 100), isOurs }
    }),
    goal: { value: POLL_OF_FLOOR * 100, wanted: 'at least' },
  })
}

function promptness(figures, change, words) {
  const measured = Object.values(figures).filter((one) => one.change === change)
  if (measured.length === 0) return undefined
  const cases = measured.map(({ waiting, holdSeconds, roundTripMs, heldPoll, webSocket, p50Ratio, p99Ratio }) => ({
    label: `${waiting.toLocaleString('en')} waiting`,
    note: `held for ${holdSeconds} s${roundTripMs > 0 ? `, ${roundTripMs} ms away` : ''}`,
    ours: { p50: heldPoll.p50Ms, p99: heldPoll.p99Ms },
    theirs: { p50: webSocket.p50Ms, p99: webSocket.p99Ms },
    ratios: { p50: p50Ratio, p99: p99Ratio },
  }))
  return spans({ ...words, ours: OURS, theirs: 'a WebSocket', cases })
}

function waiting(rows) {
  return bars({
    title: 'What a waiting browser costs the server',
    reading: `Resident memory after ten seconds, kB each of ${rows[0].waiting.toLocaleString('en')}`,
    unit: ' kB',
    rows: rows.map(({ name, bytesAWaiter }) => ({
      label: name,
      value: bytesAWaiter / 1000,
      isOurs: name !== 'WebSocket',
    })),
    goal: { value: KILOBYTES_A_WAITER, wanted: 'at most' },
  })
}

function grown(rows) {
  const line = (name, key, isOurs) => ({
    name,
    isOurs,
    points: rows.map((row) => ({ x: row.pendingLogins, y: row[key] / 1000 })),
  })
  return lines({
    title: 'Polls by pending logins in Redis',
    reading: 'Thousand polls a second by one core',
    across: 'pending logins',
    isLogarithmic: true,
    lines: [line(OURS, 'perSecond', true), line('the floor', 'floorPerSecond', false)],
  })
}

function instancesOf(rows) {
  const stores = [...new Set(rows.map(({ store }) => store))]
  return lines({
    title: 'What a poll costs by instances',
    reading: 'Microseconds of the processor for a poll',
    across: 'instances, on one core together',
    lines: stores.map((store, at) => ({
      name: store,
      isOurs: at === 0,
      points: rows.filter((row) => row.store === store).map((row) => ({ x: row.instances, y: row.cpuMicros })),
    })),
  })
}

function percent(share) {
  return `${Math.round(share * 100)} %`
}
