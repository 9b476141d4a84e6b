import type { ErrorCode } from '../../errors.ts'
import type { Cookies } from '../cookies.ts'
import { createNamedSchemas } from './named-schemas.ts'
import { operationOf } from './operation.ts'
import { problemExample, problemsOf } from './problem-replies.ts'
import type { DescribedRoute } from './route-schema.ts'
import { securitySchemes } from './security-schemes.ts'

export interface DocumentOptions {
  publicUrl: string
  version: string
  cookies: Cookies
  /** What every reply under the API says of caches. */
  cacheControl: string
}

const DESCRIPTION = `Signs a browser in by a QR code that a signed-in phone scans. Plain HTTP: the browser polls.

- JSON in and out, snake_case. Times that are left are whole seconds from the reply on: no clock is compared with another.
- Refusals are \`application/problem+json\` (RFC 9457). Go by \`code\`: the list is closed, and part of the API.
- What signs somebody in at this service is only ever in \`Set-Cookie\`, never in a body or an address. Over https cookies are
  called \`__Host-scanin_…\`. What is for others is not: a back end's token is in a body, an application's code in an address.
- Every reply has \`Referrer-Policy: no-referrer\` and \`X-Content-Type-Options: nosniff\`; over https
  \`Strict-Transport-Security\` too. Where there are applications, not at \`/auth/forward\` and \`/.scanin/*\`: what is answered
  there goes on to browsers as an application's own, and how that one's host is to be reached is not for this service to
  say. Nor then where a request could not be read at all: it may have been for one of them.
- Applications that speak OpenID Connect or OAuth find it described at \`/.well-known/openid-configuration\`, where it is
  served: \`/oauth/*\` takes forms, and refuses as RFC 6749 has it.
- HEAD is answered as GET where that only reads. Of what acts, hands something out or is polled there is none: 404.
- Later versions may add keys to replies, and codes for what is new. Clients leave aside what they do not know.`

const TAGS = [
  { name: 'browser', description: 'What the page with the QR calls' },
  { name: 'phone', description: 'What the signed-in phone calls' },
  { name: 'session', description: 'Who is signed in where' },
  { name: 'applications', description: 'What proxies of other applications ask, and how people get in there' },
  { name: 'passkeys', description: "A person's passkeys, and signing in by one" },
  { name: 'back ends', description: "What the team's own back ends verify people by" },
  { name: 'operators', description: 'What monitoring calls' },
]

/** The API as OpenAPI 3.1 describes it, out of what its routes say of themselves. */
export function documentOf(routes: readonly DescribedRoute[], options: DocumentOptions): object {
  const schemas = createNamedSchemas()
  const codes = new Set(routes.flatMap((route) => [...problemsOf(route)]))
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ScanIn',
      version: options.version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl(options.publicUrl) }],
    tags: TAGS,
    paths,
    components: {
      schemas: schemas.components,
      examples: Object.fromEntries([...codes].map((code) => [code, exampleReply(code)])),
      headers: replyHeaders(options),
      securitySchemes: securitySchemes(options.cookies),
    },
  }
}

const exampleReply = (code: ErrorCode) => ({ value: problemExample(code) })

function replyHeaders({ cacheControl }: DocumentOptions): Record<string, object> {
  return {
    CacheControl: {
      description: 'Nobody keeps a reply of the API, and no proxy alters one',
      schema: { type: 'string', const: cacheControl },
    },
    RequestId: {
      description: 'Names this request in the logs. One that a proxy in TRUST_PROXY sends is kept',
      schema: { type: 'string', maxLength: 128 },
    },
    RightPlace: {
      description: 'With `cross_site_request`: where the service is (RFC 6596), for a page that was opened elsewhere',
      schema: { type: 'string', examples: ['<https://login.example.org>; rel="canonical"'] },
    },
    Challenge: {
      description:
        'Where `PHONE_…` is set up, `Bearer`: with nothing else to who has shown no token. To who has: `invalid_token`, to be refreshed, or (`DPoP`) `invalid_dpop_proof`, to be made anew by the time of `Date`',
      schema: { type: 'string' },
    },
    RetryAfter: {
      description: 'After how many whole seconds to try again',
      schema: { type: 'integer', minimum: 0 },
    },
  }
}

/** `localhost` is another machine to everybody else: then it is where the document came from (OpenAPI 3.1, Server Object). */
function serverUrl(publicUrl: string): string {
  return new URL(publicUrl).hostname === 'localhost' ? '/' : publicUrl
}
