import { availableParallelism, totalmem } from 'node:os'

export default {
  // Half of the time goes into waiting for other processes: it takes six files at once to keep two cores busy. Each worker
  // has a service, a Redis and now and then a browser beside it, for which there are 2 GiB.
  maxWorkers: Math.max(2, availableParallelism(), Math.min(6, Math.floor(totalmem() / 2 ** 31))),
  testSequencer: '<rootDir>/tests/support/jest/longest-first.mjs',
  // For what hangs: longer than several waits of a test, each of which ends by itself (tests/support/patience.ts), and than
  // the longest test takes on a slow machine.
  testTimeout: 1_200_000,
  testEnvironment: '<rootDir>/tests/support/jest/test-environment.mjs',
  roots: ['<rootDir>/tests'],
  runtime: '<rootDir>/tests/support/jest/bare-runtime.cjs',
  globalSetup: '<rootDir>/tests/support/jest/start-worker-hosts.mjs',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  reporters: [
    '<rootDir>/tests/support/jest/file-by-file.mjs',
    'summary',
    '<rootDir>/tests/support/jest/closing-line.mjs',
  ],
}
