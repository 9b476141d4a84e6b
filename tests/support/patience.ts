/**
 * How long a test waits for a process, a page or a reply, in milliseconds: a minute. What is slow is not what is broken,
 * so this is for what hangs. Every wait takes it from here; Jest's own end for a test is longer than several of them
 * (jest.config.mjs).
 */
export const PATIENCE_MS = 60_000
