import { type AnyContext, isOfRequest } from '../http/request-context.ts'
import type { BrowserName } from '../http/user-agent.ts'

/** Everything that an audit line may be about. docs/operations.md says what each means. */
export const AUDIT_NAMES = [
  'login.scanned',
  'login.taken_over',
  'login.confirmed',
  'login.matched',
  'login.match_failed',
  'login.denied',
  'login.cancelled',
  'login.expired',
  'login.collected',
  'sign_in.succeeded',
  'sign_in.failed',
  'sign_in.slowed',
  'session.kept',
  'session.signed_out',
  'session.revoked',
  'session.replaced',
  'session.displaced',
  'session.withdrawn',
  'passkey.added',
  'passkey.removed',
  'passkey.refused',
  'account.ended',
  'app.entered',
  'app.refused',
  'app.left',
  'bearer.refused',
  'admin.sessions_ended',
  'admin.blocked',
  'admin.unblocked',
  'admin.refused',
] as const

export type AuditName = (typeof AUDIT_NAMES)[number]

/** `unknown`: the store did not answer, and it may have happened or not. */
export type AuditOutcome = 'success' | 'failure' | 'unknown'

/**
 * One thing that happened, as it is logged and sent. Flat, but for devices; ids are public ones, and nothing in it opens
 * anything. The first three stand first in every line, so that what reads lines by patterns can hold on to them.
 */
export interface AuditEvent {
  audit: AuditName
  outcome: AuditOutcome
  /** Of the client that did it. */
  address?: string
  device?: BrowserName
  person?: string
  /** Where the person comes from. Left out: our own accounts. */
  source?: string
  login?: string
  session?: string
  /** What the session is: a phone's own, or a browser's that a phone signed in. */
  kind?: 'browser' | 'phone'
  /** The browser that waits, where another client decides about it, or a request of its own finds that one has. */
  browser?: BrowserName
  browser_address?: string
  /** The origin of another application, or its name where it has none. */
  application?: string
  /** By what somebody signed in or confirmed. Left out: by password, or a tap. */
  method?: 'passkey' | 'oidc'
  /** The public id of a passkey. */
  passkey?: string
  /** Of a closed list for each name. */
  reason?: string
  tries_left?: number
  /** How many an operator ended. */
  sessions?: number
  request_id?: string
  trace_id?: string
  /** The session that the request came by, where another one is what it is about. */
  by_session?: string
}

/** Who did it, from where, on which request; of a poll, in which trace. */
export function doneBy(by: AnyContext | undefined): Partial<AuditEvent> {
  if (!isOfRequest(by)) return { ...by?.labels }
  const { request_id, trace_id } = by.labels
  return { address: by.address, device: by.device, ...onRequest({ request_id, trace_id }) }
}

function onRequest({ request_id, trace_id }: { request_id: string; trace_id: string | undefined }) {
  return trace_id === undefined ? { request_id } : { request_id, trace_id }
}
