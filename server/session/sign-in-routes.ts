import Type from 'typebox'
import { hasCode } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { AWAY, shortUser, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { BY_PASSWORD } from '../identity/amr.ts'
import type { PasswordVerifier, User } from '../identity/identity.ts'
import type { SignInPhone } from './phone-sign-in.ts'
import type { OnSessionNews } from './session-news.ts'
import type { SignInGuard } from './sign-in-guard.ts'

interface SignInRoutesOptions {
  verifyPassword: PasswordVerifier
  /** Whether it is a user name of somebody who may not come in. */
  isBlockedName: (username: string) => Promise<boolean>
  signInPhone: SignInPhone
  clientAddresses: Pick<ClientAddresses, 'of'>
  guard: SignInGuard
  /** Told of tries that went wrong. */
  onNews?: OnSessionNews | undefined
  /** Whose account a user name is. */
  accountOf: (username: string) => User | undefined
}

const signInBody = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 255, examples: ['ada'] }),
    password: Type.String({ minLength: 1, maxLength: 1024, examples: ['correct horse battery staple'] }),
  },
  { ...strict, title: 'SignIn' },
)

/** How a phone signs in where there is no identity provider. */
export function signInRoutes(app: TypedApp, options: SignInRoutesOptions): void {
  const { verifyPassword, isBlockedName, signInPhone, clientAddresses, guard, onNews, accountOf } = options

  /** Tells which account the typed name is of, never the name itself: people type passwords into the wrong field. */
  function tellOfFailure(error: unknown, username: string, by: RequestContext): void {
    const isSlowed = hasCode(error, 'slow_down')
    if (!isSlowed && !hasCode(error, 'invalid_credentials')) return
    const type = isSlowed ? 'sign_in_slowed' : 'sign_in_failed'
    onNews?.({ type, user: accountOf(username), by })
  }

  app.post(
    '/sign-in',
    {
      config: { changesSessionCookie: true },
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
      const by = requestContextOf(request, clientAddresses)
      const { username, password } = request.body
      const verify = () => verifyPassword(username, password)
      const isOut = () => isBlockedName(username)
      const user = await guard({ username, address: by.address, verify, isOut }).catch((error) => {
        tellOfFailure(error, username, by)
        throw error
      })
      return signInPhone(request, reply, { user, amr: BY_PASSWORD, by })
    },
  )
}
