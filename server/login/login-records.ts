import type { Clock } from '../clock.ts'
import type { AnyContext, RequestContext } from '../http/request-context.ts'
import { createTelling } from '../news/telling.ts'
import type { Schedule } from '../schedule.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { OnChange, RecordStore, StoredRecord } from '../store/record-store.ts'
import { type Change, removeAsRead, updateRecord } from '../store/update-record.ts'
import { isExpired, type Login, type LoginEvent, type Outcome, transition } from './login.ts'
import type { LoginNews, OnLoginNews } from './login-news.ts'
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
  /** `apply`, to be written together with something else: where the login is, and what becomes of it. */
  keyOf(loginId: string): string
  changeOf(loginId: string, value: unknown, eventFor: EventFor, how?: WriteDown): Change<Outcome | undefined>
  /**
   * Removes a login that its browser gives up.
   * @param end called before that with the login as it is by then, to end what it led to; may be called again
   */
  remove(loginId: string, end: (login: Login) => Promise<void>, by?: RequestContext): Promise<void>
  /**
   * To be called when a login is found expired that was still to be decided or collected. Tells it once, however many
   * callers and instances find out. Never rejects. @param before the login as it was read last
   */
  noteExpired(loginId: string, before: Login, by?: AnyContext): Promise<void>
  watch(loginId: string, onChange: OnChange): () => void
}

/** How an event is written down. */
export interface WriteDown {
  /** Answered only once replicas have it too. */
  durable?: boolean
  /** The request that it happens on. */
  by?: AnyContext | undefined
  /** Called if this call has changed the login, or may have, as the store did not answer. */
  onChange?: ((how: { isUncertain?: true }) => void) | undefined
}

export interface ApplyOptions extends WriteDown {
  /** What the store had a moment ago: saves a read if the store still has it. */
  guess?: StoredRecord | undefined
}

/** Decides which event to apply, given the login as it is by then. `undefined`: the caller may not apply any. */
export type EventFor = (login: Login, now: number) => LoginEvent | undefined

interface LoginRecordsOptions {
  store: RecordStore
  clock: Clock
  /** Told what happens to logins, each thing once. */
  onNews?: OnLoginNews | undefined
  /** Runs the later looks at writes that the store did not answer. */
  schedule?: Schedule | undefined
}

/** How long an end is remembered, so that nobody tells it again. */
export const END_REMEMBERED_MS = 60_000

export function createLoginRecords(options: LoginRecordsOptions): LoginRecords {
  const { store, clock, onNews = () => undefined } = options
  const denials = createTelling<LoginNews>({ clock, followUps: createFollowUps(options.schedule), onNews })

  function live(value: unknown): Login | undefined {
    const login = decodeLogin(value)
    return login === undefined || isExpired(login, clock()) ? undefined : login
  }

  function decode(record: StoredRecord | undefined): Login | undefined {
    return live(record?.value)
  }

  const read = (loginId: string) => store.read(keyOf(loginId)).then(decode)

  function tell(news: LoginNews, { isUncertain }: { isUncertain?: true }): void {
    const { loginId, after } = news
    // Only denials are told again once they are certain.
    if (after?.status !== 'denied') onNews({ ...news, ...(isUncertain && { isUncertain }) })
    else if (isUncertain) denials.tellUncertain(loginId, news, async () => (await read(loginId))?.status === 'denied')
    else denials.tellCertain(loginId, news)
  }

  function changeOf(
    loginId: string,
    value: unknown,
    eventFor: EventFor,
    { durable = false, by, onChange = () => undefined }: WriteDown = {},
  ): Change<Outcome | undefined> {
    const login = live(value)
    const now = clock()
    const event = login && eventFor(login, now)
    if (login === undefined || event === undefined) return { result: undefined }
    const outcome = transition(login, event, now)
    // A durable answer is a promise, so what stays the same is written again: the first write may have reached no
    // replica. A wrong code is no promise: it is counted and answered without waiting for replicas that may not come.
    const isPromised = durable && outcome.refusal === undefined
    const isSame = outcome.login === login
    if (isSame && !isPromised) return { result: outcome }
    const next = { value: encodeLogin(outcome.login), expiresAt: outcome.login.expiresAt, durable: isPromised }
    if (isSame) return { next, result: outcome }
    const news = { loginId, ...newsOf(event), before: login, after: outcome.login, by }
    const changed = (how: { isUncertain?: true }) => {
      tell(news, how)
      onChange(how)
    }
    return { next, result: outcome, onWritten: () => changed({}), onUncertain: () => changed({ isUncertain: true }) }
  }

  return {
    async create(loginId, login) {
      const options = { expiresAt: login.expiresAt, ifVersion: null, begins: true }
      await store.write(keyOf(loginId), encodeLogin(login), options)
      onNews({ loginId, type: 'create', after: login })
    },

    read,

    readStored: (loginId) => store.read(keyOf(loginId)),

    decode,

    apply(loginId, eventFor, { guess, ...how } = {}) {
      return updateRecord(store, keyOf(loginId), (value) => changeOf(loginId, value, eventFor, how), guess)
    },

    keyOf,

    changeOf,

    async remove(loginId, end, by) {
      const endWhatItLedTo = async (value: unknown) => {
        const login = live(value)
        if (login !== undefined) await end(login)
      }
      const before = decodeLogin(await removeAsRead(store, keyOf(loginId), endWhatItLedTo))
      if (before !== undefined && !isOver(before)) onNews({ loginId, type: 'remove', before, by })
    },

    async noteExpired(loginId, before, by) {
      if (isOver(before)) return
      try {
        if (live((await store.read(keyOf(loginId)))?.value) !== undefined) return
        const once = { expiresAt: clock() + END_REMEMBERED_MS, ifVersion: null }
        if (await store.write(`expired:${loginId}`, true, once)) onNews({ loginId, type: 'expire', before, by })
      } catch {
        // Nobody waits for this, and the next request finds out by itself that the store is away.
      }
    },

    watch: (loginId, onChange) => store.watch(keyOf(loginId), onChange),
  }
}

/** Whether the login's end has been told already. */
function isOver({ status }: Login): boolean {
  return status === 'delivered' || status === 'denied'
}

function newsOf(event: LoginEvent): Pick<LoginNews, 'type' | 'why'> {
  return event.type === 'deny' && event.why !== undefined ? { type: event.type, why: event.why } : { type: event.type }
}

function keyOf(loginId: string): string {
  return `login:${loginId}`
}
