import { answered, type Reply } from './http-client.ts'

/**
 * Waits for a hold that nothing happens to, to its end. If a late store ends it early, the rest is asked for again.
 * @param ask asks with a hold of so many whole seconds
 */
export function untilHoldEnds(ask: (seconds: number) => Promise<Reply>, seconds: number): Promise<Reply> {
  const end = performance.now() + seconds * 1000
  return answered(() => ask(Math.max(1, Math.floor((end - performance.now()) / 1000))))
}
