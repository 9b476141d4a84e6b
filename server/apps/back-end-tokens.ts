import { SignJWT } from 'jose'
import Type from 'typebox'
import { type Clock, secondsUntil } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { MakeLimiter } from '../http/rate-limits.ts'
import { AWAY, strict } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import { subjectOf } from '../identity/person-key.ts'
import type { SigningKeys } from '../keys/key-set.ts'
import type { Randomness } from '../randomness.ts'
import type { CurrentSession } from '../session/current-session.ts'
import { createIssuanceLimit } from '../session/issuance-limit.ts'
import { type IdentifiedSession, lastProvenAt } from '../session/session.ts'

interface BackEndTokensOptions {
  publicUrl: string
  /** Of the back ends that tokens are for; the first is the one that is meant if none is named. */
  audiences: readonly string[]
  keys: SigningKeys
  current: Pick<CurrentSession, 'require'>
  clock: Clock
  makeLimiter: MakeLimiter
  randomness: Randomness
}

/** A back end learns of a session's end no sooner than when its token ends. */
export const TOKEN_SECONDS = 300
const JTI_LENGTH = 22

const body = Type.Union([
  Type.Object(
    {
      audience: Type.Optional(
        Type.String({
          maxLength: 256,
          description: 'One of TOKEN_AUDIENCES. Left out: the first of them',
          examples: ['https://api.example.org'],
        }),
      ),
    },
    { ...strict, title: 'AskForToken' },
  ),
  Type.Null(),
])

const tokenReply = Type.Object(
  {
    access_token: Type.String({
      description: 'A JWT (RFC 9068), for the Authorization header of calls to that back end',
      examples: ['eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'],
    }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({
      description: 'Whole seconds until it ends. Ask for the next one before',
      examples: [TOKEN_SECONDS],
    }),
  },
  { title: 'BackEndToken' },
)

/** `POST /session/token`: who is signed in, to be shown to the team's own back ends, which ask nobody about it. */
export function backEndTokenRoutes(app: TypedApp, options: BackEndTokensOptions): void {
  const { audiences, keys, current, clock, makeLimiter } = options
  const limit = createIssuanceLimit(makeLimiter, 'back-end-tokens')

  async function tokenFor(session: IdentifiedSession, audience: string) {
    const signer = (await keys.current()).signers.get('EdDSA')
    if (signer === undefined) throw new Error('nothing signs by EdDSA')
    const now = clock()
    const expiresIn = Math.min(TOKEN_SECONDS, secondsUntil(session.session.endsAt, now))
    const claims = { ...claimsOf(session, now, options), aud: audience, exp: inSeconds(now) + expiresIn }
    const header = { alg: signer.alg, kid: signer.kid, typ: 'at+jwt' }
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(signer.key)
    return { access_token: token, token_type: 'Bearer' as const, expires_in: expiresIn }
  }

  app.post(
    '/session/token',
    {
      config: { step: 'finish' },
      schema: {
        operationId: 'makeBackEndToken',
        tags: ['back ends'],
        security: [{ session: [] }],
        summary: "A short-lived token of this session for one of the team's back ends",
        body,
        problems: ['authentication_required', 'slow_down', ...AWAY],
        response: { 200: tokenReply },
      },
    },
    async (request) => {
      const session = await current.require(request)
      const audience = request.body?.audience ?? audiences[0]
      if (audience === undefined || !audiences.includes(audience)) throw new ScanInError('invalid_request')
      return limit(session, () => tokenFor(session, audience))
    },
  )
}

/** RFC 9068 §2.2. No name and no address: `GET /session` has them, for who needs them. */
function claimsOf(
  { id, session }: IdentifiedSession,
  now: number,
  { publicUrl, randomness }: Pick<BackEndTokensOptions, 'publicUrl' | 'randomness'>,
) {
  const { user } = session
  return {
    iss: publicUrl,
    sub: subjectOf(user),
    // No OAuth client has asked: our own pages have, and those that ALLOWED_ORIGINS lets do as they do.
    client_id: publicUrl,
    iat: inSeconds(now),
    jti: randomness.text(JTI_LENGTH),
    auth_time: inSeconds(lastProvenAt(session)),
    sid: id,
    ...(user.groups === undefined || user.groups.length === 0 ? {} : { groups: user.groups }),
  }
}

function inSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}
