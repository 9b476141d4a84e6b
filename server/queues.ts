interface QueuesOptions {
  /** Tasks of one queue that run at a time. */
  atOnce: number
  /** Tasks of one queue that wait at the most. */
  mostWaiting: number
  /** How long a task waits at the most; left out: as long as a request may. */
  longestWaitMs?: number
  /** The error for a task that finds no place in the queue, or whose turn does not come in time. */
  refusal: () => Error
  /** Kept up to date with all of these queues together. */
  tally?: QueueTally | undefined
}

/** What stands in a line, over all queues of one kind. */
export interface QueueTally {
  running: number
  waiting: number
}

export const queueTally = (): QueueTally => ({ running: 0, waiting: 0 })

/**
 * Runs a task when those before it in the same queue leave room, however they ended. Rejects with the refusal: at once where
 * the queue is full, and where its turn has not come by `giveUpAt`; then the task is not run.
 * @param giveUpAt as `performance.now()` tells the time; left out: `longestWaitMs` from now
 */
export type Queues = <Result>(queue: string, task: Task<Result>, giveUpAt?: number) => Promise<Result>

/** A connection on which nothing is said for 40 s is cut: whoever waits in lines is told before that. */
const LONGEST_WAIT_MS = 35_000

/** When a task gives up that stands in several queues one after the other: one moment for all of them together. */
export function giveUpTime(longestWaitMs = LONGEST_WAIT_MS): number {
  return performance.now() + longestWaitMs
}

/** @param hasWaited whether it had to wait, so that other tasks have run since it came */
type Task<Result> = (hasWaited: boolean) => Promise<Result>

interface Queue {
  running: number
  waiting: (() => void)[]
}

/** Bounded queues by name: what costs much is done a little at a time, and a crowd at one of them is its own affair. */
export function createQueues(options: QueuesOptions): Queues {
  const { atOnce, mostWaiting, longestWaitMs, refusal, tally = queueTally() } = options
  const queues = new Map<string, Queue>()

  function join(name: string): Queue {
    const queue = queues.get(name) ?? { running: 0, waiting: [] }
    queues.set(name, queue)
    return queue
  }

  async function waitIn(queue: Queue, giveUpAt: number): Promise<void> {
    if (queue.waiting.length >= mostWaiting) throw refusal()
    tally.waiting++
    try {
      await turnIn(queue, giveUpAt)
    } finally {
      tally.waiting--
    }
  }

  /** Waits for a place that another task hands over as it leaves, so that no newcomer takes it in between. */
  function turnIn({ waiting }: Queue, giveUpAt: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer)
        resolve()
      }
      const giveUp = () => {
        waiting.splice(waiting.indexOf(take), 1)
        reject(refusal())
      }
      const timer = setTimeout(giveUp, giveUpAt - performance.now()).unref()
      waiting.push(take)
    })
  }

  function leave(name: string, queue: Queue): void {
    const next = queue.waiting.shift()
    if (next === undefined) queue.running--
    else next()
    if (queue.running === 0) queues.delete(name)
  }

  return async (name, task, giveUpAt = giveUpTime(longestWaitMs)) => {
    const queue = join(name)
    const hasToWait = queue.running >= atOnce
    if (hasToWait) await waitIn(queue, giveUpAt)
    else queue.running++
    tally.running++
    try {
      return await task(hasToWait)
    } finally {
      tally.running--
      leave(name, queue)
    }
  }
}
