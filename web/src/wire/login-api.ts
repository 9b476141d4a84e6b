import { replyPatienceMs } from './backoff.ts'
import { fieldsOf, inside, text } from './decoding.ts'
import {
  type BrowserReply,
  decodeBrowserReply,
  decodeLogin,
  decodeUserCode,
  type LoginReply,
  type UserCodeReply,
} from './protocol.ts'
import { callsOver, type Fetch, patienceMsFor, type Request } from './request.ts'

/** What to ask a status route: the state last seen, and how long the server may keep the reply back. */
export interface StatusAsk {
  readonly token: string
  readonly seen: string
  readonly waitSeconds: number
  /** How long the whole exchange may take. Left out: as long as a first try that is not held. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What the desktop asks. Every call throws ApiError, ConnectionError or DecodeError, and ends by its deadline. */
export interface LoginApi {
  /**
   * @param ask.token of the login that is to have a new code; left out, another is begun
   * @param ask.isAgain a try before ran out of its time: this one has more
   */
  startLogin(ask: { token?: string | undefined; returnTo?: string | undefined; isAgain?: boolean }): Promise<LoginReply>
  loginStatus(ask: StatusAsk): Promise<BrowserReply>
  /** @param ask.isAgain one before was not answered: this one may take its time */
  match(ask: { token: string; matchCode: string; isAgain?: boolean }): Promise<BrowserReply>
  userCode(ask: { token: string }): Promise<UserCodeReply>
  dropLogin(ask: { token: string }): Promise<void>
  /** @returns what the person is called. @throws ApiError `authentication_required` where nobody is signed in */
  signedInName(): Promise<string>
}

const nameOf = inside((user) => text(user, 'name'))

export const statusRequest = (
  path: string,
  { token, seen, waitSeconds, timeoutMs = replyPatienceMs(0), signal }: StatusAsk,
): Request => {
  const query = new URLSearchParams({ seen, ...(waitSeconds > 0 && { wait: String(waitSeconds) }) })
  return {
    method: 'GET',
    path: `${path}/${encodeURIComponent(token)}?${query}`,
    timeoutMs,
    ...(signal && { signal }),
  }
}

/** The part of the server's API that signs a browser in, over `fetch`: the first view waits for no more of it. */
export function createLoginApi({ fetch }: { fetch: Fetch }): LoginApi {
  const { get, post, remove, ask } = callsOver(fetch)
  return {
    startLogin: async ({ token, returnTo, isAgain }) => {
      // The old code is good for some seconds more: there should be another try within them.
      const patienceMs = patienceMsFor(isAgain || token === undefined)
      return decodeLogin(await post('/login', { token, return_to: returnTo }, patienceMs))
    },
    loginStatus: async (asked) => decodeBrowserReply(await ask(statusRequest('/login/status', asked))),
    match: async ({ token, matchCode, isAgain }) =>
      decodeBrowserReply(await post('/login/match', { token, match_code: matchCode }, patienceMsFor(isAgain))),
    userCode: async ({ token }) => decodeUserCode(await post('/login/user-code', { token })),
    dropLogin: async ({ token }) => {
      await remove(`/login/${encodeURIComponent(token)}`)
    },
    signedInName: async () => nameOf(fieldsOf(await get('/session')), 'user'),
  }
}
