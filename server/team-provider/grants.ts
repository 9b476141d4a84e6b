import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import type { User } from '../identity/identity.ts'
import { userRecord } from '../identity/user-record.ts'
import type { Randomness } from '../randomness.ts'
import { keyFrom, openSealed, sealed } from '../sealing.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { RecordStore, WriteOptions } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

/** What the provider gave at a sign-in. It vouches for the person's sessions here, whose `credential` is its id. */
export type Grant = Static<typeof grantRecord>

const grantRecord = Type.Object({
  /** As the provider has said last. */
  user: userRecord,
  /** A hash of which provider, and which client of it: another one's people are others. */
  provider: Type.String(),
  /** Of the provider's session. */
  sid: Type.Optional(Type.String()),
  /** The refresh token, sealed. */
  refresh: Type.Optional(Type.String()),
  /** When the provider has vouched for them last, in epoch milliseconds. */
  saidAt: Type.Number(),
  /** When to ask next; until then nobody else does. */
  askAt: Type.Number(),
})

const validator = Compile(grantRecord)

type Durability = Pick<WriteOptions, 'durable'>

/** Grants in a store. Every method rejects with `store_unavailable`. */
export interface Grants {
  open(grant: Omit<Grant, 'provider' | 'refresh'>, refreshToken: string | undefined): Promise<string>
  find(id: string): Promise<Grant | undefined>
  /**
   * Changes it, if it is still there.
   * @param decide may run many times: it must have no effects. Without a `next` the grant stays as it is
   * @returns the decision's `result`. `undefined`: there is no such grant any more
   */
  change<Result>(
    id: string,
    decide: (grant: Grant) => { next?: Grant | undefined; result: Result },
    how?: Durability,
  ): Promise<Result | undefined>
  /** Writes the provider's newest word. From then on, the grant and its `sid` are kept for as long as new ones are. */
  renew(id: string, grant: Grant, said: Pick<Grant, 'user' | 'saidAt' | 'askAt'>): Promise<Grant | undefined>
  /** From its answer on nobody is vouched for by it. */
  end(id: string): Promise<void>
  /** Ends one that nobody has a session by. Never rejects: where the store does not answer, it is tried again. */
  discard(id: string): Promise<void>
  /** `undefined`: there is none, or none that this client's secret opens. */
  refreshTokenOf(id: string, grant: Grant): string | undefined
  sealRefreshToken(id: string, token: string): string
  /** Whose the provider's session is, for who knows nothing but its name. */
  personIn(sid: string): Promise<string | undefined>
}

interface GrantsOptions {
  store: RecordStore
  clock: Clock
  randomness: Randomness
  provider: { issuer: string; clientId: string; clientSecret: string }
  /** How long a session may last that was opened on the provider's last word. */
  keptForMs: number
}

/** 22 of 64 characters: 132 bits. */
const ID_LENGTH = 22
/** An ended grant leaves a record for this long: an end that was answered has to be on replicas too. */
const ENDED_FOR_MS = 60_000
const ENDED = 'ended'

const personRecord = Compile(Type.Object({ id: Type.String() }))

export function createGrants({ store, clock, randomness, provider, keptForMs }: GrantsOptions): Grants {
  const { issuer, clientId, clientSecret } = provider
  const providerHash = hashSecret(JSON.stringify([issuer, clientId]))
  const followUps = createFollowUps()
  // The key is in no store: a stolen copy of one gives nobody a refresh token.
  const key = keyFrom(clientSecret, 'refresh tokens')
  const endOf = ({ saidAt }: Pick<Grant, 'saidAt'>) => saidAt + keptForMs

  function decode(value: unknown): Grant | undefined {
    return validator.Check(value) && value.provider === providerHash ? value : undefined
  }

  const sealRefreshToken = (id: string, token: string) => sealed(token, key, randomness, id)

  async function noteSession(
    { sid, user, saidAt }: Pick<Grant, 'sid' | 'user' | 'saidAt'>,
    how?: Durability,
  ): Promise<void> {
    if (sid !== undefined) await store.write(keyOfSid(sid), { id: user.id }, { expiresAt: endOf({ saidAt }), ...how })
  }

  const change: Grants['change'] = (id, decide, how) =>
    updateRecord(store, keyOf(id), (value) => {
      const grant = decode(value)
      if (grant === undefined) return { result: undefined }
      const { next, result } = decide(grant)
      if (next === undefined) return { result }
      return { next: { value: next, expiresAt: endOf(next), ...how }, result }
    })

  const end = (id: string) =>
    updateRecord<void>(store, keyOf(id), (value) => {
      const next = { value: ENDED, expiresAt: clock() + ENDED_FOR_MS, durable: true }
      return value === undefined ? { result: undefined } : { next, result: undefined }
    })

  const discard = (id: string) => end(id).catch(() => followUps.begin(id, () => end(id).then(() => true)))

  return {
    async open(grant, refreshToken) {
      const id = randomness.text(ID_LENGTH)
      const refresh = refreshToken === undefined ? {} : { refresh: sealRefreshToken(id, refreshToken) }
      const value: Grant = { ...grant, provider: providerHash, ...refresh }
      await noteSession(grant, { durable: true })
      try {
        await store.write(keyOf(id), value, { expiresAt: endOf(grant), durable: true, ifVersion: null })
      } catch (error) {
        // The store may have written it all the same.
        await discard(id)
        throw error
      }
      return id
    },

    find: async (id) => decode((await store.read(keyOf(id)))?.value),

    change,

    async renew(id, grant, said) {
      await noteSession({ ...grant, ...said })
      return change(id, (now) => {
        const next = { ...now, ...said }
        return { next, result: next }
      })
    },

    end,

    discard,

    refreshTokenOf: (id, { refresh }) => (refresh === undefined ? undefined : openSealed(refresh, key, id)),

    sealRefreshToken,

    async personIn(sid) {
      const value = (await store.read(keyOfSid(sid)))?.value
      return personRecord.Check(value) ? value.id : undefined
    },
  }

  function keyOfSid(sid: string): string {
    return `provider-session:${hashSecret(`${providerHash} ${sid}`)}`
  }
}

/** Names and groups as of now, and by what they are vouched for. */
export function personOf(id: string, { user }: Grant): User {
  return { ...user, credential: id }
}

function keyOf(id: string): string {
  return `provider-grant:${id}`
}
