import type { RequestContext } from '../http/request-context.ts'
import { type IdentifiedSession, lastProvenAt } from '../session/session.ts'
import type { OAuthClient } from './client.ts'
import type { OAuthRefusal } from './refusals.ts'

/** A request to the provider, as our routes make it. */
export interface CallInput {
  /** The request itself, for records of what comes of it. */
  by?: RequestContext
  /** Who is signed in on the browser that asks. */
  visitor?: IdentifiedSession | undefined
  /** The request wants somebody who signed in, and proved who they are, from then on: epoch milliseconds. */
  since?: number | undefined
  /** Whether somebody is who the application means. */
  isMeant?: (sub: string) => boolean
  /** It is asked for in a frame of some page. */
  isFramed?: boolean
  /** The application wants to be posted the answer, which is done after the provider. */
  isFormPost?: boolean
}

/** What is found out on the way, for the steps that follow and for who called. */
export interface CallFindings {
  /** The session that the presented code or token was given in the name of. */
  grantingSession?: IdentifiedSession | undefined
  /** What was presented was given in the name of a session that is over, or closed to the client. */
  isEnded?: boolean
  /** The session of a device that a grant is made for: nothing but the grant leads to that session. */
  device?: DeviceSession
  /** The scopes that are asked for, as a device's code is kept with them. */
  scope?: string
  /** The code or refresh token that is used up once all that is given for it is written. */
  spent?: Spent
  /** A page that says what is wrong is to be the answer. */
  trouble?: { error: string; status: number }
  /** Somebody asks to be signed out; where to go on from there was checked. */
  signOut?: { client: OAuthClient | undefined; to: string | undefined; hint: { sid?: unknown } | undefined }
  /** What the client did wrong, or may not have. */
  refusal?: OAuthRefusal | undefined
  /** An error that is not the client's doing. */
  failure?: unknown
}

/** What goes with a request through the provider. */
export interface CallState {
  readonly asked: Readonly<CallInput>
  readonly found: CallFindings
}

export interface DeviceSession {
  /** Its public id. */
  session: string
  /** Whose it is: `subjectOf`. */
  subject: string
}

/** A code or a refresh token, by its secret. */
export interface Spent {
  kind: string
  id: string
  /** The refresh token that takes its place. */
  successor?: string
}

export function stateOf(ctx: { state: unknown }): CallState {
  return ctx.state as CallState
}

/** Providers say in whole seconds when somebody signed in there. */
const COARSE_MS = 1000

/** Who is signed in; nobody, if they signed in, or last proved who they are, before `since`. */
export function goodVisitor({ visitor, since = 0 }: CallInput): IdentifiedSession | undefined {
  if (visitor === undefined || visitor.session.createdAt < since) return undefined
  return lastProvenAt(visitor.session) >= since - COARSE_MS ? visitor : undefined
}
