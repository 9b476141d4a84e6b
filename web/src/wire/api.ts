import { type AccountEvent, decodeEvents } from './event-protocol.ts'
import { createLoginApi, type LoginApi, type StatusAsk, statusRequest } from './login-api.ts'
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
  type ConfirmReply,
  decodeConfirm,
  decodePhoneReply,
  decodeScan,
  type PhoneReply,
  type ScanReply,
} from './protocol.ts'
import { callsOver, type Fetch, patienceMsFor } from './request.ts'
import {
  type CurrentSession,
  decodeLocation,
  decodeRevoked,
  decodeSession,
  decodeSessions,
  type LinkedDevice,
  type SessionKind,
} from './session-protocol.ts'

/** Every call throws ApiError, ConnectionError or DecodeError, and none takes longer than its deadline. */
export interface Api extends LoginApi {
  scan(ask: { token: string } | { userCode: string }): Promise<ScanReply>
  /** @param ask.isAgain one before was not answered: this one may take its time */
  confirm(ask: { token: string; assertion?: Assertion | undefined; isAgain?: boolean }): Promise<ConfirmReply>
  confirmOptions(ask: { token: string }): Promise<RequestOptions>
  deny(ask: { token: string }): Promise<void>
  scanStatus(ask: StatusAsk): Promise<PhoneReply>
  signIn(ask: { username: string; password: string }): Promise<void>
  signOut(): Promise<void>
  /** @throws ApiError `authentication_required` where nobody is signed in */
  session(): Promise<CurrentSession>
  sessions(): Promise<readonly LinkedDevice[]>
  revoke(ask: { id: string }): Promise<void>
  /** @returns how many it ended */
  revokeOthers(ask?: { kind?: SessionKind | undefined }): Promise<number>
  /** Keeps a browser signed in that was let in just now. */
  remember(ask: { id: string }): Promise<void>
  rename(ask: { id: string; name: string }): Promise<void>
  events(): Promise<readonly AccountEvent[]>
  /** Says that the person was shown on this device what happened until then, by the server's clock. */
  noteVisit(ask: { until: number }): Promise<void>
  passkeys(): Promise<readonly Passkey[]>
  /** @param ask.name the passkey's name: one that is not allowed is refused here already, as later */
  passkeyOptions(ask?: { name?: string | undefined }): Promise<CreationOptions>
  addPasskey(ask: { name?: string | undefined; attestation: Attestation }): Promise<void>
  removePasskey(ask: { id: string }): Promise<void>
  passkeySignInOptions(): Promise<RequestOptions>
  signInByPasskey(ask: { assertion: Assertion }): Promise<void>
  /** @returns where to sign in */
  beginProviderSignIn(ask: { returnTo: string; again: boolean }): Promise<string>
}

/** The server's API over `fetch`. */
export function createApi({ fetch }: { fetch: Fetch }): Api {
  const { get, post, remove, ask } = callsOver(fetch)

  return {
    ...createLoginApi({ fetch }),
    scan: async (code) => {
      const body = 'token' in code ? { token: code.token } : { user_code: code.userCode }
      return decodeScan(await post('/login/scan', body))
    },
    confirm: async ({ isAgain, ...asked }) =>
      decodeConfirm(await post('/login/confirm', asked, patienceMsFor(isAgain))),
    confirmOptions: async ({ token }) => decodeRequestOptions(await post('/login/confirm/options', { token })),
    deny: async ({ token }) => {
      await post('/login/deny', { token })
    },
    scanStatus: async (asked) => decodePhoneReply(await ask(statusRequest('/login/scan', asked))),
    signIn: async (credentials) => {
      await post('/sign-in', credentials)
    },
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
    remember: async ({ id }) => {
      await post(`/sessions/${encodeURIComponent(id)}/remember`)
    },
    rename: async ({ id, name }) => {
      await ask({ method: 'PATCH', path: `/sessions/${encodeURIComponent(id)}`, body: { name } })
    },
    events: async () => decodeEvents(await get('/events')),
    noteVisit: async ({ until }) => {
      await post('/events/seen', { until: new Date(until).toISOString() })
    },
    passkeys: async () => decodePasskeys(await get('/passkeys')),
    passkeyOptions: async ({ name } = {}) =>
      decodeCreationOptions(await post('/passkeys/options', name === undefined ? undefined : { name })),
    addPasskey: async (asked) => {
      await post('/passkeys', asked)
    },
    removePasskey: async ({ id }) => {
      await remove(`/passkeys/${encodeURIComponent(id)}`)
    },
    passkeySignInOptions: async () => decodeRequestOptions(await post('/sign-in/passkey/options')),
    signInByPasskey: async ({ assertion }) => {
      await post('/sign-in/passkey', { assertion })
    },
    beginProviderSignIn: async ({ returnTo, again }) =>
      decodeLocation(await post('/sign-in/oidc', { return_to: returnTo, again })),
  }
}
