import { type IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Provider } from 'oidc-provider'
import type { CallFindings, CallInput, CallState } from './call-state.ts'

export interface ProviderRequest {
  method: string
  /** Path and query. */
  url: string
  headers: Record<string, string | string[] | undefined>
  body?: Buffer | undefined
}

export interface ProviderReply {
  status: number
  headers: Record<string, string | string[]>
  body: unknown
  found: CallFindings
  /** The client that it is about, as far as it was found out. */
  clientId: string | undefined
}

/** The headers that the provider is given. Host and scheme come from the public URL, and cookies are ours alone. */
const PASSED_ON = [
  'authorization',
  'content-type',
  'accept',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
]

/**
 * Asks the provider, which is a Koa application, and takes its answer without sending it: the reply goes the way of all
 * others.
 */
export function createProviderCall(publicUrl: string) {
  const { host, protocol } = new URL(publicUrl)
  const socket = { encrypted: protocol === 'https:' }

  return async (provider: Provider, request: ProviderRequest, asked: CallInput): Promise<ProviderReply> => {
    const { method, url, headers, body } = request
    const passed = PASSED_ON.map((name) => [name, headers[name]]).filter(([, value]) => value !== undefined)
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const incoming = Object.assign(Readable.from(body === undefined ? [] : [body], { objectMode: false }), {
      method,
      url,
      headers: { ...Object.fromEntries(passed), ...length, host },
      socket,
    }) as unknown as IncomingMessage
    const outgoing = new ServerResponse(incoming)
    outgoing.statusCode = 404
    const ctx = provider.createContext(incoming, outgoing)
    const state: CallState = { asked, found: {} }
    Object.assign(ctx.state, state)
    await answerOf(provider)(ctx)
    const clientId: string | undefined = ctx['oidc']?.client?.clientId
    return { status: ctx.status, headers: headersOf(outgoing), body: ctx.body, found: state.found, clientId }
  }
}

type Answer = (ctx: ReturnType<Provider['createContext']>) => Promise<void>

/** Of each provider, put together once. */
const answers = new WeakMap<Provider, Answer>()

/** What Koa has its own server call for each request. */
function answerOf(provider: Provider): Answer {
  const known = answers.get(provider)
  if (known !== undefined) return known
  const { compose, middleware } = provider as unknown as { compose(layers: unknown): Answer; middleware: unknown }
  const answer = compose(middleware)
  answers.set(provider, answer)
  return answer
}

/** Headers that the sender of the reply sets: how it is cached, how long it is, cookies. */
const OURS = new Set(['cache-control', 'content-length', 'set-cookie'])

function headersOf(outgoing: ServerResponse): Record<string, string | string[]> {
  const entries = Object.entries(outgoing.getHeaders()).filter(([name]) => !OURS.has(name))
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]))
}
