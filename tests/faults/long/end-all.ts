const A_DAY_MS = 86_400_000

/** Whatever was started ends with this process, as Jest's test environment sees to elsewhere. */
export function endAllAtExit(): void {
  const ends = new Set<() => void>()
  globalThis.testFileEnds = ends
  process.once('exit', () => {
    for (const end of ends) end()
  })
  // What was started keeps no process alive, and this one waits for it.
  setTimeout(() => process.exit(1), A_DAY_MS)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}
