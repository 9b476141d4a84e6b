import Type from 'typebox'
import { AWAY } from '../http/schemas.ts'
import type { TypedApp } from '../http/typed-app.ts'
import type { SigningKeys } from './key-set.ts'

/** Far shorter than a key is published before it signs. */
const CACHED_SECONDS = 300

const jwk = Type.Object(
  {
    kty: Type.String(),
    kid: Type.String(),
    alg: Type.String(),
    use: Type.Literal('sig'),
    crv: Type.Optional(Type.String()),
    x: Type.Optional(Type.String()),
    n: Type.Optional(Type.String()),
    e: Type.Optional(Type.String()),
  },
  {
    title: 'PublicKey',
    description: 'RFC 7517 §4',
    examples: [
      {
        kty: 'OKP',
        kid: '2026-10-05',
        alg: 'EdDSA',
        use: 'sig',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
      },
    ],
  },
)

/**
 * The public keys of what is signed here, for whoever verifies it.
 * @param options `isForAnyPage`: also pages of all other origins (Fetch §3.2), as OpenID clients may be
 */
export function jwksRoute(app: TypedApp, keys: SigningKeys, { isForAnyPage = false } = {}): void {
  app.get(
    '/.well-known/jwks.json',
    {
      exposeHeadRoute: true,
      config: { step: 'finish' },
      schema: {
        operationId: 'getPublicKeys',
        tags: ['back ends'],
        security: [],
        summary: 'The public keys that tokens are signed by: now, next, and before (RFC 7517 §5)',
        problems: AWAY,
        replyHeaders: { 200: { 'Cache-Control': `\`public, max-age=${CACHED_SECONDS}\`` } },
        response: { 200: Type.Object({ keys: Type.Array(jwk) }, { title: 'PublicKeys' }) },
      },
    },
    async (_request, reply) => {
      const { published } = await keys.current()
      reply.header('cache-control', `public, max-age=${CACHED_SECONDS}`)
      if (isForAnyPage && !reply.hasHeader('access-control-allow-origin'))
        reply.header('access-control-allow-origin', '*')
      return published
    },
  )
}
