import type { Clock } from '../clock.ts'
import { type AccountNews, READ_APART_MS } from './account-news.ts'
import type { CurrentPerson, HasEnded, PasswordVerifier, User } from './identity.ts'
import { foldId, foldUsername } from './names.ts'
import { hashOfNoPassword, hashPassword, isPasswordRight, markOfPassword, parametersOf } from './passwords.ts'
import type { Person } from './person-key.ts'

export interface Account {
  /** As `foldUsername` makes it. */
  username: string
  user: User
  passwordHash: string
  isDisabled: boolean
}

/** Our own people. */
export interface Accounts {
  /** A disabled account's password is as wrong as any. All names take the same time, also such that nobody has. */
  verifyPassword: PasswordVerifier
  /** Of a provider's person: `undefined` when an account here has the same id, as applications would mix them up. */
  currentPerson: CurrentPerson
  hasEnded: HasEnded
  /** Whose account a user name is, disabled ones too. */
  accountOf(username: string): User | undefined
  /** What a person of ours signs in by. `undefined`: it is nobody of ours. */
  usernameOf(person: Person): string | undefined
  /** Whose accounts are there and disabled. */
  disabled(): User[]
  /** Takes these accounts in place of the ones until now. @returns those that are gone, good no more by it, or good again */
  replace(accounts: readonly Account[]): AccountNews[]
}

/** The one account of a start without an accounts file. @param isMade nobody chose the password: it is this start's */
export async function demoAccount(password: string, { isMade = false } = {}): Promise<Account> {
  // A mark, as each hash has its own salt: instances with the same password must not end each other's sessions.
  const credential = isMade ? {} : { credential: await markOfPassword(password) }
  const passwordHash = await hashPassword(password)
  return { username: 'demo', user: { id: 'demo', name: 'Demo Person', ...credential }, passwordHash, isDisabled: false }
}

export interface AccountsOptions {
  /** From wherever it began. */
  clock: Clock
  /** How long a login may be open that somebody approves: milliseconds. */
  longestLoginMs: number
}

/** For accounts that stay as they are: by a clock that stands still, nothing is forgotten. */
const STANDING: AccountsOptions = { clock: () => 0, longestLoginMs: 0 }

/**
 * People by user name and password, and as they are now. An ended sign-in is remembered for as long as a login may be
 * open that it approved, at an instance that reads of the end late; not for good, as files may be written anew each
 * night, and all hashes with them. Nobody who is forgotten counts as good for that.
 */
export function createAccounts(
  first: readonly Account[],
  { clock, longestLoginMs }: AccountsOptions = STANDING,
): Accounts {
  let people = peopleOf(first)
  /** Until when each ended sign-in is remembered, by person and credential: the oldest first. */
  const ended = new Map<string, number>()

  function note({ user, why }: AccountNews): void {
    const signIn = signInOf(user)
    ended.delete(signIn)
    if (why !== 'back') ended.set(signIn, clock() + READ_APART_MS + longestLoginMs)
  }

  function forgetOld(): void {
    for (const [signIn, until] of ended) {
      if (until > clock()) return
      ended.delete(signIn)
    }
  }

  return {
    async verifyPassword(username, password) {
      const { byUsername, fillers } = people
      const account = byUsername.get(foldUsername(username) ?? '')
      let isRight = false
      // Checks a hash of each cost that an account has, so that the time tells nobody whose cost is which.
      for (const [cost, filler] of fillers) {
        const isOwn = account !== undefined && costOf(account.passwordHash) === cost
        const isTheirs = await isPasswordRight(isOwn ? account.passwordHash : filler, password)
        isRight = isRight || (isOwn && isTheirs)
      }
      return isRight && account?.isDisabled === false ? account.user : undefined
    },

    currentPerson(user) {
      const { byId, takenIds } = people
      if (user.source !== undefined) return takenIds.has(foldId(user.id)) ? undefined : user
      const account = byId.get(user.id)
      const isSame = account?.isDisabled === false && account.user.credential === user.credential
      return isSame ? account.user : undefined
    },

    hasEnded(user) {
      if (user.source !== undefined) return people.takenIds.has(foldId(user.id))
      return people.byId.get(user.id)?.isDisabled === true || ended.has(signInOf(user))
    },

    usernameOf: ({ id, source }) => (source === undefined ? people.byId.get(id)?.username : undefined),

    accountOf: (username) => people.byUsername.get(foldUsername(username) ?? '')?.user,

    disabled: () => [...people.byId.values()].filter(({ isDisabled }) => isDisabled).map(({ user }) => user),

    replace(accounts) {
      const before = people
      people = peopleOf(accounts)
      const ids = new Set([...before.byId.keys(), ...people.byId.keys()])
      const news = [...ids].flatMap((id) => newsOf(before.byId.get(id), people.byId.get(id)))
      forgetOld()
      for (const one of news) note(one)
      return news
    },
  }
}

function newsOf(before: Account | undefined, now: Account | undefined): AccountNews[] {
  if (now === undefined) return before === undefined ? [] : [{ user: before.user, why: 'removed' }]
  const [old, fresh] = [goodOne(before), goodOne(now)]
  if (old !== undefined && fresh !== undefined && old.credential === fresh.credential) return []
  const news: AccountNews[] = []
  if (old !== undefined) news.push({ user: old, why: now.isDisabled ? 'disabled' : 'new_password' })
  if (fresh !== undefined) news.push({ user: fresh, why: 'back' })
  return news
}

function signInOf({ id, credential }: User): string {
  return JSON.stringify([id, credential])
}

function goodOne(account: Account | undefined): User | undefined {
  return account?.isDisabled === false ? account.user : undefined
}

function peopleOf(accounts: readonly Account[]) {
  const alike = new Map(accounts.map(({ passwordHash }) => [costOf(passwordHash), passwordHash]))
  return {
    byUsername: new Map(accounts.map((account) => [account.username, account])),
    byId: new Map(accounts.map((account) => [account.user.id, account])),
    takenIds: new Set(accounts.flatMap(({ username, user }) => [username, foldId(user.id)])),
    fillers: new Map([...alike].map(([cost, passwordHash]) => [cost, hashOfNoPassword(passwordHash)])),
  }
}

function costOf(passwordHash: string): string {
  const { memoryCost = 0, timeCost = 0, parallelism = 0 } = parametersOf(passwordHash) ?? {}
  return `${memoryCost} ${timeCost} ${parallelism}`
}
