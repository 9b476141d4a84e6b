import { type AccountEvent, decodeEvents } from './event-protocol.ts'
import {
  type Assertion,
  type Attestation,
  type CreationOptions,
  decodeCreationOptions,
  decodePasskeys,
  decodeRequestOptions,
  type Passkey,
  type RequestOptions,
} from './passkey-protocol.ts'
import {
  type BrowserReply,
  type ConfirmReply,
  decodeBrowserReply,
  decodeConfirm,
  decodeLogin,
  decodePhoneReply,
  decodeScan,
  decodeUserCode,
  type LoginReply,
  type PhoneReply,
  type ScanReply,
  type UserCodeReply,
} from './protocol.ts'
import { type Fetch, type Request, send } from './request.ts'
import {
  type CurrentSession,
  decodeLocation,
  decodeRevoked,
  decodeSession,
  decodeSessions,
  decodeSignIn,
  type LinkedDevice,
  type SessionKind,
} from './session-protocol.ts'

/** What to ask a status route: the state last seen, and how long the server may keep the reply back. */
export interface StatusAsk {
  readonly token: string
  readonly seen: string
  readonly waitSeconds: number
  readonly signal?: AbortSignal
}

/** Every call throws ApiError, ConnectionError or DecodeError, and none takes longer than its deadline. */
export interface Api {
  startLogin(ask: { token?: string | undefined; returnTo?: string | undefined }): Promise<LoginReply>
  loginStatus(ask: StatusAsk): Promise<BrowserReply>
  match(ask: { token: string; matchCode: string }): Promise<BrowserReply>
  userCode(ask: { token: string }): Promise<UserCodeReply>
  dropLogin(ask: { token: string }): Promise<void>
  scan(ask: { token: string } | { userCode: string }): Promise<ScanReply>
  confirm(ask: { token: string; remember: boolean; assertion?: Assertion | undefined }): Promise<ConfirmReply>
  confirmOptions(ask: { token: string }): Promise<RequestOptions>
  deny(ask: { token: string }): Promise<void>
  scanStatus(ask: StatusAsk): Promise<PhoneReply>
  signIn(ask: { username: string; password: string }): Promise<string>
  signOut(): Promise<void>
  session(): Promise<CurrentSession>
  sessions(): Promise<readonly LinkedDevice[]>
  revoke(ask: { id: string }): Promise<void>
  revokeOthers(ask?: { kind?: SessionKind | undefined }): Promise<number>
  rename(ask: { id: string; name: string }): Promise<void>
  events(): Promise<readonly AccountEvent[]>
  /** Says that the person was shown on this device what happened until then, a moment of the server's. */
  noteVisit(ask: { until: number }): Promise<void>
  passkeys(): Promise<readonly Passkey[]>
  passkeyOptions(): Promise<CreationOptions>
  addPasskey(ask: { name?: string | undefined; attestation: Attestation }): Promise<void>
  removePasskey(ask: { id: string }): Promise<void>
  passkeySignInOptions(): Promise<RequestOptions>
  signInByPasskey(ask: { assertion: Assertion }): Promise<string>
  /** @returns where to sign in */
  beginProviderSignIn(ask: { returnTo: string; again: boolean }): Promise<string>
}

// A held reply gets its hold and the ordinary deadline on top.
const beyondTheHoldMs = 10_000

const statusRequest = (path: string, { token, seen, waitSeconds, signal }: StatusAsk): Request => {
  const query = new URLSearchParams({ seen, ...(waitSeconds > 0 && { wait: String(waitSeconds) }) })
  return {
    method: 'GET',
    path: `${path}/${encodeURIComponent(token)}?${query}`,
    timeoutMs: waitSeconds * 1000 + beyondTheHoldMs,
    ...(signal && { signal }),
  }
}

/** The server's API over `fetch`. */
export function createApi({ fetch }: { fetch: Fetch }): Api {
  const get = (path: string) => send(fetch, { method: 'GET', path })
  const post = (path: string, body?: Record<string, unknown>) =>
    send(fetch, { method: 'POST', path, ...(body && { body }) })
  const remove = (path: string) => send(fetch, { method: 'DELETE', path })

  return {
    startLogin: async ({ token, returnTo }) => decodeLogin(await post('/login', { token, return_to: returnTo })),
    loginStatus: async (ask) => decodeBrowserReply(await send(fetch, statusRequest('/login/status', ask))),
    match: async ({ token, matchCode }) =>
      decodeBrowserReply(await post('/login/match', { token, match_code: matchCode })),
    userCode: async ({ token }) => decodeUserCode(await post('/login/user-code', { token })),
    dropLogin: async ({ token }) => {
      await remove(`/login/${encodeURIComponent(token)}`)
    },
    scan: async (ask) => {
      const body = 'token' in ask ? { token: ask.token } : { user_code: ask.userCode }
      return decodeScan(await post('/login/scan', body))
    },
    confirm: async (ask) => decodeConfirm(await post('/login/confirm', ask)),
    confirmOptions: async ({ token }) => decodeRequestOptions(await post('/login/confirm/options', { token })),
    deny: async ({ token }) => {
      await post('/login/deny', { token })
    },
    scanStatus: async (ask) => decodePhoneReply(await send(fetch, statusRequest('/login/scan', ask))),
    signIn: async (credentials) => decodeSignIn(await post('/sign-in', credentials)),
    signOut: async () => {
      await post('/sign-out')
    },
    session: async () => decodeSession(await get('/session')),
    sessions: async () => decodeSessions(await get('/sessions')),
    revoke: async ({ id }) => {
      await remove(`/sessions/${encodeURIComponent(id)}`)
    },
    revokeOthers: async ({ kind } = {}) =>
      decodeRevoked(await remove(kind === undefined ? '/sessions' : `/sessions?kind=${kind}`)),
    rename: async ({ id, name }) => {
      await send(fetch, { method: 'PATCH', path: `/sessions/${encodeURIComponent(id)}`, body: { name } })
    },
    events: async () => decodeEvents(await get('/events')),
    noteVisit: async ({ until }) => {
      await post('/events/seen', { until: new Date(until).toISOString() })
    },
    passkeys: async () => decodePasskeys(await get('/passkeys')),
    passkeyOptions: async () => decodeCreationOptions(await post('/passkeys/options')),
    addPasskey: async (ask) => {
      await post('/passkeys', ask)
    },
    removePasskey: async ({ id }) => {
      await remove(`/passkeys/${encodeURIComponent(id)}`)
    },
    passkeySignInOptions: async () => decodeRequestOptions(await post('/sign-in/passkey/options')),
    signInByPasskey: async ({ assertion }) => decodeSignIn(await post('/sign-in/passkey', { assertion })),
    beginProviderSignIn: async ({ returnTo, again }) =>
      decodeLocation(await post('/sign-in/oidc', { return_to: returnTo, again })),
  }
}
