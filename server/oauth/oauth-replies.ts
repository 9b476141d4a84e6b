import type { FastifyReply, FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { JSON_TYPE } from '../http/json-body.ts'
import { READABLE_HEADERS } from '../http/other-origins.ts'
import { searchOf } from '../http/query.ts'
import { requestContextOf } from '../http/request-context.ts'
import type { RequestLabels } from '../http/request-labels.ts'
import { publicPerson } from '../identity/person-key.ts'
import type { CallInput } from './call-state.ts'
import type { OAuthPages } from './oauth-pages.ts'
import type { CurrentProvider } from './provider.ts'
import { createProviderCall, type ProviderReply, type ProviderRequest } from './provider-call.ts'

interface OAuthRepliesOptions {
  publicUrl: string
  provider: CurrentProvider
  pages: OAuthPages
  clientAddresses: Pick<ClientAddresses, 'of'>
}

/** How our routes ask the provider, and send what it says. */
export interface OAuthReplies {
  /**
   * @param asked but for `by`, which is this request
   * @param others what is asked instead of what the request says
   * @throws ScanInError what is nobody's fault but ours; `unsupported_media_type` for what is no form
   */
  ask(request: FastifyRequest, asked?: Omit<CallInput, 'by'>, others?: Partial<ProviderRequest>): Promise<ProviderReply>
  send(reply: FastifyReply, answer: ProviderReply): FastifyReply
}

export function createOAuthReplies(options: OAuthRepliesOptions): OAuthReplies {
  const { publicUrl, provider, pages, clientAddresses } = options
  const callProvider = createProviderCall(publicUrl)
  return {
    async ask(request, asked = {}, others = {}) {
      const passedOn = { ...asAsked(request), ...others }
      const by = requestContextOf(request, clientAddresses)
      const answer = await callProvider(await provider(), passedOn, { ...asked, by })
      Object.assign(request.labels, labelsOf(answer))
      if (answer.found.failure !== undefined) throw ScanInError.from(answer.found.failure)
      return answer
    },

    send(reply, { status, headers, body, found }) {
      if (found.trouble !== undefined) return pages.trouble(reply, found.trouble)
      reply.code(status).headers({ ...headers, ...exposing(headers) })
      // What is empty is of no type (RFC 9110 §8.3), which the provider names all the same.
      if (body === '' || body === null || body === undefined) return reply.removeHeader('content-type').send()
      if (typeof body === 'string') return reply.send(body)
      return reply.type(JSON_TYPE).serializer(JSON.stringify).send(body)
    },
  }
}

/**
 * Asks for the route's own path, whatever spelling the request has or host it names before it (RFC 9112 §3.2.2): the
 * provider knows one spelling alone, and would make its own addresses of that host.
 */
function asAsked({ method, url: asked, headers, body, routeOptions: { url = '/' } }: FastifyRequest): ProviderRequest {
  if (body !== undefined && body !== null && !Buffer.isBuffer(body)) throw new ScanInError('unsupported_media_type')
  return { method, url: url + searchOf(asked), headers, body: Buffer.isBuffer(body) ? body : undefined }
}

const EXPOSED = 'access-control-expose-headers'

/** What a page may read of it is what it may read of all replies; what the provider names is among that. */
function exposing({ [EXPOSED]: theirs }: ProviderReply['headers']): Record<string, string> {
  return theirs === undefined ? {} : { [EXPOSED]: READABLE_HEADERS }
}

/** What log lines say of it. */
function labelsOf({ clientId, found: { grantingSession, refusal } }: ProviderReply): Partial<RequestLabels> {
  return {
    ...refusal,
    ...(clientId === undefined ? {} : { client: clientId }),
    ...(grantingSession && { session: grantingSession.id, ...publicPerson(grantingSession.session.user) }),
  }
}
