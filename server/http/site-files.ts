import { createHash } from 'node:crypto'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { once } from './once.ts'

/** A file as it goes over the wire: as it is, and compressed, by the build or when it is first asked for. */
export interface SiteFile {
  type: string
  plain: SiteBody
  /** By content coding (RFC 9110 §8.4.1). */
  compressed: Readonly<Record<string, () => SiteBody>>
}

export interface SiteBody {
  body: Buffer
  /** A strong entity tag (RFC 9110 §8.8.3): of these very bytes, so that all instances of one build have the same. */
  etag: string
}

/** Content codings, the best first, and how the build names what is compressed by them. */
export const CODINGS = [
  { coding: 'br', ending: '.br', compress: brotliCompressSync },
  { coding: 'gzip', ending: '.gz', compress: gzipSync },
] as const
const BEST_FIRST = [...CODINGS.map(({ coding }) => coding), 'identity']
const REFUSALS = BEST_FIRST.map(
  (coding) => new RegExp(`(^|,)[ \\t]*${coding}[ \\t]*;[ \\t]*q=0(\\.0*)?[ \\t]*(,|$)`, 'i'),
)

/** @param compressed by content coding, in those that make it smaller */
export function siteFile(type: string, body: Buffer, compressed: readonly (readonly [string, Buffer])[]): SiteFile {
  const codings = compressed.map(([coding, bytes]) => {
    const made = bodyOf(bytes)
    return [coding, () => made] as const
  })
  return { type, plain: bodyOf(body), compressed: Object.fromEntries(codings) }
}

/** What the build has not made, once, at the start; compressed where that makes it smaller. */
export function makeSiteFile(type: string, body: Buffer): SiteFile {
  const compressed = CODINGS.map(({ coding, compress }) => [coding, compress(body)] as const)
  return siteFile(
    type,
    body,
    compressed.filter(([, smaller]) => smaller.length < body.length),
  )
}

/**
 * Sends a file in the best of the codings that are accepted. What is compressed together with a secret may give it away
 * by its length (BREACH): these bytes were compressed by the build, are public, and repeat nothing of any request. What
 * does is never compressed here: no reply of the API, and no page that is filled in.
 */
export function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: SiteFile): FastifyReply {
  const { coding, body } = bodyFor(headers['accept-encoding'], file)
  if (coding !== undefined) reply.header('content-encoding', coding)
  return varying(reply).type(file.type).send(body.body)
}

/** As `sendFile`, or only that it is still the same (RFC 9110 §13.1.2). A proxy that compresses makes the tag a weak one. */
export function sendUnlessKnown(request: FastifyRequest, reply: FastifyReply, file: SiteFile): FastifyReply {
  const { etag } = bodyFor(request.headers['accept-encoding'], file).body
  reply.header('etag', etag)
  if (!request.headers['if-none-match']?.includes(etag)) return sendFile(request, reply, file)
  return varying(reply).code(304).send()
}

function bodyFor(accepted: string | undefined, { plain, compressed }: SiteFile) {
  const coding = accepted === undefined ? null : negotiate(accepted.toLowerCase(), codingsFor(accepted))
  const body = coding === null ? undefined : compressed[coding]?.()
  return coding === null || body === undefined ? { coding: undefined, body: plain } : { coding, body }
}

/** For the library `*` is the first of these, also where that is named as one that is not taken (RFC 9110 §12.5.3). */
function codingsFor(accepted: string): string[] {
  return BEST_FIRST.filter((_coding, at) => !REFUSALS[at]?.test(accepted))
}

/** `Vary` may name the origin and the language already. */
function varying(reply: FastifyReply): FastifyReply {
  return varyBy(reply, 'accept-encoding')
}

/** Says that a reply depends on a header of its request too. */
export function varyBy(reply: FastifyReply, header: string): FastifyReply {
  const others = reply.getHeader('vary')
  return reply.header('vary', others === undefined ? header : `${others}, ${header}`)
}

/**
 * The file with other text in it, once, at the start: public as before, and the same for all. It is compressed when it is
 * first asked for: of the pages in twenty languages most never are.
 */
export function changedFile(file: SiteFile, change: (text: string) => string): SiteFile {
  const before = file.plain.body.toString()
  const text = change(before)
  if (text === before) return file
  const codings = CODINGS.filter(({ coding }) => coding in file.compressed).map(
    ({ coding, compress }) => [coding, once(() => bodyOf(compress(text)))] as const,
  )
  return { ...file, plain: bodyOf(Buffer.from(text)), compressed: Object.fromEntries(codings) }
}

function bodyOf(body: Buffer): SiteBody {
  const etag = once(() => `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`)
  return {
    body,
    get etag() {
      return etag()
    },
  }
}
