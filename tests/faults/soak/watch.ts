import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../stage/fault.ts'
import type { Instances } from '../stage/instances.ts'
import type { OneRedis } from '../stage/one-redis.ts'
import type { Figures } from './growth.ts'

const MIB = 2 ** 20
const SAMPLE_EVERY_MS = 1000

/** The environment of an instance that collects its garbage when it is told to. */
export const COLLECTS_GARBAGE = { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'collect-garbage.mjs')}` }

export interface WatchOptions {
  redis: OneRedis
  instances: Instances
  metricsPorts: readonly number[]
}

/**
 * Looks at what grows where something leaks, for a while in which nothing is wrong. Garbage is collected first
 * ({@link COLLECTS_GARBAGE}): a heap by itself swings by a hundred MiB, for minutes.
 */
export async function watch(options: WatchOptions, ms: number): Promise<Figures> {
  const samples: Record<string, number[]> = {}
  for (const { child } of options.instances.processes()) child.kill('SIGUSR2')
  for (const end = performance.now() + ms; performance.now() < end; await sleep(SAMPLE_EVERY_MS)) {
    for (const [figure, value] of Object.entries(await sample(options))) {
      samples[figure] = [...(samples[figure] ?? []), value]
    }
  }
  return Object.fromEntries(
    Object.entries(samples).map(([figure, values]) => [figure, Math.round(ofAll(figure, values))]),
  )
}

/** Of a heap, the lowest figure, which a collection has left; of all else, the median. */
function ofAll(figure: string, values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[figure.includes('heap') ? 0 : Math.floor(sorted.length / 2)] ?? 0
}

async function sample({ redis, instances, metricsPorts }: WatchOptions): Promise<Record<string, number>> {
  const memory = await redis.admin.info('memory')
  const heaps = await Promise.all(metricsPorts.map(heapBytes))
  const pids = instances.processes().map(({ child }) => child.pid ?? 0)
  return {
    ...named('heap MiB', heaps.map(inMib)),
    ...named('resident MiB', pids.map(residentBytes).map(inMib)),
    ...named('descriptors', pids.map(openDescriptors)),
    'Redis MiB': inMib(Number(/used_memory:(\d+)/.exec(memory)?.[1])),
    'Redis keys': await redis.admin.dbsize(),
  }
}

/** How many keys of each kind there are: what to look at where they grew. */
export async function kindsOfKeys({ admin }: OneRedis): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {}
  for await (const keys of admin.scanStream({ count: 1000 })) {
    for (const key of keys) {
      const kind = String(key).split(':').slice(0, -1).join(':')
      kinds[kind] = (kinds[kind] ?? 0) + 1
    }
  }
  return kinds
}

/** The name of an instance's figure, as {@link watch} has it. */
export function figureOf(instance: number, what: string): string {
  return `instance ${instance + 1} ${what}`
}

function named(what: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, instance) => [figureOf(instance, what), value]))
}

async function heapBytes(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1])
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

const inMib = (bytes: number) => bytes / MIB
