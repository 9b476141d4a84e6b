import { executionAsyncResource } from 'node:async_hooks'
import { nextTick } from 'node:process'

const kept: object[] = []

/**
 * Keeps one of the objects alive that `nextTick` makes for each call, and with it the shape of them all.
 *
 * V8 learns that shape once, and holds it weakly. When its collector runs while no such object lives, as in every
 * server that is idle for a moment, each later call builds its object by the slow runtime, for good; a request makes
 * half a dozen, and a poll cost 1.13 times as much then (Node 20).
 */
export function keepTickShape(): void {
  nextTick(() => kept.push(executionAsyncResource()))
}
