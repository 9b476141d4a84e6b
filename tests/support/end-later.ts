declare global {
  /** Set for this test file. test-environment.mjs calls them after the file, whether it passed, failed or hung. */
  var testFileEnds: Set<() => void> | undefined
}

/**
 * Whoever starts something that goes on by itself registers at once how to end it: a test that fails early then leaves
 * nothing running. `end` is called after the test file, or when its process ends, so it must not wait for anything.
 * @returns call this when it has ended in time
 */
export function endLater(end: () => void): () => void {
  globalThis.testFileEnds?.add(end)
  return () => globalThis.testFileEnds?.delete(end)
}
