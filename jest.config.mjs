export default {
  // Much of the time goes into waiting for other processes: every core takes a file.
  maxWorkers: '100%',
  // For what hangs: longer than several waits of a test, each of which ends by itself (tests/support/patience.ts).
  testTimeout: 300_000,
  testEnvironment: '<rootDir>/tests/support/test-environment.mjs',
  roots: ['<rootDir>/tests'],
  // What the build packed, as the service finds it: in Jest each of hundreds of modules costs more still.
  moduleDirectories: ['<rootDir>/dist/node_modules', 'node_modules'],
  globalSetup: '<rootDir>/tests/support/start-worker-hosts.mjs',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  reporters: ['default', '<rootDir>/tests/support/closing-line.mjs'],
}
