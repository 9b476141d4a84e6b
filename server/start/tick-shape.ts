import { executionAsyncResource } from 'node:async_hooks'
import { nextTick } from 'node:process'

const kept: object[] = []

/**
 * Keeps one of the objects alive that `nextTick` makes for each call, and with it the shape of them all.
 *
 * V8 learns that shape once, and holds it weakly. When its collector runs while no such object lives, as in every
 * server that is idle for a moment, each later call builds its object by the slow runtime, for good: half a microsecond
 * more on Node 20 and 22, nearly a whole one on 24, and a request makes half a dozen. Node 26 builds them in another way,
 * and neither gains nor loses by it.
 */
export function keepTickShape(): void {
  nextTick(() => kept.push(executionAsyncResource()))
}
