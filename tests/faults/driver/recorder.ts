import type { MatchKind } from '../../../server/login/login.ts'
import type { Answer, Ask, Call, LoginHistory, Span } from '../checker/history.ts'
import type { WireReply } from './wire.ts'

/** Writes down what is asked about one login, and what comes back. */
export interface Recorder {
  /** The token of the reply that the login was started by. */
  started(span: Span, token: string): void
  /** The name of a secret. It may be printed, which the secret may not. */
  qr(token: string): string
  session(secret: string): string
  /** Sends what is asked and notes both. `undefined`: no reply. */
  call(ask: Ask, send: () => Promise<WireReply | undefined>): Promise<Heard | undefined>
  history(): LoginHistory | undefined
}

/** A reply, and what of it was written down. */
export interface Heard {
  answer: Answer
  reply: WireReply
}

export interface RecorderOptions {
  name: string
  match: MatchKind
  /** Milliseconds that only ever get more. */
  clock: () => number
}

export function createRecorder({ name, match, clock }: RecorderOptions): Recorder {
  const calls: Call[] = []
  const names = new Map<string, string>()
  let start: { span: Span; token: string } | undefined

  function nameOf(kind: string, secret: string): string {
    const known = names.get(secret)
    if (known !== undefined) return known
    const fresh = `${kind}-${names.size + 1}`
    names.set(secret, fresh)
    return fresh
  }

  const qr = (token: string) => nameOf('qr', token)
  const session = (secret: string) => nameOf('session', secret)

  function answerOf(reply: WireReply, at: number): Answer {
    const { body, status } = reply
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    const user = body['user']
    const token = status === 201 ? text(body['token']) : undefined
    const cookie = sessionCookie(reply)
    return {
      at,
      status,
      code: text(body['code']),
      said: text(body['status']),
      triesLeft: typeof body['tries_left'] === 'number' ? body['tries_left'] : undefined,
      matchCode: text(body['match_code']),
      isCollected: typeof body['collected'] === 'boolean' ? body['collected'] : undefined,
      session: cookie === undefined ? undefined : session(cookie),
      person: typeof user === 'object' && user !== null && 'id' in user ? text(user.id) : undefined,
      // A token of another login: this one was not there any more.
      secret: token !== undefined && idOf(token) === idOf(start?.token ?? '') ? qr(token) : undefined,
    }
  }

  return {
    started(span, token) {
      start = { span, token }
    },
    qr,
    session,
    async call(ask, send) {
      const call: Call = { ask, calledAt: clock() }
      calls.push(call)
      const reply = await send()
      if (reply === undefined) return undefined
      call.answer = answerOf(reply, clock())
      return { answer: call.answer, reply }
    },
    history: () => start && { name, match, started: start.span, secret: qr(start.token), calls },
  }
}

/** The session's secret in a reply's cookies. */
export function sessionCookie({ setCookies }: WireReply): string | undefined {
  return setCookies.map((line) => /^(?:__Host-)?scanin_session=([^;]+)/.exec(line)?.[1]).find(Boolean)
}

function idOf(token: string): string {
  return token.slice(0, token.indexOf('.'))
}
