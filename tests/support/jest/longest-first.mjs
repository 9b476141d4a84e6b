import Sequencer from '@jest/test-sequencer'

/** Folders whose tests take long: some wait, the others keep a processor busy. */
const WAITING = ['/tests/faults/', '/tests/process/', '/tests/threats/guessing']
const BUSY = ['/tests/server/login/login-model', '/tests/e2e/', '/tests/proxies/', '/tests/oauth/']

/**
 * Runs the slowest files first, even if Jest does not know yet how long they took: a slow file that begins last would
 * make the whole run wait for it. Files that wait run beside files that keep the processor busy.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const [waiting, busy, short] = [[], [], []]
    for (const test of super.sort(tests)) {
      const isIn = (folders) => folders.some((folder) => test.path.includes(folder))
      if (isIn(WAITING)) waiting.push(test)
      else if (isIn(BUSY)) busy.push(test)
      else short.push(test)
    }
    return [...inTurn(waiting, busy), ...short]
  }
}

/** One of each, until the longer list is left alone. */
function inTurn(one, other) {
  const turns = Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [one[at], other[at]])
  return turns.flat().filter((test) => test !== undefined)
}
