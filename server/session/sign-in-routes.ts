import Type from 'typebox'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { type Occasion, occasionOf } from '../http/occasion.ts'
import { AWAY, shortUser, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { BY_PASSWORD } from '../identity/amr.ts'
import type { PasswordVerifier, User } from '../identity/identity.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from './current-session.ts'
import { sessionIdOf } from './session.ts'
import type { OnSessionNews } from './session-news.ts'
import type { SessionService } from './session-service.ts'
import type { SignInGuard } from './sign-in-guard.ts'

export interface SignInRoutesOptions {
  verifyPassword: PasswordVerifier
  sessions: SessionService
  current: CurrentSession
  cookies: Cookies
  clientAddresses: Pick<ClientAddresses, 'of'>
  randomness: Randomness
  guard: SignInGuard
  /** Told of tries that went wrong. */
  onNews?: OnSessionNews | undefined
  /** Whose account a user name is. */
  accountOf?: ((username: string) => User | undefined) | undefined
}

/** 43 of 64 characters: 258 bits. */
const SESSION_SECRET_LENGTH = 43

const signInBody = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 255, examples: ['ada'] }),
    password: Type.String({ minLength: 1, maxLength: 1024, examples: ['correct horse battery staple'] }),
  },
  { ...strict, title: 'SignIn' },
)

/**
 * How a phone signs in where there is no identity provider. A new secret each time: no session can be planted. The
 * session that its cookie stood for until then ends.
 */
export function signInRoutes(app: TypedApp, options: SignInRoutesOptions): void {
  const { verifyPassword, sessions, current, cookies, clientAddresses, randomness, guard, onNews, accountOf } = options

  /** What was typed is told of only as the account that it is of: people type passwords into the wrong field. */
  function tellOfFailure(error: unknown, username: string, by: Occasion): void {
    const code = error instanceof ScanInError ? error.code : undefined
    if (code !== 'invalid_credentials' && code !== 'slow_down') return
    const type = code === 'slow_down' ? 'sign_in_slowed' : 'sign_in_failed'
    onNews?.({ type, user: accountOf?.(username), by })
  }

  app.post(
    '/sign-in',
    {
      schema: {
        operationId: 'signIn',
        tags: ['session'],
        security: [],
        summary: 'Sign a phone in by password',
        description: 'A session that came with the request ends with it. Wrong passwords count, and slow down.',
        body: signInBody,
        problems: ['invalid_credentials', 'slow_down', ...AWAY],
        replyHeaders: { 200: { 'Set-Cookie': "The phone's session" } },
        response: { 200: Type.Object({ user: shortUser }, { title: 'SignedIn' }) },
      },
    },
    async (request, reply) => {
      const by = occasionOf(request, clientAddresses)
      const { address, device: browser } = by
      const { username, password } = request.body
      const verify = () => verifyPassword(username, password)
      const user = await guard({ username, address, verify }).catch((error) => {
        tellOfFailure(error, username, by)
        throw error
      })
      const secret = randomness.text(SESSION_SECRET_LENGTH)
      const fresh = { secret, user, kind: 'phone', remember: true, browser, ip: address, amr: BY_PASSWORD } as const
      const maxAge = await sessions.open(fresh, { replaces: current.named(request), occasion: by })
      Object.assign(request.labels, { session: sessionIdOf(secret), ...publicPerson(user) })
      reply.header('set-cookie', cookies.set(cookies.sessionName, secret, maxAge ?? 0))
      return { user: { id: user.id, name: user.name } }
    },
  )
}
