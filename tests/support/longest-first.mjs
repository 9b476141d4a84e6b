import Sequencer from '@jest/test-sequencer'

/** What takes long, mostly waiting: begun last, it would be what a run ends with, one file after the other. */
const LONG = ['/tests/faults/', '/tests/server/login/login-model', '/tests/e2e/', '/tests/process/', '/tests/proxies/']

/** What takes long comes first, also where Jest does not know yet what did the last time. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rankOf(one) - rankOf(other))
  }
}

function rankOf({ path }) {
  const rank = LONG.findIndex((part) => path.includes(part))
  return rank === -1 ? LONG.length : rank
}
