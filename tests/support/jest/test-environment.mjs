// Runs test files in Node itself, without a context of their own (see bare-runtime.cjs). Ends whatever a file has
// started and left running because it failed in `beforeAll`, hung, or was stopped with the whole run.
import { ModernFakeTimers } from '@jest/fake-timers'
import { ModuleMocker } from 'jest-mock'

/** What `endLater` is told of, of the file that runs in this process. @type {Set<() => void>} */
const ends = new Set()
globalThis.testFileEnds = ends

process.once('exit', callEnds)
// Jest kills a worker that does not end, and people press Ctrl-C: without this there would be no 'exit'.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

/** What `jest.setTimeout` and `jest.retryTimes` leave on the global object. */
const ASKED_OF_JEST = [
  'TEST_TIMEOUT_SYMBOL',
  'RETRY_TIMES',
  'RETRY_IMMEDIATELY',
  'WAIT_BEFORE_RETRY',
  'LOG_ERRORS_BEFORE_RETRY',
].map((name) => Symbol.for(name))

export default class BareEnvironment {
  global = globalThis
  moduleMocker = new ModuleMocker(globalThis)
  #environment = { ...process.env }
  #console = console
  #exit = process.exit
  #testTimeout

  constructor({ projectConfig, globalConfig }) {
    this.#testTimeout = globalConfig.testTimeout
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis })
  }

  async setup() {}

  /** No test may set a timeout: it would end the test before its waits do, and those say what they waited for. */
  handleTestEvent({ name, timeout }, { testTimeout }) {
    const isOneWith = (name === 'add_test' || name === 'add_hook') && timeout !== undefined
    const isFileWith = name === 'run_start' && testTimeout !== this.#testTimeout
    if (isOneWith || isFileWith) throw new Error('no test has a timeout of its own: jest.config.mjs has one for all')
  }

  async teardown() {
    callEnds()
    this.fakeTimersModern.dispose()
    // What Jest put there for this file, and what the file may have.
    globalThis.console = this.#console
    process.exit = this.#exit
    // Jest would apply it to every later file too.
    for (const asked of ASKED_OF_JEST) delete globalThis[asked]
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, this.#environment)
  }

  exportConditions() {
    return ['node', 'node-addons']
  }

  getVmContext() {
    return null
  }
}

function callEnds() {
  for (const end of ends) end()
  ends.clear()
}
