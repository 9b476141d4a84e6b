import { createHmac } from 'node:crypto'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret, isSameHash } from '../hashes.ts'
import { type Randomness, SECRET_LENGTH } from '../randomness.ts'
import { openSealed, sealed } from '../sealing.ts'
import type { RecordStore } from '../store/record-store.ts'
import type { AuthorizationSecrets } from './provider-client.ts'

/** A way to the provider and back, once its browser is back. */
export interface AuthorizationRequest extends AuthorizationSecrets {
  /** Checked before it was kept. */
  returnTo: string
  /** The public id of the session whose cookie the browser had as it began. */
  session: string | undefined
}

/** `wasTaken`: whoever took it before is at it still, or was cut off. The provider's code is not to be shown to it twice. */
export interface TakenAuthorizationRequest extends AuthorizationRequest {
  wasTaken: boolean
}

/**
 * People on their way to the provider, each by an authorization request (RFC 6749 §4.1.1). It is good once, for the
 * browser that began it. That browser has a key in a cookie, from which PKCE's verifier and the nonce follow. So the
 * store has only hashes, and where to go on, sealed under that key.
 */
export interface AuthorizationRequests {
  /** A key for a browser that has none yet. One is for all of its tabs: they do not end each other's requests. */
  keyOf(known: string | undefined): string
  plan(key: string): AuthorizationSecrets
  /** Rejects with `store_unavailable`. */
  begin(key: string, authorization: AuthorizationRequest): Promise<void>
  /** For who is back: of several at once, one takes it first. `undefined`: this browser has none of that state. */
  take(key: string | undefined, state: string): Promise<TakenAuthorizationRequest | undefined>
  /** It is answered, and over. Never rejects: what stays of it signs nobody in. */
  end(state: string): Promise<void>
}

const SECRET = /^[\w-]{43}$/
/** A first sign-in may take long, with a second factor to set up. */
export const AUTHORIZATION_SECONDS = 3600

const inEach = [
  Type.String({ title: 'hash of the key' }),
  Type.String({ title: 'where to go on, sealed' }),
  Type.Number({ title: 'endsAt, or TAKEN' }),
] as const
/**
 * Takes the place of `endsAt`, which the store knows too. It is no longer than that, so a full store has room for it.
 */
const TAKEN = 0
const requestRecord = Compile(
  Type.Union([Type.Tuple([...inEach]), Type.Tuple([...inEach, Type.String({ title: 'session' })])]),
)

interface AuthorizationRequestsOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  /** The provider that was asked: another issuer's answer does not count (RFC 9700 §4.4). */
  issuer: string
}

export function createAuthorizationRequests({
  store,
  clock,
  randomness,
  issuer,
}: AuthorizationRequestsOptions): AuthorizationRequests {
  const derived = (key: string, state: string, what: string) =>
    createHmac('sha256', key).update(`scanin ${what} ${state} ${issuer}`).digest('base64url')
  const secretsOf = (key: string, state: string): AuthorizationSecrets => ({
    state,
    nonce: derived(key, state, 'nonce'),
    verifier: derived(key, state, 'verifier'),
  })
  const sealKey = (key: string, state: string) => createHmac('sha256', key).update(`scanin return ${state}`).digest()

  return {
    keyOf: (known) => (known !== undefined && SECRET.test(known) ? known : randomness.text(SECRET_LENGTH)),

    plan: (key) => secretsOf(key, randomness.text(SECRET_LENGTH)),

    async begin(key, { state, returnTo, session }) {
      const expiresAt = clock() + AUTHORIZATION_SECONDS * 1000
      const to = sealed(returnTo, sealKey(key, state), randomness)
      const value = [hashSecret(key), to, expiresAt, ...(session === undefined ? [] : [session])]
      await store.write(recordKeyOf(state), value, { expiresAt, ifVersion: null, begins: true })
    },

    async take(key, state) {
      if (key === undefined || !SECRET.test(key) || !SECRET.test(state)) return undefined
      const place = recordKeyOf(state)
      const found = await store.read(place)
      if (found === undefined || !requestRecord.Check(found.value)) return undefined
      const [keyHash, returnTo, endsAt, session] = found.value
      // A request that another browser began is left to that browser.
      if ((endsAt !== TAKEN && clock() >= endsAt) || !isSameHash(keyHash, hashSecret(key))) return undefined
      const to = openSealed(returnTo, sealKey(key, state))
      if (to === undefined) return undefined
      const taken = [keyHash, returnTo, TAKEN, ...(session === undefined ? [] : [session])]
      const isFirst =
        endsAt !== TAKEN && (await store.write(place, taken, { expiresAt: endsAt, ifVersion: found.version }))
      return { ...secretsOf(key, state), returnTo: to, session, wasTaken: !isFirst }
    },

    async end(state) {
      await store.remove(recordKeyOf(state)).catch(() => undefined)
    },
  }
}

function recordKeyOf(state: string): string {
  return `provider-trip:${hashSecret(state)}`
}
