import { stat } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ListFileError } from './list-file.ts'

export interface LiveFileOptions<Content> {
  path: string
  /** What is in it, in words, for the log. */
  what: string
  logger: FastifyBaseLogger
  /** Rejects with `ListFileError` where the file is bad. */
  read: (path: string) => Promise<readonly Content[]>
  /** Takes what was read, from the first time on: each in its turn. */
  take: (content: readonly Content[]) => void | Promise<void>
}

/** A file whose content is as it is now. */
export interface LiveFile {
  /** Reads it again, changed or not. A bad one is logged, and the last good one stays. */
  reload(): Promise<void>
  /** Looks for changes no more. */
  close(): void
}

const LOOK_EVERY_MS = 500

/**
 * Reads a file and follows it: what is in it is so within seconds, however it was written. It is looked at again and
 * again, because editors and container platforms put another file in its place, which tells a watcher nothing.
 * Rejects with `ListFileError` when it is bad from the beginning.
 */
export async function followFile<Content>(options: LiveFileOptions<Content>): Promise<LiveFile> {
  const { path, what, logger, read, take } = options
  // Before it is read: a change in between is seen at the next look.
  let stamp = await stampOf(path)
  await take(await read(path))
  let lastSeen = stamp
  let turn = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isOpen = true

  async function readAgain(): Promise<void> {
    try {
      const content = await read(path)
      await take(content)
      logger.info({ [what]: content.length }, `${what} read again`)
    } catch (error) {
      if (!(error instanceof ListFileError)) throw error
      logger.error({ why: error.message }, `${what} as before: the file is bad`)
    }
  }

  /** One after the other, so that the last to be read is the last to count. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => logger.error({ err: error }, `${what} as before`))
    return turn
  }

  async function look(): Promise<void> {
    const seen = await stampOf(path)
    // Half of a list is a list, with less in it: what is still being written waits.
    const isResting = seen === lastSeen
    lastSeen = seen
    if (!isResting || seen === stamp) return
    stamp = seen
    await readAgain()
  }

  async function readNow(): Promise<void> {
    stamp = await stampOf(path)
    await readAgain()
  }

  function lookLater(): void {
    if (isOpen) timer = setTimeout(() => void inTurn(look).then(lookLater), LOOK_EVERY_MS).unref()
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

/** Differs whenever the file does: also for another file of the same size and time in its place. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return 'none'
  }
}
