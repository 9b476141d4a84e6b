export default {
  // Much of the time goes into waiting for other processes: every core takes a file.
  maxWorkers: '100%',
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }] },
  reporters: ['default', '<rootDir>/tests/support/closing-line.mjs'],
}
