import type { Clock } from '../clock.ts'
import type { CurrentPerson, User } from '../identity/identity.ts'
import { isSamePerson, type Person } from '../identity/person-key.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'
import {
  decodePasskey,
  forgottenAt,
  type IdentifiedPasskey,
  KEPT_FOR_MS,
  type Passkey,
  type PasskeyUse,
  used,
} from './passkey.ts'
import type { PasskeyList } from './passkey-list.ts'
import type { RelyingParty } from './relying-party.ts'

/** Passkeys in a store, each at the place that its public id names. Every method rejects with `store_unavailable`. */
export interface PasskeyRecords {
  find(id: string): Promise<Passkey | undefined>
  /** A person's passkeys that are good, the oldest first. */
  of(user: User): Promise<IdentifiedPasskey[]>
  /** `taken`: there is one of that id. Where there are too many, the oldest of another host makes way. */
  add(id: string, passkey: Passkey, onChange: OnAdding): Promise<'added' | 'taken' | 'too_many'>
  /** Writes a use down, and compares its counter in the same step. `cloned`: it did not go up. `undefined`: it is gone. */
  use(id: string, use: PasskeyUse): Promise<Passkey | 'cloned' | undefined>
  /**
   * From its answer on it opens nothing. Done again, it does what was left undone.
   * @returns `false` when the person has none of that id
   */
  remove(person: Person, id: string, onChange: OnPasskeyChange): Promise<boolean>
}

/** Called once it is this call that has changed the passkey, or may have: the store did not answer. */
export type OnPasskeyChange = (how: { isUncertain?: true }) => void

export interface OnAdding {
  added: OnPasskeyChange
  /** Of one that made way. */
  removed: (id: string) => OnPasskeyChange
}

interface PasskeyRecordsOptions {
  store: RecordStore
  clock: Clock
  currentPerson: CurrentPerson
  list: PasskeyList
  party: RelyingParty
}

/** A passkey is listed a moment before it is written: one that is not there after this long never will be. */
const LONGEST_ADDING_MS = 60_000
/** A removed passkey leaves a record for this long: a removal that was answered has to be on replicas too. */
const REMOVED_FOR_MS = 60_000
const REMOVED = 'removed'

export function createPasskeyRecords(options: PasskeyRecordsOptions): PasskeyRecords {
  const { store, clock, currentPerson, list, party } = options
  function live(value: unknown): Passkey | undefined {
    const passkey = decodePasskey(value)
    return passkey === undefined || clock() >= forgottenAt(passkey) ? undefined : passkey
  }

  const find = async (id: string) => live((await store.read(keyOf(id)))?.value)
  const isGood = ({ owner, rpId }: Passkey) => rpId === party.id && currentPerson(owner) !== undefined

  /** All that a person's list leads to, good or not. */
  async function listed(person: Person) {
    const entries = await list.read(person)
    return Promise.all(
      entries.map(async ({ id, endsAt }) => {
        const passkey = await find(id)
        return { id, endsAt, passkey: passkey && isSamePerson(passkey.owner, person) ? passkey : undefined }
      }),
    )
  }

  /** Takes forgotten passkeys off the list, and ends those added under another password: by somebody else, perhaps. */
  async function clear(person: Person, removed: OnAdding['removed']): Promise<void> {
    const isJustListed = (endsAt: number) => endsAt - clock() > KEPT_FOR_MS - LONGEST_ADDING_MS
    const entries = await listed(person)
    const dead = entries.filter(({ passkey }) => passkey?.rpId === party.id && !isGood(passkey))
    const absent = entries.filter(({ passkey, endsAt }) => !passkey && !isJustListed(endsAt))
    await Promise.all(dead.map(({ id }) => end(person, id, removed(id))))
    const gone = [...dead, ...absent].map(({ id }) => id)
    if (gone.length > 0) await list.remove(person, gone)
  }

  /**
   * Ends the oldest passkey of another host, for a list that is full. Others are kept, as their host may come back.
   * @returns whether there was one
   */
  async function makeRoom(person: Person, removed: OnAdding['removed']): Promise<boolean> {
    const entries = await listed(person)
    const [oldest] = entries
      .flatMap(({ id, passkey }) => (passkey && passkey.rpId !== party.id ? [{ id, at: passkey.createdAt }] : []))
      .sort((one, other) => one.at - other.at)
    if (oldest === undefined) return false
    await end(person, oldest.id, removed(oldest.id))
    await list.remove(person, [oldest.id])
    return true
  }

  /**
   * Writes also where the passkey is gone already, as its removal may not have reached all replicas. The record is
   * shorter than any passkey, so a full store takes it in the place of one.
   */
  function end(person: Person, id: string, onChange?: OnPasskeyChange): Promise<void> {
    return updateRecord<void>(store, keyOf(id), (value) => {
      const passkey = live(value)
      if (passkey !== undefined && !isSamePerson(passkey.owner, person)) return { result: undefined }
      const next = { value: REMOVED, expiresAt: clock() + REMOVED_FOR_MS, durable: true }
      return { next, ...(passkey && told(onChange)), result: undefined }
    })
  }

  return {
    find,

    async of(user) {
      const entries = await listed(user)
      return entries
        .flatMap(({ id, passkey }) => (passkey !== undefined && isGood(passkey) ? [{ id, passkey }] : []))
        .sort((one, other) => one.passkey.createdAt - other.passkey.createdAt)
    },

    async add(id, passkey, { added, removed }) {
      const { owner } = passkey
      const endsAt = forgottenAt(passkey)
      await clear(owner, removed)
      const before = await list.read(owner)
      // Listed first: a passkey that is not listed, nobody can remove.
      const entry = { id, endsAt }
      while (!(await list.add(owner, entry))) if (!(await makeRoom(owner, removed))) return 'too_many'
      const next = { value: passkey, expiresAt: endsAt, durable: true }
      const adding = (there: unknown) =>
        there === undefined ? { next, ...told(added), result: true } : { result: false }
      const isAdded = await updateRecord<boolean>(store, keyOf(id), adding, null)
      if (isAdded) return 'added'
      if (!before.some((entry) => entry.id === id)) await list.remove(owner, [id])
      return 'taken'
    },

    async use(id, use) {
      const result = await updateRecord<Passkey | 'cloned' | undefined>(store, keyOf(id), (value) => {
        const passkey = live(value)
        if (passkey === undefined) return { result: undefined }
        const next = used(passkey, use, clock())
        if (next === undefined) return { result: 'cloned' }
        return { next: { value: next, expiresAt: forgottenAt(next) }, result: next }
      })
      if (typeof result === 'object') await list.prolong(result.owner, { id, endsAt: forgottenAt(result) })
      return result
    },

    async remove(person, id, onChange) {
      // Taken off the list last: until the end is written, the list still leads to the passkey.
      const entries = await list.read(person)
      if (!entries.some((entry) => entry.id === id)) return false
      await end(person, id, onChange)
      await list.remove(person, [id])
      return true
    },
  }
}

function told(onChange: OnPasskeyChange = () => undefined) {
  return { onWritten: () => onChange({}), onUncertain: () => onChange({ isUncertain: true }) }
}

function keyOf(id: string): string {
  return `passkey:${id}`
}
