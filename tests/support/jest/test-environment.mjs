// Where test files run: in Node itself, in no context of their own (see bare-runtime.cjs), and sure to end whatever a file
// has started and left running, because it failed in `beforeAll`, hung, or was stopped with the whole run.
import { ModernFakeTimers } from '@jest/fake-timers'
import { ModuleMocker } from 'jest-mock'

/** What `endLater` is told of, of the file that runs in this process. @type {Set<() => void>} */
const ends = new Set()
globalThis.testFileEnds = ends

process.once('exit', callEnds)
// Jest ends a worker that does not end by itself, and people press Ctrl-C: without this there would be no 'exit'.
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

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis })
  }

  async setup() {}

  async teardown() {
    callEnds()
    this.fakeTimersModern.dispose()
    // What Jest put there for this file, and what the file may have.
    globalThis.console = this.#console
    process.exit = this.#exit
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
