import {
  acceptsSecret,
  isExpired,
  type Login,
  type LoginEvent,
  type MatchKind,
  type Outcome,
  ownUntil,
  transition,
} from '../../../../server/login/login.ts'
import type { Answer, Rules } from '../history.ts'

/**
 * The service in small, over the real `transition`, for the checker's own tests: each `yield` is a moment in which
 * others get their turn. Some services are faulty in one way.
 */
export interface SimulatedService {
  now: number
  login: Login | undefined
  sessions: Map<string, 'open' | 'ended'>
  endedPhones: Set<string>
  match: MatchKind
  rules: Rules
  fault: Fault | undefined
  /** Names of what is made: QR secrets, salts, digits. */
  made: number
}

export const FAULTS = [
  'collects what nobody confirmed',
  'confirms what was denied',
  'makes a session for each poll',
  'brings states back',
  'forgets what was confirmed',
  'lets ended sessions live',
  'speaks for somebody else',
  'takes any digits',
  'scans what was rotated out',
] as const
export type Fault = (typeof FAULTS)[number]

export type Reply = Omit<Answer, 'at'>
export type Serving = Generator<undefined, Reply>

/** The login, while its time is not over. */
export function live(service: SimulatedService): Login | undefined {
  const { login, now } = service
  return login === undefined || isExpired(login, now) ? undefined : login
}

/** The login, if the secret is still good for it. */
export function own(service: SimulatedService, secret: string): Login | undefined {
  const login = live(service)
  return login !== undefined && acceptsSecret(login, secret, service.now) ? login : undefined
}

/** The same for its own browser. */
export function ownOfBrowser(service: SimulatedService, secret: string): Login | undefined {
  const login = live(service)
  return login !== undefined && ownUntil(login, secret, service.now) !== undefined ? login : undefined
}

/** Lets an event happen to the login. `undefined`: there is none. */
export function happen(service: SimulatedService, event: LoginEvent): Outcome | undefined {
  const login = live(service)
  if (login === undefined) return undefined
  const outcome = transition(login, event, service.now)
  const isForgotten = service.fault === 'forgets what was confirmed' && outcome.login.status === 'authenticated'
  service.login = isForgotten ? undefined : outcome.login
  return outcome
}
