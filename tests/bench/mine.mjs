import { load, rawRequest, writeRequests } from './load/wrk.mjs'
import { createLogins, pollRequest } from './parts/logins.mjs'
import { startRedis } from './parts/redis.mjs'
import { startScanIn } from './parts/service.mjs'
import { stopAll } from './parts/processes.mjs'
const roots = process.argv[2].split(',')
const what = process.argv[3].split(',')
const starts = Number(process.argv[4] ?? 2)
const redis = await startRedis()
const loads = await Promise.all(roots.map(async root => { const logins = await createLogins(redis, 10000, root); return {
  polls: [writeRequests(logins.map((l) => pollRequest(l))), {}],
  held: [writeRequests(logins.map((l) => pollRequest(l, '?seen=pending&wait=1'))), {connections: 2500}],
  creation: [writeRequests([rawRequest('POST', '/login', { accept: 'application/json', 'user-agent': 'Mozilla/5.0 (X11) Firefox/140.0' })]), {}] } }))
try {
for (let s = 0; s < starts; s++) for (const kind of what) {
  const sides = await Promise.all(roots.map((root) => startScanIn(redis, { root })))
  const go = (seconds) => Promise.all(sides.map((server, i) => load([server], loads[i][kind][0], { seconds, ...loads[i][kind][1] })))
  await go(kind === 'held' ? 5 : 3)
  const r = await go(kind === 'held' ? 6 : 3)
  console.log(kind, r.map((x) => x.cpuMicros.toFixed(2)).join(' '), (r[0].cpuMicros / r[1].cpuMicros).toFixed(2), 'p99', r.map((x) => x.p99Ms).join(' '))
  await Promise.all(sides.map((x) => x.stop()))
}
} finally { await redis.stop(); await stopAll() }
process.exit(0)
