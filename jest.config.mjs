import { availableParallelism, totalmem } from 'node:os'

export default {
  // Half of the time goes into waiting for other processes: it takes six files at once to keep two cores busy. Each worker
  // has a service, a Redis and now and then a browser beside it, for which there are 2 GiB.
  maxWorkers: Math.max(2, availableParallelism(), Math.min(6, Math.floor(totalmem() / 2 ** 31))),
  testSequencer: '<rootDir>/tests/support/longest-first.mjs',
  // For what hangs: longer than several waits of a test, each of which ends by itself (tests/support/patience.ts).
  testTimeout: 300_000,
  testEnvironment: '<rootDir>/tests/support/test-environment.mjs',
  roots: ['<rootDir>/tests'],
  // What the build packed, as the service finds it: in Jest each of hundreds of modules costs more still.
  moduleDirectories: ['<rootDir>/dist/node_modules', 'node_modules'],
  // A door of jose that openid-client goes in by, and that is not among the packed ones.
  moduleNameMapper: { '^jose/jwe/(.*)$': '<rootDir>/node_modules/jose/dist/webapi/jwe/$1.js' },
  globalSetup: '<rootDir>/tests/support/start-worker-hosts.mjs',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  reporters: ['default', '<rootDir>/tests/support/closing-line.mjs'],
}
