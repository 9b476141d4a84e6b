import type { Clock } from '../clock.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { IsBlocked } from '../identity/blocked-people.ts'
import type { CurrentPerson } from '../identity/identity.ts'
import { type QueueTally, queueTally } from '../queues.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { SignInPhone } from '../session/phone-sign-in.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createChallengeLimits } from './challenge-limits.ts'
import { createChallenges } from './challenges.ts'
import { createPasskeyGuard } from './passkey-guard.ts'
import { createPasskeyList } from './passkey-list.ts'
import type { OnPasskeyNews } from './passkey-news.ts'
import { createPasskeyRecords } from './passkey-records.ts'
import { passkeyRoutes } from './passkey-routes.ts'
import { createPasskeys, type Passkeys } from './passkeys.ts'
import { relyingPartyOf } from './relying-party.ts'

interface PasskeysRoomOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  makeLimiter: MakeLimiter
  publicUrl: string
  /** What authenticators call the place that a passkey is for. */
  brandName: string
  currentPerson: CurrentPerson
  isBlocked: IsBlocked
  current: CurrentSession
  signInPhone: SignInPhone
  clientAddresses: Pick<ClientAddresses, 'of'>
  /** A minute and client address; 0: any number. */
  failuresPerMinute: number
  challengesPerMinute: number
  /** Told what happens to passkeys and to tries with them, each thing once. */
  onNews?: OnPasskeyNews | undefined
}

/** People's passkeys: added and taken away, signed in by, and asked for where a login is confirmed. */
export interface PasskeysRoom {
  passkeys: Passkeys
  /** Of uses that are to be verified. */
  queue: QueueTally
  /** `/passkeys`, `/sign-in/passkey`. */
  routes(app: TypedApp): void
}

/** Opens the room of passkeys: their records in `store`, for the host of `publicUrl`. */
export function createPasskeysRoom(options: PasskeysRoomOptions): PasskeysRoom {
  const queue = queueTally()
  const party = relyingPartyOf(options.publicUrl)
  const list = createPasskeyList(options)
  const passkeys = createPasskeys({
    ...options,
    party,
    list,
    records: createPasskeyRecords({ ...options, list, party }),
    challenges: createChallenges(options),
    limits: createChallengeLimits(options),
    guard: createPasskeyGuard({ ...options, queue }),
  })
  return { passkeys, queue, routes: (app) => passkeyRoutes(app, { ...options, passkeys }) }
}
