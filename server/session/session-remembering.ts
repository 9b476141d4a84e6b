import Type from 'typebox'
import { type Clock, isWithin, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { AWAY, expiresIn, OF_TOKENS } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { User } from '../identity/identity.ts'
import type { AuthenticateNativeApp } from '../identity/native-apps.ts'
import { isSamePerson, type Person, personKeyHash } from '../identity/person-key.ts'
import type { CurrentSession } from './current-session.ts'
import { expiryOf, type IdentifiedSession, type Session } from './session.ts'
import type { SessionIndex } from './session-index.ts'
import type { OnSessionNews } from './session-news.ts'
import type { SessionPolicy } from './session-opening.ts'
import { type SessionRecords, sessionIn } from './session-records.ts'
import { sessionId as id } from './session-wire.ts'

/** Gives a browser's session the length of a phone's, after it was let in. */
export interface SessionRemembering {
  /** @returns `undefined`: the person has no such session, or it was let in too long ago */
  remember(person: Person, id: string, by?: RequestContext): Promise<Session | undefined>
  /**
   * When a session is over at the latest, in epoch milliseconds, even if it is remembered later: for what has to last
   * until the session ends.
   */
  latestEndOf(session: Session): number
}

interface SessionRememberingOptions {
  clock: Clock
  policy: Pick<SessionPolicy, 'rememberMs'>
  records: Pick<SessionRecords, 'find' | 'change'>
  index: Pick<SessionIndex, 'prolong'>
  /** Told once of each that is remembered. */
  onNews?: OnSessionNews | undefined
}

/** For so long after letting a browser in its owner may say so. Later it takes another scan, and what that asks for. */
const SAID_WITHIN_MS = 10 * 60_000

export function createSessionRemembering(options: SessionRememberingOptions): SessionRemembering {
  const { clock, policy, records, index, onNews = () => undefined } = options

  const wasLetIn = ({ kind, login }: Session) => kind === 'browser' && login !== undefined

  function mayBeRemembered(session: Session): boolean {
    return wasLetIn(session) && isWithin(SAID_WITHIN_MS, session.createdAt, clock())
  }

  function remembered({ idleMs: _rests, ...session }: Session): Session {
    return { ...session, endsAt: Math.max(session.endsAt, session.createdAt + policy.rememberMs), isKept: true }
  }

  return {
    latestEndOf: (session) => (wasLetIn(session) ? remembered(session).endsAt : session.endsAt),

    async remember(person, sessionId, by) {
      const session = sessionIn(await records.find(sessionId))
      if (session === undefined || !isSamePerson(session.user, person) || !mayBeRemembered(session)) return undefined
      // The list first: nobody could end a session that outlives its place in the list.
      await index.prolong(personKeyHash(person), sessionId, remembered(session).endsAt)
      const tell = (made: Session, before: Session, certainty: { isUncertain?: true }) => {
        if (before.isKept === undefined) onNews({ type: 'kept', id: sessionId, session: made, by, ...certainty })
      }
      return records.change(sessionId, remembered, {
        durable: true,
        onWritten: (made, before) => tell(made, before, {}),
        onUncertain: (made, before) => tell(made, before, { isUncertain: true }),
      })
    },
  }
}

interface RememberRouteOptions {
  sessions: SessionRemembering
  current: CurrentSession
  nativeApp: AuthenticateNativeApp
  clientAddresses: Pick<ClientAddresses, 'of'>
  clock: Clock
}

/** What a phone says after it has confirmed; before, `remember` of the confirmation says the same. */
export function rememberRoute(app: TypedApp, options: RememberRouteOptions): void {
  const { sessions, current, nativeApp, clientAddresses, clock } = options

  /** A browser may not lengthen what it was given. */
  function ownerOf({ session }: IdentifiedSession): User {
    if (session.kind !== 'phone') throw new ScanInError('not_found')
    return session.user
  }

  app.post(
    '/sessions/:id/remember',
    {
      schema: {
        operationId: 'rememberSession',
        tags: ['session'],
        security: [{ session: [] }, { bearer: [] }, { dpop: [] }],
        summary: 'Keep a browser that was just let in for as long as a phone: `remember`, said after the confirmation',
        description:
          "For ten minutes, and by a phone of the same person. Its cookie is given anew when it next comes by. A native app's person stays in for as long as the app shows good tokens, twelve hours apart at the most.",
        params: Type.Object({ id }),
        problems: ['not_found', 'authentication_required', ...OF_TOKENS, ...AWAY],
        response: { 200: Type.Object({ expires_in: expiresIn }, { title: 'RememberedSession' }) },
      },
    },
    async (request) => {
      const native = await nativeApp(request)
      const person = native === undefined ? ownerOf(await current.require(request)) : native.user
      const session = await sessions.remember(person, request.params.id, requestContextOf(request, clientAddresses))
      if (session === undefined) throw new ScanInError('not_found')
      return { expires_in: secondsUntil(expiryOf(session), clock()) }
    },
  )
}
