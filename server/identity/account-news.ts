import type { User } from './identity.ts'

/** An account whose sessions are over, as this process has just read in the accounts file. */
export interface AccountEnd {
  user: User
  why: 'removed' | 'disabled' | 'new_password'
}

export type OnAccountEnd = (end: AccountEnd) => void
