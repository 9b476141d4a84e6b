// The reply under /events.
import { amount, type Fields, fieldsOf, flag, inside, listOf, optional, text } from './decoding.ts'
import { type BrowserName, browserName } from './protocol.ts'
import { moment } from './session-protocol.ts'

/** A device as an event tells of it. */
export interface EventDevice {
  readonly browser: BrowserName
  readonly ip: string
  /** In words, where the server can say. */
  readonly place: string | undefined
}

/** Something that happened to the person's account. */
export interface AccountEvent extends EventDevice {
  /** A newer server may know more of them. */
  readonly type: string
  /** The server's, in epoch milliseconds. */
  readonly createdAt: number
  /** The session that it is about. */
  readonly session: string | undefined
  /** The passkey that it is about. */
  readonly passkey: string | undefined
  /** Who did it, where that was another device. */
  readonly by: EventDevice | undefined
  readonly count: number
  /** Since this device was last visited. */
  readonly isNew: boolean
}

const device = (from: Fields): EventDevice => ({
  browser: browserName(from, 'browser'),
  ip: text(from, 'ip'),
  place: optional(text)(from, 'place'),
})

const events = listOf(
  (event): AccountEvent => ({
    type: text(event, 'type'),
    createdAt: moment(event, 'created_at'),
    ...device(event),
    session: optional(text)(event, 'session'),
    passkey: optional(text)(event, 'passkey'),
    by: optional(inside(device))(event, 'by'),
    count: optional(amount)(event, 'count') ?? 1,
    isNew: flag(event, 'new'),
  }),
)

export const decodeEvents = (value: unknown): readonly AccountEvent[] => events(fieldsOf(value), 'events')
