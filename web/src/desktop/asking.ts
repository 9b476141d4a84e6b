import { ApiError, ConnectionError, isProblem, isRefusal } from '../wire/api-error.ts'
import { replyPatienceMs } from '../wire/backoff.ts'
import type { LoginApi, StatusAsk } from '../wire/login-api.ts'
import type { BrowserReply, UserCodeReply } from '../wire/protocol.ts'

export interface AskingParts {
  readonly api: Pick<LoginApi, 'loginStatus' | 'match' | 'userCode' | 'signedInName'>
  /** The login's token by now. Throws ConnectionError before the first. */
  readonly tokenNow: () => string
  /** The person must sign in again even if they are signed in: that this browser has a session then proves nothing. */
  readonly isAnew: boolean
}

/**
 * The requests about a login. While another answer is on its way, or after one was lost, "expired" may be wrong; `ask`
 * finds that out. Each request throws what `tokenNow` throws.
 */
export interface Asking {
  /** Asks for the login's state. Throws ConnectionError also while that cannot be known for certain. */
  ask(polled: Omit<StatusAsk, 'token'>): Promise<BrowserReply>
  match(matchCode: string): Promise<BrowserReply>
  userCode(): Promise<UserCodeReply>
  /** Takes a renewal that has begun (see `onRenewal` of RotationParts). `undefined`: waits for no renewal any more. */
  onRenewal(renewal: Promise<boolean> | undefined): void
  /** Resolves when no renewal and no digits wait for their answer any more. */
  answered(): Promise<void>
}

export function createAsking({ api, tokenNow, isAnew }: AskingParts): Asking {
  /** The renewal that is under way, or the last one. */
  let renewal: Promise<boolean> | undefined
  /** Digits that were sent and not answered yet. */
  let matching: Promise<void> | undefined
  /** Digits were sent, and no answer came. */
  let areDigitsLost = false
  /** A request got no answer, or only a part of one: its headers may have brought the session. */
  let isAnswerLost = false

  const noteLost = (error: unknown): never => {
    isAnswerLost ||= !isRefusal(error)
    throw error
  }

  const ask = async (polled: Omit<StatusAsk, 'token'>): Promise<BrowserReply> => {
    const asked = tokenNow()
    const reply = await api.loginStatus({ ...polled, token: asked }).catch(noteLost)
    // The last digits may be what ended it, and their own answer says so.
    if (reply.status === 'denied') await matching
    if (reply.status !== 'expired') return reply
    // It was renewed while we asked, or is just now: the old secret has run out, the login has not.
    const isInDoubt = await renewal
    if (asked !== tokenNow()) return ask({ ...polled, waitSeconds: 0, timeoutMs: replyPatienceMs(0) })
    // A lost answer may hold the token, or the session, that makes this one "expired". Wait until that is known.
    if (isInDoubt || matching !== undefined) throw new ConnectionError()
    return (await brokenOff()) ?? reply
  }

  /** If an answer broke off after its headers: these set the session's cookie, and removed the key that polls need. */
  const brokenOff = async (): Promise<BrowserReply | undefined> => {
    if (!isAnswerLost || isAnew) return undefined
    try {
      // The page is loaded anew, and the server redirects whoever is signed in.
      return { status: 'authenticated', userName: await api.signedInName(), redirectTo: '' }
    } catch (error) {
      if (isProblem(error, 'authentication_required')) return undefined
      throw error
    }
  }

  return {
    ask,
    match(matchCode) {
      const answer = api.match({ token: tokenNow(), matchCode, isAgain: areDigitsLost }).catch((error: unknown) => {
        areDigitsLost ||= !(error instanceof ApiError)
        return noteLost(error)
      })
      const onAnswer = () => {
        matching = undefined
      }
      // Chained to the answer itself: the caller of `match` gets it before whoever waits for `matching`.
      matching = answer.then(onAnswer, onAnswer)
      return answer
    },
    async userCode() {
      // When the renewal ends, the token before it may no longer be good.
      await renewal
      return api.userCode({ token: tokenNow() })
    },
    onRenewal(begun) {
      renewal = begun
    },
    async answered() {
      await renewal
      await matching
    },
  }
}
