import type { LoginNews } from '../login/login-news.ts'
import type { AuditName } from './audit-event.ts'

/** The steps of a login's way, and its ends. Each login takes each of them once at the most. */
export const LOGIN_STEPS = [
  'created',
  'scanned',
  'confirmed',
  'matched',
  'collected',
  'denied',
  'cancelled',
  'expired',
] as const

export type LoginStep = (typeof LOGIN_STEPS)[number]

/** Steps that have a line in the log, by it. */
export const STEP_OF_EVENT: Readonly<Partial<Record<AuditName, LoginStep>>> = {
  'login.scanned': 'scanned',
  'login.confirmed': 'confirmed',
  'login.matched': 'matched',
  'login.collected': 'collected',
  'login.denied': 'denied',
  'login.cancelled': 'cancelled',
  'login.expired': 'expired',
}

/** The one that has none. */
export const STEP_OF_NEWS: Readonly<Partial<Record<LoginNews['type'], LoginStep>>> = {
  create: 'created',
}
