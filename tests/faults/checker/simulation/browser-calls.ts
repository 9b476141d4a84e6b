import { type Login, listsSecret, type Phone, REPEAT_FOR_MS } from '../../../../server/login/login.ts'
import type { Ask } from '../history.ts'
import { type Fault, happen, live, ownOfBrowser, type Reply, type Serving, type SimulatedService } from './service.ts'

const EXPIRED: Reply = { status: 200, said: 'expired' }
const DENIED: Reply = { status: 200, said: 'denied' }

export function* poll(service: SimulatedService, secret: string): Serving {
  yield
  const login = ownOfBrowser(service, secret)
  if (login === undefined) return EXPIRED
  if (login.status === 'match_required') return { status: 200, said: login.status, triesLeft: login.triesLeft }
  const status = statusOf(service, login)
  return status === 'authenticated' || status === 'delivered' ? yield* collect(service) : { status: 200, said: status }
}

function statusOf(service: SimulatedService, login: Login): Login['status'] {
  const isNow = (fault: Fault) => service.fault === fault && service.made++ % 3 === 0
  if (login.status === 'scanned' && isNow('brings states back')) return 'pending'
  if (login.status === 'scanned' && isNow('collects what nobody confirmed')) {
    service.login = { ...login, status: 'authenticated', remember: false, salt: '-' }
    return 'authenticated'
  }
  return login.status
}

/** Three things one after the other: may the phone still approve, the session opened, the login delivered. */
function* collect(service: SimulatedService): Serving {
  const approved = isToCollect(service)
  if (approved === undefined) return EXPIRED
  const { phone, salt } = approved
  yield
  if (service.endedPhones.has(phone.id)) {
    const event = { type: 'deny', phone, showMs: service.rules.collectMs } as const
    return happen(service, event)?.refusal === 'not_scanned' ? yield* collect(service) : DENIED
  }
  const session = `session-${service.fault === 'makes a session for each poll' ? service.made++ : salt}`
  if (service.sessions.get(session) === 'ended') return EXPIRED
  if (!service.sessions.has(session)) service.sessions.set(session, 'open')
  yield
  // Another phone of the person has taken it over in between.
  if (isToCollect(service)?.phone.id !== phone.id && live(service)?.status !== 'denied') return yield* collect(service)
  const login = happen(service, { type: 'collect', repeatMs: REPEAT_FOR_MS })?.login
  if (login?.status !== 'delivered' || login.salt === undefined) return login?.status === 'denied' ? DENIED : EXPIRED
  yield
  if (service.made++ % 2 === 0) happen(service, { type: 'give', repeatMs: REPEAT_FOR_MS })
  const person = service.fault === 'speaks for somebody else' ? 'mallory' : phone.user.id
  return { status: 200, said: 'authenticated', session, person }
}

function isToCollect(service: SimulatedService): { phone: Phone; salt: string } | undefined {
  const login = live(service)
  if (login?.status !== 'authenticated' && login?.status !== 'delivered') return undefined
  const { phone, salt } = login
  // Once its session has been used, nothing leads to it any more.
  return salt === undefined ? undefined : { phone, salt }
}

export function* rotate(service: SimulatedService, secret: string): Serving {
  yield
  const login = live(service)
  if (login === undefined || !listsSecret(login, secret)) return { status: 201 }
  const fresh = `qr-${service.made++}`
  const { overlapMs, refreshMs } = service.rules
  const outcome = happen(service, { type: 'rotate', shownHash: secret, secretHash: fresh, overlapMs, refreshMs })
  return outcome === undefined || outcome.refusal !== undefined ? { status: 201 } : { status: 201, secret: fresh }
}

export function* match(service: SimulatedService, { secret, code }: Extract<Ask, { do: 'match' }>): Serving {
  yield
  const login = ownOfBrowser(service, secret)
  if (login === undefined) return EXPIRED
  const isBlind = service.fault === 'takes any digits' && login.status === 'match_required'
  const matchCodeHash = isBlind ? login.matchCodeHash : code
  const { collectMs } = service.rules
  const outcome = happen(service, {
    ...{ type: 'match', matchCodeHash, collectMs },
    salt: `${service.made++}`,
    showMs: collectMs,
  })
  if (outcome?.refusal === 'wrong_match_code') {
    const triesLeft = outcome.login.status === 'match_required' ? outcome.login.triesLeft : 0
    return { status: 422, code: 'wrong_match_code', triesLeft }
  }
  yield
  return yield* poll(service, secret)
}

export function* leave(service: SimulatedService, secret: string): Serving {
  yield
  const login = live(service)
  if (login === undefined || !listsSecret(login, secret)) return { status: 204 }
  yield
  service.login = undefined
  return { status: 204 }
}
