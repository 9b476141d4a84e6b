// Measures versions of ScanIn side by side, in processor time. Both run at once on one core, so that whatever else the
// machine does slows both. They are started anew again and again, since the compiler's result differs from one process
// to the next.
import { load, loadSettled, rawRequest, writeRequests } from '../load/wrk.mjs'
import { checkPending, createLogins, pollRequest } from '../parts/logins.mjs'
import { residentBytesOf } from '../parts/processes.mjs'
import { startRedis } from '../parts/redis.mjs'
import { startScanIn } from '../parts/service.mjs'

const LOGINS = 30_000
const WAITING = 2000

/**
 * @param roots the folders in which the versions are built
 * @returns for each of what was measured, its `name` and by start what it cost each version, in the order of `roots`
 */
export async function measureSideBySide(roots, { starts }) {
  const redis = await startRedis()
  const ofAll = (task) => Promise.all(roots.map(task))
  const loads = await ofAll(async (root) => loadsFor(await createLogins(redis, LOGINS, root)))
  const costs = new Map()
  for (let start = 0; start < starts; start++) {
    const sides = await ofAll(async (root, at) => ({ server: await startScanIn(redis, { root }), ...loads[at] }))
    for (const { server, logins } of sides) await checkPending(server, logins)
    for (const [name, costsOf] of await measureOnce(sides)) costs.set(name, [...(costs.get(name) ?? []), costsOf])
    await Promise.all(sides.map(({ server }) => server.stop()))
  }
  await redis.stop()
  return [...costs].map(([name, byStart]) => ({ name, byStart }))
}

async function measureOnce(sides) {
  const cost = async (loadName, options) => {
    const results = await Promise.all(sides.map(({ server, ...loads }) => load([server], loads[loadName], options)))
    return results.map(({ cpuMicros }) => cpuMicros)
  }
  const costOfHeld = async (options) => {
    const results = await Promise.all(sides.map(({ server, held }) => loadSettled(server, held, options)))
    return results.map(({ cpuMicros }) => cpuMicros)
  }
  // Warms up first: until the code is compiled and the heap has grown, the compiler is measured. Logins are created
  // first, because polls leave as large a young generation as outlives them, and what comes next would pay for that.
  await cost('creation', { seconds: 1 })
  const creations = await cost('creation', { seconds: 1 })
  await cost('polls', { seconds: 2 })
  const polls = await cost('polls', { seconds: 2 })
  const holds = await costOfHeld({ settlesSeconds: 4, seconds: 5, connections: WAITING })
  const memory = sides.map(({ server }) => residentBytesOf(server.pid) / 2 ** 20)
  return [
    ['a poll, µs', polls],
    ['a poll held for 1 s, µs', holds],
    ['a login created, µs', creations],
    ['resident in the end, MB', memory],
  ]
}

function loadsFor(logins) {
  const start = rawRequest('POST', '/login', {
    accept: 'application/json',
    'user-agent': 'Mozilla/5.0 (X11) Firefox/140.0',
  })
  return {
    logins,
    polls: writeRequests(logins.map((login) => pollRequest(login))),
    held: writeRequests(logins.map((login) => pollRequest(login, '?seen=pending&wait=1'))),
    creation: writeRequests([start]),
  }
}
