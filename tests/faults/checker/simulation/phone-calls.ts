import { isPhoneOf, type Login, type LoginEvent, type Outcome, type Phone } from '../../../../server/login/login.ts'
import type { Ask } from '../history.ts'
import { happen, live, own, type Reply, type Serving, type SimulatedService } from './service.ts'

const EXPIRED_TOKEN: Reply = { status: 404, code: 'expired_token' }

type PhoneAsk = Extract<Ask, { do: 'scan' | 'confirm' | 'deny' | 'watch' }>

export function* phoneCall(service: SimulatedService, ask: PhoneAsk): Serving {
  yield
  const phone = { id: ask.phone.id, user: { id: ask.phone.person, name: '' } }
  if (service.endedPhones.has(phone.id)) return { status: 401 }
  yield
  const isLax = service.fault === 'scans what was rotated out' && ask.do === 'scan'
  const login = isLax ? live(service) : own(service, ask.secret)
  if (login === undefined) return EXPIRED_TOKEN
  if (ask.do === 'watch') return watched(login, phone.id)
  if (login.status === 'denied' && ask.do === 'confirm' && service.fault === 'confirms what was denied') {
    service.login = { ...login, status: 'authenticated', phone, remember: false, salt: '-' }
    return { status: 200, said: 'authenticated' }
  }
  return told(ask.do, happen(service, eventOf(service, ask.do, phone)))
}

function eventOf(service: SimulatedService, what: 'scan' | 'confirm' | 'deny', phone: Phone): LoginEvent {
  const { confirmMs, collectMs } = service.rules
  if (what === 'scan') return { type: 'scan', phone, match: service.match, confirmMs }
  if (what === 'deny') return { type: 'deny', phone, showMs: collectMs }
  return {
    type: 'confirm',
    phone,
    remember: false,
    matchCodeHash: `code-${service.made++}`,
    salt: `${service.made++}`,
    collectMs,
  }
}

function told(what: 'scan' | 'confirm' | 'deny', outcome: Outcome | undefined): Reply {
  const refusal = outcome?.refusal
  if (refusal === 'already_scanned' || refusal === 'not_scanned') return { status: 409, code: refusal }
  if (outcome === undefined || refusal !== undefined) return EXPIRED_TOKEN
  const { login } = outcome
  const isOver = login.status === 'delivered' || login.status === 'denied'
  if (what === 'scan') return isOver ? EXPIRED_TOKEN : { status: 200, said: login.status }
  if (login.status === 'match_required') return { status: 200, said: login.status, matchCode: login.matchCodeHash }
  return { status: 200, said: what === 'deny' ? 'denied' : 'authenticated' }
}

function watched(login: Login, phoneId: string): Reply {
  if (!isPhoneOf(login, phoneId)) return EXPIRED_TOKEN
  const isCollected = login.status === 'delivered'
  return { status: 200, said: isCollected ? 'authenticated' : login.status, isCollected }
}
