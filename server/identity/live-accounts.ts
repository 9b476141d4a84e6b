import { stat } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { OnAccountEnd } from './account-news.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { AccountsFileError, readAccountsFile } from './accounts-file.ts'

export interface LiveAccountsOptions {
  path: string
  logger: FastifyBaseLogger
}

/** The accounts of a file, as it is now. */
export interface LiveAccounts extends Accounts {
  /** Reads the file again, changed or not. A bad one is logged, and the last good one stays. */
  reload(): Promise<void>
  /** Tells each account whose sessions are over by what is read from now on. */
  follow(onEnd: OnAccountEnd): void
  /** Looks for changes no more. */
  close(): void
}

const LOOK_EVERY_MS = 500

/**
 * Opens an accounts file and follows it: what is in it is so within seconds, however it was written. It is looked at again
 * and again, because editors and container platforms put another file in its place, which tells a watcher nothing.
 * @throws AccountsFileError when it is bad from the beginning
 */
export async function openAccountsFile({ path, logger }: LiveAccountsOptions): Promise<LiveAccounts> {
  // Before it is read: a change in between is seen at the next look.
  let stamp = await stampOf(path)
  const accounts = await createAccounts(await readAccountsFile(path))
  let lastSeen = stamp
  let turn = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  let onEnd: OnAccountEnd = () => undefined

  async function take(): Promise<void> {
    try {
      const read = await readAccountsFile(path)
      const ends = await accounts.replace(read)
      logger.info({ accounts: read.length }, 'accounts read again')
      for (const end of ends) onEnd(end)
    } catch (error) {
      if (!(error instanceof AccountsFileError)) throw error
      logger.error({ why: error.message }, 'accounts as before: the file is bad')
    }
  }

  /** One after the other, so that the last to be read is the last to count. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => logger.error({ err: error }, 'accounts as before'))
    return turn
  }

  async function look(): Promise<void> {
    const seen = await stampOf(path)
    // Half of a list is a list, with fewer people: what is still being written waits.
    const isResting = seen === lastSeen
    lastSeen = seen
    if (!isResting || seen === stamp) return
    stamp = seen
    await take()
  }

  async function takeNow(): Promise<void> {
    stamp = await stampOf(path)
    await take()
  }

  function lookLater(): void {
    if (isOpen) timer = setTimeout(() => void inTurn(look).then(lookLater), LOOK_EVERY_MS).unref()
  }
  lookLater()

  return {
    ...accounts,
    reload: () => inTurn(takeNow),
    follow(listener) {
      onEnd = listener
    },
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
