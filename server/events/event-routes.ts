import Type, { type Static } from 'typebox'
import { type Clock, iso } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import { type PlaceOf, placed } from '../http/place.ts'
import { AWAY, browserName, clientIp, moment, nothing, oneOf, place, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { personKeyHash } from '../identity/person-key.ts'
import { passkeyId } from '../passkeys/passkey-wire.ts'
import type { CurrentSession } from '../session/current-session.ts'
import { type IdentifiedSession, isNewTo } from '../session/session.ts'
import type { SessionService } from '../session/session-service.ts'
import { sessionId } from '../session/session-wire.ts'
import type { EventRecords } from './event-records.ts'
import { PERSON_EVENTS, type PersonEvent } from './person-event.ts'

interface EventRoutesOptions {
  records: Pick<EventRecords, 'list'>
  current: CurrentSession
  sessions: Pick<SessionService, 'noteVisit'>
  placeOf: PlaceOf
  clock: Clock
}

const device = Type.Object(
  { browser: browserName, ip: clientIp('Its address'), place: Type.Optional(place) },
  { title: 'EventDevice' },
)

const listedEvent = Type.Object(
  {
    type: oneOf(PERSON_EVENTS, {
      description:
        '`signed_in`: a phone, by password, passkey or your identity provider. `linked`: a browser, by a phone. `denied`: the browser was refused. `revoked`: signed out by its owner from another device',
    }),
    created_at: moment,
    ...device.properties,
    session: Type.Optional(sessionId),
    passkey: Type.Optional(passkeyId),
    by: Type.Optional(device),
    count: Type.Optional(
      Type.Integer({ description: 'How many sessions one request ended. Left out: one', examples: [3] }),
    ),
    new: Type.Boolean({ description: "Since this session's last visit, and not of itself", examples: [false] }),
  },
  { title: 'AccountEvent' },
)

const tags = ['session']
const security = [{ session: [] }]
const SIGNED_IN = ['authentication_required', ...AWAY] as const

/** What happened to a person's account, and how far a device has shown them. */
export function eventRoutes(app: TypedApp, options: EventRoutesOptions): void {
  const { records, current, sessions, placeOf, clock } = options

  app.get(
    '/events',
    {
      exposeHeadRoute: true,
      schema: {
        operationId: 'listEvents',
        tags,
        security,
        summary: "What happened to the person's account: the newest 50, of 90 days",
        description: 'Written a moment after it happened.',
        problems: SIGNED_IN,
        response: { 200: Type.Object({ events: Type.Array(listedEvent) }, { title: 'AccountEvents' }) },
      },
    },
    async (request) => {
      const own = await current.require(request)
      const events = await records.list(personKeyHash(own.session.user))
      return { events: events.map((event) => eventOnWire(event, own)) }
    },
  )

  app.post(
    '/events/seen',
    {
      schema: {
        operationId: 'noteVisit',
        tags,
        security,
        summary: 'Say that the person was shown, on this device, what happened until a moment: it is new no more',
        body: Type.Object({ until: moment }, { ...strict, title: 'Visit' }),
        problems: SIGNED_IN,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const own = await current.require(request)
      const until = Date.parse(request.body.until)
      if (!Number.isFinite(until)) throw new ScanInError('invalid_request')
      await sessions.noteVisit(own, Math.min(until, clock()))
      return reply.code(204).send(null)
    },
  )

  function deviceOnWire({ browser, ip }: Pick<PersonEvent, 'browser' | 'ip'>): Static<typeof device> {
    return { browser, ip, ...placed(placeOf(ip)) }
  }

  function eventOnWire(event: PersonEvent, own: IdentifiedSession): Static<typeof listedEvent> {
    const { type, at, session, passkey, by, count } = event
    return {
      type,
      created_at: iso(at),
      ...deviceOnWire(event),
      ...(session === undefined ? {} : { session }),
      ...(passkey === undefined ? {} : { passkey }),
      ...(by === undefined ? {} : { by: deviceOnWire(by) }),
      ...(count === undefined ? {} : { count }),
      new: isNewTo(own, { id: session, at }),
    }
  }
}
