import Type from 'typebox'
import type { ClientAddresses } from '../http/client-address.ts'
import type { Cookies } from '../http/cookies.ts'
import { problemReplies, shortUser, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { browserOf } from '../http/user-agent.ts'
import type { PasswordVerifier } from '../identity/identity.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from './current-session.ts'
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
}

/** 43 of 64 characters: 258 bits. */
const SESSION_SECRET_LENGTH = 43

const signInBody = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 255 }), password: Type.String({ minLength: 1, maxLength: 1024 }) },
  strict,
)

/**
 * How a phone signs in where there is no identity provider. A new secret each time: no session can be planted. The
 * session that its cookie stood for until then ends.
 */
export function signInRoutes(app: TypedApp, options: SignInRoutesOptions): void {
  const { verifyPassword, sessions, current, cookies, clientAddresses, randomness, guard } = options

  app.post(
    '/sign-in',
    {
      schema: {
        tags: ['session'],
        summary: 'Sign a phone in by password',
        body: signInBody,
        response: { 200: Type.Object({ user: shortUser }), ...problemReplies },
      },
    },
    async (request, reply) => {
      const { address } = clientAddresses.of(request.raw)
      const { username, password } = request.body
      const user = await guard({ username, address, verify: () => verifyPassword(username, password) })
      const secret = randomness.text(SESSION_SECRET_LENGTH)
      const browser = browserOf(request.headers['user-agent'])
      const fresh = { secret, user, kind: 'phone', remember: true, browser, ip: address } as const
      const maxAge = await sessions.open(fresh, { replaces: current.named(request) })
      reply.header('set-cookie', cookies.set(cookies.sessionName, secret, maxAge ?? 0))
      return { user: { id: user.id, name: user.name } }
    },
  )
}
