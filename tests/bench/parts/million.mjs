/** How much of a core may be busy all the time. */
const BUSY = 0.7
const BROWSERS = 1_000_000
/** How often a browser asks that is told nothing else. */
const INTERVAL_SECONDS = 2
const LEAST_OF_A_CLUSTER = 3

/**
 * What a million waiting browsers take, worked out from what one costs.
 * @param figures a whole run's
 */
export function millionWaiting(figures) {
  const { throughput, held, waiters } = figures
  const poll = throughput.rows.find(({ name }) => name === 'ScanIn')
  const bytesOf = (name) => waiters.find((row) => row.name === name).bytesAWaiter
  const cases = [
    { holdSeconds: 0, cpuMicros: poll.cpuMicros, bytes: bytesOf('plain poll every 2 s') },
    { holdSeconds: 2, cpuMicros: held[0].cpuMicros, bytes: bytesOf('held poll, 2 s') },
    { holdSeconds: 25, cpuMicros: held[0].cpuMicros, bytes: bytesOf('held poll, 25 s') },
  ]
  return cases.map(({ holdSeconds, cpuMicros, bytes }) => {
    const perSecond = BROWSERS / Math.max(holdSeconds, INTERVAL_SECONDS)
    const redis = redisFor(perSecond, figures)
    return {
      '`POLL_HOLD_SECONDS`': holdSeconds,
      'requests a second': perSecond,
      'instances, a core each': coresFor(perSecond, cpuMicros * redis.costOfPoll),
      'their memory, GB': (BROWSERS * bytes) / 1e9,
      'cores of Redis': redis.cores,
      'replies, MB a second': (perSecond * poll.bytesAReply) / 1e6,
    }
  })
}

/** One Redis for as long as it suffices; then a Cluster, in which a poll costs an instance and Redis more. */
function redisFor(perSecond, { throughput, instances }) {
  const one = coresFor(perSecond, throughput.redisCpuMicros)
  if (one === 1) return { cores: 1, costOfPoll: 1 }
  const [alone, inCluster] = ['one Redis', 'a Cluster of three'].map((store) =>
    instances.find((row) => row.store === store && row.instances === 1),
  )
  return {
    cores: Math.max(LEAST_OF_A_CLUSTER, coresFor(perSecond, inCluster.redisCpuMicros)),
    costOfPoll: inCluster.cpuMicros / alone.cpuMicros,
  }
}

function coresFor(perSecond, micros) {
  return Math.ceil((perSecond * micros) / 1e6 / BUSY)
}
