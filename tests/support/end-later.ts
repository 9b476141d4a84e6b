declare global {
  /** Of this test file: test-environment.mjs calls them after it, whatever has become of it. */
  var testFileEnds: Set<() => void> | undefined
}

/**
 * Whoever starts something that goes on by itself says at once how it ends: a test that fails before it has anything to
 * stop leaves nothing running. Called after the test file, or when its process ends: it may not wait for anything.
 * @returns what to call when it has ended in time
 */
export function endLater(end: () => void): () => void {
  globalThis.testFileEnds?.add(end)
  return () => globalThis.testFileEnds?.delete(end)
}
