import { type ErrorCode, ScanInError } from '../../errors.ts'
import { problemOf } from '../problems.ts'
import { problemSchema } from '../schemas.ts'
import type { NamedSchemas } from './named-schemas.ts'
import type { DescribedRoute } from './route-schema.ts'

/** What any request may be answered, before or in spite of its route. */
const OF_ALL: readonly ErrorCode[] = ['invalid_request', 'request_timeout', 'headers_too_large', 'internal_error']
/** What else, where something may change: by where it comes from, and by its body. */
const OF_CHANGES: readonly ErrorCode[] = ['cross_site_request', 'payload_too_large', 'unsupported_media_type']
const SAY_WHEN = new Set([429, 503])

/** Every code that a route may refuse with. */
export function problemsOf({ method, schema }: Pick<DescribedRoute, 'method' | 'schema'>): ReadonlySet<ErrorCode> {
  const changes = method === 'GET' || method === 'HEAD' ? [] : OF_CHANGES
  return new Set([...OF_ALL, ...changes, ...(schema.problems ?? [])])
}

/** A problem with this code, as it goes over the wire. */
export function problemExample(code: ErrorCode): object {
  return problemOf(new ScanInError(code, code === 'wrong_match_code' ? { triesLeft: 4 } : {}))
}

/** A route's refusals as OpenAPI has them, by status: each says which codes it is for. */
export function problemReplies(
  route: DescribedRoute,
  schemas: NamedSchemas,
  headersOf: (status: number) => object,
): Record<string, object> {
  const codes = new Map<number, ErrorCode[]>()
  for (const code of problemsOf(route)) {
    const { status } = problemOf(new ScanInError(code))
    codes.set(status, [...(codes.get(status) ?? []), code])
  }
  const replies = [...codes].map(([status, those]) => [
    status,
    {
      description: those.map((code) => `\`${code}\`: ${problemOf(new ScanInError(code)).title}`).join('\n\n'),
      headers: {
        ...headersOf(status),
        ...(SAY_WHEN.has(status) ? { 'Retry-After': RETRY_AFTER } : {}),
        ...(those.includes('cross_site_request') ? { Link: RIGHT_PLACE } : {}),
        ...(takesToken(route) && status === 401 ? { 'WWW-Authenticate': CHALLENGE } : {}),
      },
      content: {
        'application/problem+json': {
          schema: { allOf: [schemas.refer(problemSchema), withCodeOf(those)] },
          examples: Object.fromEntries(those.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
        },
      },
    },
  ])
  return Object.fromEntries(replies)
}

const withCodeOf = (codes: ErrorCode[]) => ({
  type: 'object',
  required: ['code'],
  properties: { code: { type: 'string', enum: codes } },
})

const takesToken = ({ schema: { security = [] } }: DescribedRoute): boolean =>
  security.some((schemes) => 'bearer' in schemes)

const CHALLENGE = { $ref: '#/components/headers/Challenge' }
const RIGHT_PLACE = { $ref: '#/components/headers/RightPlace' }
const RETRY_AFTER = { $ref: '#/components/headers/RetryAfter' }
