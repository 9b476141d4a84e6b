import type { Clock } from '../../wire/clock.ts'
import type { ReaderAnswer, ReaderQuestion } from './reader-wire.ts'

export interface WorkerLine {
  /** Aborts once the worker's script could not be loaded, or had a fault. That may show while nobody waits for an answer. */
  readonly broken: AbortSignal
  /**
   * The worker's next answer. Rejects if that is a failure, or does not come in time, and ends the worker then: a later
   * question waits for its whole time in vain.
   */
  ask(question: ReaderQuestion, owned: Transferable[], longestMs: number): Promise<ReaderAnswer>
}

/** One question after the other for a worker: the next is asked when the one before is answered. */
export function openWorkerLine(worker: Worker, clock: Clock): WorkerLine {
  const failing = new AbortController()
  const broken = failing.signal
  worker.addEventListener('error', () => failing.abort())

  const answer = (longestMs: number): Promise<ReaderAnswer> => {
    const heard = new AbortController()
    const { signal } = heard
    return new Promise<ReaderAnswer>((resolve, reject) => {
      const fail = () => reject(new Error('the worker failed'))
      if (broken.aborted) return fail()
      broken.addEventListener('abort', fail, { signal })
      const hear = ({ data }: MessageEvent<ReaderAnswer>) =>
        data.kind === 'failed' ? reject(new Error(data.why)) : resolve(data)
      worker.addEventListener('message', hear, { signal })
      void clock.sleep(longestMs, signal).then(() => reject(new Error('the worker is silent')))
    }).finally(() => heard.abort())
  }

  return {
    broken,
    async ask(question, owned, longestMs) {
      worker.postMessage(question, owned)
      try {
        return await answer(longestMs)
      } catch (error) {
        worker.terminate()
        throw error
      }
    },
  }
}
