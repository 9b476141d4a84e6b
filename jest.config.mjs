export default {
  // Much of the time goes into waiting for other processes: every core takes a file.
  maxWorkers: '100%',
  // Tests start real processes, and a busy machine takes its time: this is for what hangs, not for what is slow.
  testTimeout: 30_000,
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  reporters: ['default', '<rootDir>/tests/support/closing-line.mjs'],
}
