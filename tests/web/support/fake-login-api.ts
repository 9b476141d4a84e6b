import type { LoginApi } from '../../../web/src/wire/login-api.ts'
import type { BrowserReply, LoginReply } from '../../../web/src/wire/protocol.ts'
import { refusal } from './polling.ts'

const pace = { intervalSeconds: 2, holdSeconds: 0 }

export const loginIds = ['AAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCC'] as const

export const tokenOf = (loginId: string, turn: number): string => `${loginId}.${String(turn).padStart(22, '0')}`

export const reply = (status: 'pending' | 'scanned', expiresInSeconds = 300): BrowserReply => ({
  status,
  expiresInSeconds,
  ...pace,
})

/**
 * A server with one browser before it, whose logins the test moves by hand. A code that was renewed is good no longer, but
 * to be renewed again.
 */
export function createFakeLoginApi({ lifeSeconds = 300 } = {}) {
  const logins = new Map<string, { turn: number; reply: BrowserReply }>()
  const calls: string[] = []
  let failing: unknown
  let losing = false
  let held: Promise<void> | undefined
  let heldStarted: Promise<void> | undefined
  let heldPolls: Promise<void> | undefined
  let withoutCookies = false
  let signedIn: string | undefined
  let started = 0
  let answerDigits: (() => Promise<BrowserReply>) | undefined

  const shown = (loginId: string, turn: number): LoginReply => ({
    status: 'pending',
    token: tokenOf(loginId, turn),
    qrImage: 'data:image/svg+xml;base64,',
    expiresInSeconds: lifeSeconds,
    refreshInSeconds: Math.min(30, lifeSeconds),
    application: undefined,
    ...pace,
  })
  const loginOf = (token: string) => logins.get(token.slice(0, 16))
  const isGood = (token: string) => loginOf(token)?.turn === Number(token.slice(17))

  const start = (token: string | undefined): LoginReply => {
    const known = token === undefined ? undefined : loginOf(token)
    if (token !== undefined && known?.reply.status === 'pending') {
      known.turn += 1
      return shown(token.slice(0, 16), known.turn)
    }
    const loginId = loginIds[started] ?? 'ZZZZZZZZZZZZZZZZ'
    started += 1
    logins.set(loginId, { turn: 0, reply: reply('pending', lifeSeconds) })
    return shown(loginId, 0)
  }

  const holding = (keep: (held: Promise<void> | undefined) => void) => {
    const letGo = new AbortController()
    keep(new Promise((resolve) => letGo.signal.addEventListener('abort', () => resolve())))
    return () => {
      keep(undefined)
      letGo.abort()
    }
  }

  const api: LoginApi = {
    startLogin: async ({ token }) => {
      calls.push(token === undefined ? 'start' : `rotate ${token}`)
      if (held !== undefined) await held
      if (failing !== undefined) throw failing
      const login = start(token)
      if (losing) throw new Error('The answer was lost')
      await heldStarted
      return login
    },
    loginStatus: async ({ token }) => {
      calls.push(`status ${token}`)
      if (failing !== undefined) throw failing
      await heldPolls
      const login = loginOf(token)
      return login !== undefined && isGood(token) && !withoutCookies ? login.reply : { status: 'expired' }
    },
    dropLogin: async ({ token }) => {
      calls.push(`drop ${token}`)
      logins.delete(token.slice(0, 16))
    },
    match: async ({ token }) => {
      if (answerDigits !== undefined) return answerDigits()
      return loginOf(token)?.reply ?? { status: 'expired' }
    },
    userCode: async ({ token }) => {
      if (!isGood(token)) throw new Error('There is no such login')
      return { userCode: 'WDJB-MJHT', verificationUri: 'https://scanin.example/scan' }
    },
    signedInName: async () => {
      calls.push('session')
      if (failing !== undefined) throw failing
      if (signedIn === undefined) throw refusal(401, 'authentication_required')
      return signedIn
    },
  }

  return {
    api,
    calls,
    set: (loginId: string, next: BrowserReply) => {
      const login = logins.get(loginId)
      if (login === undefined) throw new Error('There is no such login')
      login.reply = next
    },
    remove: (loginId: string) => logins.delete(loginId),
    fail: (error: unknown) => {
      failing = error
    },
    /** What comes of digits from now on. */
    onDigits: (answer: () => Promise<BrowserReply>) => {
      answerDigits = answer
    },
    /** From now on the browser has a session. */
    signIn: (name: string) => {
      signedIn = name
    },
    /** From now on the browser sends no cookie. */
    forgetCookies: () => {
      withoutCookies = true
    },
    /** From now on starts and renewals wait. @returns what lets them go on */
    holdStarts: () =>
      holding((next) => {
        held = next
      }),
    /** From now on what is started or renewed is so, and the answers wait. @returns what lets them go on */
    holdStarted: () =>
      holding((next) => {
        heldStarted = next
      }),
    /** From now on polls wait. @returns what lets them go on */
    holdPolls: () =>
      holding((next) => {
        heldPolls = next
      }),
    loseStarts: (lose: boolean) => {
      losing = lose
    },
  }
}
