import type { FastifyBaseLogger } from 'fastify'
import { followFile, type LiveFile } from '../files/live-file.ts'
import type { AccountNews, OnAccountNews } from './account-news.ts'
import { type Account, type Accounts, type AccountsOptions, createAccounts } from './accounts.ts'
import { readAccountsFile } from './accounts-file.ts'

interface LiveAccountsOptions extends AccountsOptions {
  path: string
  logger: FastifyBaseLogger
}

/** The accounts of a file, as it is now. */
export interface LiveAccounts extends Accounts, LiveFile {
  /** Tells of each account that is good no more, or good again, by what was read since the file was opened, or disabled then. */
  follow(onNews: OnAccountNews): void
}

/** Opens an accounts file and follows it. Rejects with `ListFileError` when it is bad from the beginning. */
export async function openAccountsFile({ path, logger, ...options }: LiveAccountsOptions): Promise<LiveAccounts> {
  const accounts = createAccounts([], options)
  let untold: readonly AccountNews[] = []
  // Lists of people are no arguments: more than a hundred thousand are more than a call takes.
  let onNews: OnAccountNews = (news) => {
    untold = [...untold, ...news]
  }

  const file = await followFile<Account>({
    path,
    logger,
    what: 'accounts',
    read: readAccountsFile,
    async take(read) {
      onNews(accounts.replace(read))
    },
  })
  untold = accounts.disabled().map((user) => ({ user, why: 'disabled_before' }))
  return {
    ...accounts,
    ...file,
    follow(listener) {
      onNews = listener
      if (untold.length > 0) listener(untold)
      untold = []
    },
  }
}
