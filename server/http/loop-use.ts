import { performance } from 'node:perf_hooks'

/** How much of the time since it was last asked the event loop was at work: 0 to 1. */
export function createLoopUse(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}
