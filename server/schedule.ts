/** Calls back after so many milliseconds. @returns forgets about it */
export type Schedule = (ms: number, callback: () => void) => () => void

/** By a timer that keeps no process from ending. */
export const scheduleByTimer: Schedule = (ms, callback) => {
  const timer = setTimeout(callback, ms).unref()
  return () => clearTimeout(timer)
}
