import type { Clock } from '../clock.ts'
import type { OnChange, RecordStore, StoredRecord } from '../store/record-store.ts'
import { type Change, updateRecord } from '../store/update-record.ts'
import { isExpired, type Login, type LoginEvent, type Outcome, transition } from './login.ts'
import { decodeLogin, encodeLogin } from './login-record.ts'

/** Logins in a store. */
export interface LoginRecords {
  create(loginId: string, login: Login): Promise<void>
  /** `undefined`: there is none, or its time is over. */
  read(loginId: string): Promise<Login | undefined>
  /** As the store has it, for who may know this version already. */
  readStored(loginId: string): Promise<StoredRecord | undefined>
  /** The login in a record. `undefined`: there is none, or its time is over. */
  decode(record: StoredRecord | undefined): Login | undefined
  /**
   * Lets an event happen to a login, on whatever state it has by then: read, `transition`, write if nobody wrote in
   * between. `eventFor` decides whether the caller may; `undefined` from it is answered as if there were no login.
   */
  apply(loginId: string, eventFor: EventFor, options?: ApplyOptions): Promise<Outcome | undefined>
  remove(loginId: string): Promise<void>
  watch(loginId: string, onChange: OnChange): () => void
}

/** How an event is written down. */
export interface ApplyOptions {
  /** Answered only once replicas have it too. */
  durable?: boolean
  /** What the store had a moment ago: saves a read while that is so. */
  guess?: StoredRecord | undefined
}

/** The event that a login is to meet, decided on what it is by then. `undefined`: the caller may not. */
export type EventFor = (login: Login, now: number) => LoginEvent | undefined

export function createLoginRecords({ store, clock }: { store: RecordStore; clock: Clock }): LoginRecords {
  function live(value: unknown): Login | undefined {
    const login = decodeLogin(value)
    return login === undefined || isExpired(login, clock()) ? undefined : login
  }

  function decode(record: StoredRecord | undefined): Login | undefined {
    return live(record?.value)
  }

  return {
    async create(loginId, login) {
      const options = { expiresAt: login.expiresAt, ifVersion: null, begins: true }
      await store.write(keyOf(loginId), encodeLogin(login), options)
    },

    read: (loginId) => store.read(keyOf(loginId)).then(decode),

    readStored: (loginId) => store.read(keyOf(loginId)),

    decode,

    apply(loginId, eventFor, { durable = false, guess } = {}) {
      const decide = (value: unknown): Change<Outcome | undefined> => {
        const login = live(value)
        const now = clock()
        const event = login && eventFor(login, now)
        if (login === undefined || event === undefined) return { result: undefined }
        const outcome = transition(login, event, now)
        // What is promised has to be safe, whoever wrote it: the first try may have reached no replica. A wrong code is no
        // promise: counted, and answered, without waiting for replicas that may not come.
        const isPromised = durable && outcome.refusal === undefined
        if (outcome.login === login && !isPromised) return { result: outcome }
        const next = { value: encodeLogin(outcome.login), expiresAt: outcome.login.expiresAt, durable: isPromised }
        return { next, result: outcome }
      }
      return updateRecord(store, keyOf(loginId), decide, guess)
    },

    async remove(loginId) {
      await store.remove(keyOf(loginId))
    },

    watch: (loginId, onChange) => store.watch(keyOf(loginId), onChange),
  }
}

function keyOf(loginId: string): string {
  return `login:${loginId}`
}
