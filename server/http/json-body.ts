import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { refuseOtherTypes } from './media-type.ts'

/** Every body of the API is a flat object of a few short strings. */
export const BODY_LIMIT_BYTES = 4096

/** What replies call themselves that Fastify's serializer does not write. */
export const JSON_TYPE = 'application/json; charset=utf-8'

const STRING_AND_COLON = /"(?:[^"\\]|\\.)*"(\s*:)?/g
/** A byte order mark is no white space to JSON, and other parsers refuse it: it is left for ours to refuse. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const JSON_MEDIA_TYPE = 'application/json'

/**
 * Replaces Fastify's JSON parser by one that refuses what parsers disagree about: invalid UTF-8, the same key twice,
 * `__proto__`, a byte order mark (RFC 8259 §4 and §8.1). All of it is `invalid_request`. A body of another type is
 * `unsupported_media_type`; none is none, whatever type it is said to be of.
 */
export function acceptStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(JSON_MEDIA_TYPE, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    refuseOtherTypes(request, JSON_MEDIA_TYPE)
    // A POST may come without a body but with the header that its client always sends.
    return body.length === 0 ? undefined : parseStrictJson(body)
  })
  app.addContentTypeParser('*', async (_request: FastifyRequest, body: Readable) => {
    // The rest of it is left to Node, with the connection that the answer goes back on.
    for await (const _some of body.iterator({ destroyOnReturn: false })) throw new ScanInError('unsupported_media_type')
  })
}

export function parseStrictJson(body: Buffer): unknown {
  try {
    const text = utf8.decode(body)
    const value: unknown = JSON.parse(text)
    if (countKeysIn(text) !== countKeysOf(value)) throw new SyntaxError('a key stands twice')
    return value
  } catch (cause) {
    throw new ScanInError('invalid_request', { cause: new Error('not strict JSON', { cause }) })
  }
}

/** In valid JSON every key, and nothing else, is a string before a colon. */
function countKeysIn(json: string): number {
  let keys = 0
  for (const [, colon] of json.matchAll(STRING_AND_COLON)) if (colon !== undefined) keys++
  return keys
}

/** The keys that survived parsing; one that stood twice is there once. @throws SyntaxError at `__proto__`, however deep */
function countKeysOf(value: unknown): number {
  let keys = 0
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    // JSON parsers take it for a key like any other, but code that copies the object may set its prototype.
    if (Object.hasOwn(next, '__proto__')) throw new SyntaxError('a key is __proto__')
    if (!Array.isArray(next)) keys += Object.keys(next).length
    open.push(...Object.values(next))
  }
  return keys
}
