// Where test files run: Node's, and sure to end whatever a file has started and left running, because it failed in
// `beforeAll`, hung, or was stopped with the whole run.
import { TestEnvironment } from 'jest-environment-node'

/** @type {Set<Set<() => void>>} of all files that run in this process */
const running = new Set()

process.once('exit', () => {
  for (const ends of running) callAll(ends)
})
// Jest ends a worker that does not end by itself, and people press Ctrl-C: without this there would be no 'exit'.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

export default class EndingEnvironment extends TestEnvironment {
  /** @type {Set<() => void>} what `endLater` takes */
  ends = new Set()

  async setup() {
    await super.setup()
    running.add(this.ends)
    this.global['testFileEnds'] = this.ends
  }

  async teardown() {
    callAll(this.ends)
    running.delete(this.ends)
    await super.teardown()
  }
}

/** @param {Set<() => void>} ends */
function callAll(ends) {
  for (const end of ends) end()
  ends.clear()
}
