import { ApiError, ConnectionError, isProblem, isRefusal } from '../wire/api-error.ts'
import { replyPatienceMs } from '../wire/backoff.ts'
import type { LoginApi, StatusAsk } from '../wire/login-api.ts'
import type { BrowserReply, UserCodeReply } from '../wire/protocol.ts'

export interface AskingParts {
  readonly api: Pick<LoginApi, 'loginStatus' | 'match' | 'userCode' | 'signedInName'>
  /** The login's token by now. Throws ConnectionError before the first. */
  readonly tokenNow: () => string
  /** Whoever is signed in here is to sign in once more: that there is a session says nothing. */
  readonly isAnew: boolean
}

/**
 * What is asked about a login. Where an answer is on its way, or was lost, the next may say that there is no such login, and
 * be wrong. What asks throws what `tokenNow` does.
 */
export interface Asking {
  /** How it stands. Throws ConnectionError also where that cannot be known yet. */
  ask(polled: Omit<StatusAsk, 'token'>): Promise<BrowserReply>
  match(matchCode: string): Promise<BrowserReply>
  userCode(): Promise<UserCodeReply>
  /** Takes the renewal that has begun, as `onRenewal` of RotationParts has it. `undefined`: none is waited for any more. */
  onRenewal(renewal: Promise<boolean> | undefined): void
  /** Resolves when renewals and digits that are on their way have been heard of. */
  answered(): Promise<void>
}

export function createAsking({ api, tokenNow, isAnew }: AskingParts): Asking {
  /** The renewal that is under way, or the last one. */
  let renewal: Promise<boolean> | undefined
  /** Digits that were sent and not answered yet. */
  let matching: Promise<void> | undefined
  /** Digits were sent, and no answer came. */
  let areDigitsLost = false
  /** Something was asked, and no answer came, or not all of it: the session may have. */
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

  /** An answer broke off after its headers: the session came, and took the key along that its login is asked about by. */
  const brokenOff = async (): Promise<BrowserReply | undefined> => {
    if (!isAnswerLost || isAnew) return undefined
    try {
      // Where to, the server says of this page.
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
      // Whoever waits for this hears after whoever asked, as both hang on the answer itself.
      matching = answer.then(onAnswer, onAnswer)
      return answer
    },
    async userCode() {
      // By its end the token before it may be none.
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
