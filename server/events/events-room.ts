import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.ts'
import { isSameNetwork } from '../http/client-address.ts'
import type { PlaceOf } from '../http/place.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { UNKNOWN_BROWSER } from '../http/user-agent.ts'
import type { OnAccountEnd } from '../identity/account-news.ts'
import type { User } from '../identity/identity.ts'
import { personKeyHash } from '../identity/person-key.ts'
import type { OnLoginNews } from '../login/login-news.ts'
import type { OnPasskeyNews } from '../passkeys/passkey-news.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from '../session/current-session.ts'
import type { OnSessionNews } from '../session/session-news.ts'
import type { SessionService } from '../session/session-service.ts'
import type { RecordStore } from '../store/record-store.ts'
import { createEventRecords } from './event-records.ts'
import { eventRoutes } from './event-routes.ts'
import { createEventWriter, type EventWriterOptions } from './event-writer.ts'
import { type AddressedEvent, createEndCounts, eventOfLogin, eventOfPasskey, eventOfSession } from './events-of-news.ts'
import type { PersonEvent } from './person-event.ts'

interface EventsRoomOptions extends Pick<EventWriterOptions, 'schedule'> {
  store: RecordStore
  clock: Clock
  randomness: Pick<Randomness, 'text'>
  placeOf: PlaceOf
  logger: Pick<FastifyBaseLogger, 'warn'>
}

/** What people are told of their own accounts. */
export interface EventsRoom {
  onLoginNews: OnLoginNews
  onSessionNews: OnSessionNews
  onPasskeyNews: OnPasskeyNews
  onAccountEnd: OnAccountEnd
  /**
   * Whether nobody was signed in to the account from such a browser in that network, as far as events go back. `false`
   * where the store does not answer in a moment: no login waits for this, or fails by it.
   */
  isNewBrowser(person: User, asking: Pick<PersonEvent, 'browser' | 'ip'>): Promise<boolean>
  /** `GET /events`, `POST /events/seen`. */
  routes(app: TypedApp, people: { current: CurrentSession; sessions: Pick<SessionService, 'noteVisit'> }): void
  /** Writes what waits, if that can be done in a moment. */
  close(): Promise<void>
}

/** Opens the room of events: told by the others' news, it keeps them in `store`, some time later. */
export function createEventsRoom(options: EventsRoomOptions): EventsRoom {
  const { clock } = options
  const records = createEventRecords(options)
  const countEnd = createEndCounts(options.randomness)
  const writer = createEventWriter({ ...options, records })

  function keep(addressed: AddressedEvent | undefined): void {
    if (addressed !== undefined) writer.write(personKeyHash(addressed.person), addressed.event)
  }

  return {
    onLoginNews: (news) => keep(eventOfLogin(news, clock())),
    onSessionNews: (news) => keep(eventOfSession(news, clock(), countEnd)),
    onPasskeyNews: (news) => keep(eventOfPasskey(news, clock())),
    onAccountEnd({ user, why }) {
      // Whoever has this id next must not see them. Where the store is away, they end in their time.
      if (why === 'removed') records.forget(personKeyHash(user)).catch(() => undefined)
    },
    async isNewBrowser(person, asking) {
      const events = await inAMoment(records.list(personKeyHash(person)))
      return events !== undefined && !events.some((event) => isSignIn(event) && isAlike(event, asking))
    },
    routes: (app, people) => eventRoutes(app, { ...options, ...people, records }),
    close: writer.close,
  }
}

const MOMENT_MS = 250

function inAMoment<T>(asked: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, MOMENT_MS, undefined)
    const settle = (answer?: T) => {
      clearTimeout(timer)
      resolve(answer)
    }
    asked.then(settle, () => settle())
  })
}

const isSignIn = ({ type }: PersonEvent): boolean => type === 'linked' || type === 'signed_in'

function isAlike(one: Pick<PersonEvent, 'browser' | 'ip'>, other: Pick<PersonEvent, 'browser' | 'ip'>): boolean {
  const at = ({ ip }: Pick<PersonEvent, 'ip'>) => ({ address: ip, isKnown: true })
  const { name, os } = one.browser
  // An unknown browser is like no other.
  return (
    name !== UNKNOWN_BROWSER &&
    name === other.browser.name &&
    os === other.browser.os &&
    isSameNetwork(at(one), at(other))
  )
}
