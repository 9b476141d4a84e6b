import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ScanInError } from '../errors.ts'
import { createTroubleLog } from '../log/trouble-log.ts'
import { ListFileError, UnreadableFileError } from './list-file.ts'

export interface LiveFileOptions<Content> {
  path: string
  /** What is in it, in words, for the log. */
  what: string
  logger: FastifyBaseLogger
  /** Rejects with `ListFileError` where the file is bad, `UnreadableFileError` where that cannot be told. */
  read: (path: string) => Promise<readonly Content[]>
  /** Takes what was read, from the first time on: each in its turn. */
  take: (content: readonly Content[]) => void | Promise<void>
}

/** A file whose content is as it is now. */
export interface LiveFile {
  /** Reads it again, changed or not, once it rests. A bad one is logged, and the last good one stays. */
  reload(): Promise<void>
  /** Looks for changes no more. */
  close(): void
}

const LOOK_EVERY_MS = 500
/** How many looks to wait for a file to rest that somebody wants read. */
const MOST_LOOKS = 20

/**
 * Reads a file and follows it: what is in it is so within seconds, however it was written. It is looked at again and
 * again, because editors and container platforms put another file in its place, which tells a watcher nothing.
 * Rejects with `ListFileError` when it is bad from the beginning.
 */
export async function followFile<Content>(options: LiveFileOptions<Content>): Promise<LiveFile> {
  const { path, what, logger, read, take } = options
  const troubles = createTroubleLog({
    logger,
    clock: () => performance.now(),
    explain: ({ cause }) => ({ kind: String(cause), text: `${what} as before: ${messageOf(cause)}` }),
  })

  /** @param seen its stamp before: with another one afterwards, what was read may be half old and half new */
  async function readAt(seen: string) {
    const [outcome] = await Promise.allSettled([read(path)])
    return { outcome, isWhole: (await stampOf(path)) === seen }
  }

  // Before it is read: a change in between is seen at the next look.
  let stamp = await stampOf(path)
  let first = await readAt(stamp)
  for (let looks = 1; !first.isWhole && looks < MOST_LOOKS; looks++) {
    await pause(LOOK_EVERY_MS)
    stamp = await stampOf(path)
    first = await readAt(stamp)
  }
  await take(contentOf(first.outcome))
  let lastSeen = stamp
  /** It is to be read, changed or not. */
  let isDue = false
  let turn = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isOpen = true

  async function takeAgain(outcome: PromiseSettledResult<readonly Content[]>): Promise<void> {
    try {
      const content = contentOf(outcome)
      await take(content)
      logger.info({ [what]: content.length }, `${what} read again`)
    } catch (error) {
      if (error instanceof ListFileError && !(error instanceof UnreadableFileError)) {
        logger.error({ why: error.message }, `${what} as before: the file is bad`)
        return
      }
      // The error says nothing of the file's content, and may be over at the next look.
      isDue = true
      troubles.tell(new ScanInError('internal_error', { cause: error }), { err: error })
    }
  }

  /** One after the other, so that the last to be read is the last to count. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => logger.error({ err: error }, `${what} as before`))
    return turn
  }

  /** Reads the file where there is need, but not while it is being written (`false`): half of a list is a list too. */
  async function look(): Promise<boolean> {
    const seen = await stampOf(path)
    const isResting = seen === lastSeen
    lastSeen = seen
    if (!isResting) return false
    if (seen === stamp && !isDue) return true
    const { outcome, isWhole } = await readAt(seen)
    if (!isWhole) return false
    stamp = seen
    isDue = false
    await takeAgain(outcome)
    return true
  }

  async function readNow(): Promise<void> {
    isDue = true
    for (let looks = 1; isOpen && !(await look()) && looks < MOST_LOOKS; looks++) {
      await pause(LOOK_EVERY_MS, undefined, { ref: false })
    }
  }

  function lookLater(): void {
    if (isOpen)
      timer = setTimeout(() => void inTurn(async () => void (await look())).then(lookLater), LOOK_EVERY_MS).unref()
  }
  lookLater()

  return {
    reload: () => inTurn(readNow),
    close() {
      isOpen = false
      clearTimeout(timer)
    },
  }
}

function contentOf<Value>(outcome: PromiseSettledResult<Value>): Value {
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Differs whenever the file does: also for another file of the same size and time in its place. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return 'none'
  }
}
