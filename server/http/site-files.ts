import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'

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

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}
/** Content codings, the best first, and how the build names what is compressed by them. */
const CODINGS = { br: '.br', gzip: '.gz' }
const BEST_FIRST = [...Object.keys(CODINGS), 'identity']

/**
 * Reads the pages of a folder and the scripts beside them into memory: once, at the start. They are in every request
 * for a page, wait for no disk and no thread, and cannot change under a service that runs.
 * @returns the files by their names
 */
export function readSiteFiles(root: string): ReadonlyMap<string, SiteFile> {
  const files = new Map<string, SiteFile>()
  for (const name of readdirSync(root)) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const path = join(root, name)
    const compressed = Object.entries(CODINGS)
      .filter(([, ending]) => existsSync(path + ending))
      .map(([coding, ending]) => [coding, always(readBody(path + ending))] as const)
    files.set(name, { type, plain: readBody(path), compressed: Object.fromEntries(compressed) })
  }
  return files
}

/** What the build has not made, once, at the start; compressed where that makes it smaller. */
export function makeSiteFile(type: string, body: Buffer): SiteFile {
  const compressed = Object.entries(COMPRESS)
    .map(([coding, compress]) => [coding, compress(body)] as const)
    .filter(([, smaller]) => smaller.length < body.length)
    .map(([coding, smaller]) => [coding, always(bodyOf(smaller))] as const)
  return { type, plain: bodyOf(body), compressed: Object.fromEntries(compressed) }
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
  const coding = accepted === undefined ? null : negotiate(accepted.toLowerCase(), BEST_FIRST)
  const body = coding === null ? undefined : compressed[coding]?.()
  return coding === null || body === undefined ? { coding: undefined, body: plain } : { coding, body }
}

/** Where it may depend on the origin too, that stands there already; as that it depends on the language. */
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
  const codings = Object.entries(COMPRESS)
    .filter(([coding]) => coding in file.compressed)
    .map(([coding, compress]) => [coding, once(() => bodyOf(compress(text)))])
  return { ...file, plain: bodyOf(Buffer.from(text)), compressed: Object.fromEntries(codings) }
}

const COMPRESS: Readonly<Record<string, (body: string | Buffer) => Buffer>> = { br: brotliCompressSync, gzip: gzipSync }

const always =
  <T>(value: T) =>
  () =>
    value

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function readBody(path: string): SiteBody {
  return bodyOf(readFileSync(path))
}

function bodyOf(body: Buffer): SiteBody {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}
