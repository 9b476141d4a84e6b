import type { Ask } from '../history.ts'
import { leave, match, poll, rotate } from './browser-calls.ts'
import { phoneCall } from './phone-calls.ts'
import type { Serving, SimulatedService } from './service.ts'
import { end, endPhone, use } from './session-calls.ts'

/** Answers one request. */
export function serve(service: SimulatedService, ask: Ask): Serving {
  switch (ask.do) {
    case 'poll':
      return poll(service, ask.secret)
    case 'rotate':
      return rotate(service, ask.secret)
    case 'match':
      return match(service, ask)
    case 'leave':
      return leave(service, ask.secret)
    case 'scan':
    case 'confirm':
    case 'deny':
    case 'watch':
      return phoneCall(service, ask)
    case 'use':
      return use(service, ask.session)
    case 'sign out':
    case 'revoke':
      return end(service, ask)
    case 'end phone':
      return endPhone(service, ask.phone)
    default:
      return ask satisfies never
  }
}
