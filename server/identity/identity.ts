/** A person, as every part of ScanIn knows one. */
export interface User {
  /** Stable and unique; never shown. */
  id: string
  /** What people see. */
  name: string
  email?: string
  groups?: string[]
  /** Who vouches for the person. Two with one id from two sources are two people. Left out: our own accounts. */
  source?: IdentitySource
  /**
   * What the person signed in by: of an account a mark of its password hash, of the team's provider the grant that it gave.
   * Once that is another one, or gone, it is over.
   */
  credential?: string
}

/** Where people come from, other than our own accounts. */
export const IDENTITY_SOURCES = ['jwt', 'introspection', 'userinfo', 'oidc'] as const
export type IdentitySource = (typeof IDENTITY_SOURCES)[number]

/**
 * The person as they are now: by their name and groups of now, whatever those were when they signed in. `undefined`: not
 * one of ours any more (removed, disabled, or with another password since).
 */
export type CurrentPerson = (user: User) => User | undefined

/**
 * Whether this instance has read that somebody is one of ours no more: removed, disabled, or with another password
 * since. Anybody else whom it does not know may be new: another instance may have read of them already.
 */
export type HasEnded = (user: User) => boolean

/**
 * The person as the team's provider says that they are now, asked where that is due. `undefined`: it vouches for them no
 * more. Rejects with `identity_provider_unavailable` where it has not been heard of for too long.
 */
export type Revalidate = (user: User) => Promise<User | undefined>

/** Checks what a person typed. `undefined`: wrong, and nobody learns whether the name or the password was. */
export type PasswordVerifier = (username: string, password: string) => Promise<User | undefined>

/** Checks a native app's access token. @param address the client's */
export type BearerVerifier = (token: string, address: string) => Promise<BearerVerdict>

/** What comes of a token. Only one that is `not_mine` is asked about elsewhere: what one refused, no other may allow. */
export type BearerVerdict =
  | {
      kind: 'person'
      user: User
      /** The token's end and its beginning, in epoch milliseconds. Left out: nobody said. */
      goodUntil?: number
      issuedAt?: number
      /** The key that has to be shown with the token: its thumbprint (RFC 9449 §6). Left out: whoever has it may use it. */
      keyThumbprint?: string
    }
  /** Not ours, expired, of a machine, or no good for any other reason. */
  | {
      kind: 'refused'
      /** For the log: nothing of the token in it. */
      why: string
    }
  | { kind: 'not_mine' }
