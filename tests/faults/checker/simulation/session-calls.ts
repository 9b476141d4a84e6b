import type { Ask, AskingPhone } from '../history.ts'
import { happen, live, type Serving, type SimulatedService } from './service.ts'

/** What is asked of the session that came of the login. */
export type SessionAsk = Extract<Ask, { session: string }>

export function* use(service: SimulatedService, session: string): Serving {
  yield
  const isAlive = service.fault === 'lets ended sessions live' || service.sessions.get(session) === 'open'
  if (!isAlive) return { status: 401 }
  const person = service.login?.status === 'delivered' ? service.login.phone.user.id : undefined
  happen(service, { type: 'acknowledge' })
  yield
  return { status: 200, ...(person === undefined ? {} : { person }) }
}

export function* end(service: SimulatedService, ask: SessionAsk): Serving {
  yield
  const isOpen = service.sessions.get(ask.session) === 'open'
  if (!isOpen) return ask.do === 'revoke' ? { status: 404 } : { status: 204 }
  if (ask.do === 'sign out') happen(service, { type: 'acknowledge' })
  yield
  service.sessions.set(ask.session, 'ended')
  yield
  return { status: 204 }
}

export function* endPhone(service: SimulatedService, { id }: AskingPhone): Serving {
  yield
  service.endedPhones.add(id)
  yield
  const login = live(service)
  if (login === undefined || login.status === 'pending' || login.phone?.id !== id) return { status: 204 }
  happen(service, { type: 'deny', phone: login.phone, showMs: service.rules.collectMs })
  yield
  return { status: 204 }
}
