import { retryingWords, wordsFor } from '../page/words.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import { type Connection, poll } from '../poll/poller.ts'
import { untilAnswered } from '../poll/retry.ts'
import type { Api } from '../wire/api.ts'
import { ConnectionError } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { BrowserReply, LoginReply, UserCodeReply } from '../wire/protocol.ts'
import { type LoginView, viewOf } from './login-view.ts'
import { rotate } from './rotation.ts'

export interface LoginFlowParts {
  readonly api: Api
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  readonly isHidden: () => boolean
  readonly returnTo: string | undefined
  readonly onView: (view: LoginView) => void
  readonly onConnection: (connection: Connection) => void
  readonly signal: AbortSignal
}

/** One login of this tab, from the first request to its end. `run` resolves when nothing more will happen to it. */
export interface LoginFlow {
  run(): Promise<void>
  /** Throws ApiError `wrong_match_code` with `triesLeft`, or what else stood in the way. */
  match(matchCode: string): Promise<void>
  /** Throws when no login is under way, or the server says no. */
  userCode(): Promise<UserCodeReply>
  /** Tells the server that this login is not wanted any more. */
  drop(): Promise<void>
}

// The server says when a login ends. This is for when it cannot: its last word, and a little more.
const graceMs = 3000

export function createLoginFlow(parts: LoginFlowParts): LoginFlow {
  const { api, clock } = parts
  const whole = linkAbort(parts.signal)
  const turning = linkAbort(whole.signal)
  let current: LoginReply | undefined
  let endsAt = 0
  let rotationInDoubt = false
  let matching = false
  let ended = false
  let shown: LoginView | undefined

  const show = (view: LoginView) => {
    if (ended || whole.signal.aborted || isSameView(shown, view)) return
    shown = view
    parts.onView(view)
  }
  const finish = (view: LoginView) => {
    show(view)
    // Nothing is asked any more, so nothing is reconnecting.
    parts.onConnection('steady')
    ended = true
    whole.abort()
  }
  const heard = (expiresInSeconds: number) => {
    endsAt = clock.now() + expiresInSeconds * 1000
  }
  const adopt = (login: LoginReply) => {
    current = login
    if (turning.signal.aborted) return
    heard(login.expiresInSeconds)
    show({ kind: 'pending', login, renewAt: clock.now() + login.refreshInSeconds * 1000 })
  }

  const onReply = (reply: BrowserReply) => {
    if (ended) return
    if ('expiresInSeconds' in reply) heard(reply.expiresInSeconds)
    const view = viewOf(reply)
    if (view === undefined) return
    turning.abort()
    if (isFinal(reply)) finish(view)
    else show(view)
  }

  const ask = async (seen: string, waitSeconds: number, signal: AbortSignal): Promise<BrowserReply> => {
    const asked = tokenNow()
    const reply = await api.loginStatus({ token: asked, seen, waitSeconds, signal })
    if (reply.status !== 'expired') return reply
    // It was renewed while we asked: the old secret has run out, the login has not.
    if (asked !== tokenNow()) return api.loginStatus({ token: tokenNow(), seen, waitSeconds: 0, signal })
    // A lost answer may hold the token, or the session, that makes this one "expired". Wait until that is known.
    if (rotationInDoubt || matching) throw new ConnectionError('An earlier request is still in doubt')
    return reply
  }

  const tokenNow = (): string => {
    if (current === undefined) throw new ConnectionError('There is no login yet')
    return current.token
  }

  const watchTheEnd = async () => {
    while (!whole.signal.aborted && endsAt + graceMs > clock.now()) {
      await clock.sleep(endsAt + graceMs - clock.now(), whole.signal)
    }
    if (!whole.signal.aborted) finish({ kind: 'expired' })
  }

  const run = async () => {
    show({ kind: 'starting' })
    const onFailure = (error: unknown) => show({ kind: 'start_failed', words: retryingWords(error) })
    const start = () => api.startLogin({ returnTo: parts.returnTo })
    const login = await untilAnswered(start, { ...parts, signal: whole.signal, onFailure })
    if (login === undefined) return
    adopt(login)
    const onDoubt = (inDoubt: boolean) => {
      rotationInDoubt = inDoubt
    }
    void rotate({ ...parts, login, onLogin: adopt, onReply, onDoubt, signal: turning.signal })
    void watchTheEnd()
    const end = await poll<BrowserReply>({
      ...parts,
      ask: ({ seen, waitSeconds, signal }) => ask(seen, waitSeconds, signal),
      isFinal,
      onReply,
      seen: login.status,
      pacing: login,
      signal: whole.signal,
    })
    if (end.end === 'refused') finish({ kind: 'expired' })
  }

  return {
    run: async () => {
      try {
        await run()
      } catch (error) {
        finish({ kind: 'start_failed', words: wordsFor(error) })
      }
    },
    match: async (matchCode) => {
      matching = true
      try {
        onReply(await api.match({ token: tokenNow(), matchCode }))
      } finally {
        matching = false
      }
    },
    userCode: () => api.userCode({ token: tokenNow() }),
    drop: async () => {
      whole.abort()
      if (current !== undefined) await api.dropLogin({ token: current.token })
    },
  }
}

const isFinal = (reply: BrowserReply): boolean =>
  reply.status === 'authenticated' || reply.status === 'denied' || reply.status === 'expired'

// Every poll brings a reply; only one that says something new is shown.
const isSameView = (shown: LoginView | undefined, next: LoginView): boolean => {
  if (shown?.kind === 'match_required' && next.kind === 'match_required') return shown.triesLeft === next.triesLeft
  return shown?.kind === 'scanned' && next.kind === 'scanned'
}
