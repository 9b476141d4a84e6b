/** Now, in epoch milliseconds. Handed in everywhere, so that tests move time instead of waiting for it. */
export type Clock = () => number

/** What is left until `end`, in the whole seconds of the wire: never 0 while something is left. */
export function secondsUntil(end: number, now: number): number {
  return Math.max(0, Math.ceil((end - now) / 1000))
}
