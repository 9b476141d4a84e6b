import { load } from '../load/wrk.mjs'
import { cpuSecondsOf } from './processes.mjs'

/** What has been asked of some servers so far: processor time, commands and bytes, of all together. */
export async function redisUse(servers) {
  const stats = await Promise.all(servers.map(({ client }) => client.info('stats')))
  const sum = (name) => stats.reduce((total, text) => total + Number(new RegExp(`${name}:(\\d+)`).exec(text)[1]), 0)
  return {
    cpuMicros: servers.reduce((total, { pid }) => total + cpuSecondsOf(pid) * 1e6, 0),
    commands: sum('total_commands_processed'),
    bytes: sum('total_net_input_bytes') + sum('total_net_output_bytes'),
  }
}

/** What each of so many things cost Redis, from its use before them and after. */
export function redisCosts(before, after, count) {
  return {
    redisCpuMicros: (after.cpuMicros - before.cpuMicros) / count,
    redisCommands: (after.commands - before.commands) / count,
    redisBytes: (after.bytes - before.bytes) / count,
  }
}

/** As `load`, with what a request cost the Redis servers behind it. */
export async function loadWithRedis(redisServers, servers, requestsFile, options) {
  const before = await redisUse(redisServers)
  const result = await load(servers, requestsFile, options)
  return { ...result, ...redisCosts(before, await redisUse(redisServers), result.requests) }
}

export async function usedBytesOf({ client }) {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))[1])
}
