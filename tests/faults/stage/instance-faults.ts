import { createWrongClock } from '../../support/fake-time.ts'
import { type Fault, sleep } from './fault.ts'
import type { Instances } from './instances.ts'

const FIVE_MINUTES = 300
/** The one that nothing else depends on: its origin is not the public one. */
const SECOND = 1

export const INSTANCE_FAULTS: readonly Fault<Instances>[] = [
  {
    name: 'an instance is killed',
    async happen(instances, ms) {
      await instances.end(SECOND, 'SIGKILL')
      await sleep(ms)
      await instances.restart(SECOND)
    },
  },
  {
    name: 'an instance is stopped and started anew',
    async happen(instances) {
      await instances.end(SECOND, 'SIGTERM')
      await instances.restart(SECOND)
    },
  },
  {
    name: "an instance's clock is five minutes ahead",
    async happen(instances, ms) {
      const clock = createWrongClock(FIVE_MINUTES)
      await instances.end(SECOND, 'SIGTERM')
      await instances.restart(SECOND, clock)
      await sleep(ms)
      await instances.end(SECOND, 'SIGTERM')
      clock.remove()
      await instances.restart(SECOND)
    },
  },
]
