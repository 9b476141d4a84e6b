import { answered, type Reply } from './http-client.ts'

/**
 * A hold that nothing happens to, to its end. Where it ends before because a store was late, it is gone on with.
 * @param ask for so many whole seconds
 */
export function untilHoldEnds(ask: (seconds: number) => Promise<Reply>, seconds: number): Promise<Reply> {
  const end = performance.now() + seconds * 1000
  return answered(() => ask(Math.max(1, Math.floor((end - performance.now()) / 1000))))
}
