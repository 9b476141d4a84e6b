import { type IncomingMessage, maxHeaderSize } from 'node:http'
import { copyOf } from '../../copy-of.ts'
import { hasBody, hostsIn } from '../error-replies.ts'
import { LONGEST_TRACEPARENT, traceparentOf } from '../request-labels.ts'

/** A GET without a body, as far as who answers it in Fastify's place has to know it. */
export interface BareRequest {
  /** Path and query, as they came. */
  target: string
  cookie: string | undefined
  origin: string | undefined
  /** W3C Trace Context §3.2. Unread; what comes of it may be kept for as long as a reply is held. */
  traceparent: string | undefined
}

/** What Node has read, if it is such a request. */
export function bareRequestOf(request: IncomingMessage): BareRequest | undefined {
  const { method, url = '', headers } = request
  if (method !== 'GET' || hasBody(request) || hostsIn(request) !== 1) return undefined
  return { target: url, cookie: headers.cookie, origin: headers.origin, traceparent: traceparentOf(request) }
}

const NO_HEADERS: IncomingMessage['headers'] = Object.freeze({})
const NO_RAW_HEADERS: string[] = []

/** A client may send 16 KiB of headers with every request, more than all that a held one has to keep. */
export function dropHeaders(request: IncomingMessage): void {
  request.headers = NO_HEADERS
  request.rawHeaders = NO_RAW_HEADERS
}

const HEAD_END = '\r\n\r\n'
/** RFC 9112 §2.2: halves of the end of a line, which some take for one, as Node does by `--insecure-http-parser`. */
const HALF_LINE_END = /(?:^|[^\r])\n|\r(?!\n)/
const LETTER = /^[A-Z]/

/**
 * The length in bytes of what comes before the body of the request that `bytes` begin, or go on with. `undefined`: its
 * head is not whole, or not everybody sees its end at the same place.
 */
export function headLengthOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END)
  const head = end === -1 ? '' : bytes.toString('latin1', 0, end)
  return LETTER.test(head) && !HALF_LINE_END.test(head) ? end + HEAD_END.length : undefined
}

/** RFC 9110 §5.6.2, §5.5: a field's name, and a value that neither begins nor ends with a blank. */
const NAME = "[\\w!#$%&'*+.^`|~-]+"
const VALUE = '[\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?'
/** One GET, in the form in which browsers and proxies write it, and that nobody reads in two ways. */
const STRICT = new RegExp(`^GET /[\\x21-\\x7e]* HTTP/1\\.1\\r\\n(?:${NAME}: ${VALUE}\\r\\n)+\\r\\n$`)
const TARGET_FROM = 'GET '.length

/**
 * Reads a GET without a body off a connection. `undefined`: it is none, or is more or less than one, or is not of the
 * strictest form: then somebody else is to read it.
 */
export function readBareRequest(bytes: Buffer): BareRequest | undefined {
  // Node refuses heads that are longer.
  if (bytes.length > maxHeaderSize) return undefined
  const text = bytes.toString('latin1')
  if (!STRICT.test(text)) return undefined
  const end = text.indexOf(' ', TARGET_FROM)
  // Not cut out of the whole: what is cut out of it is kept for as long as a reply is held.
  return readFields(bytes.toString('latin1', TARGET_FROM, end), text)
}

/** Fields that who answers has to know, and those that say that a request is not bare, or how it is to be answered. */
const KNOWN: readonly string[] = ['host', 'cookie', 'origin', 'traceparent', 'connection']
const OTHERS: readonly string[] = [
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'proxy-connection',
]
const LENGTHS = new Set([...KNOWN, ...OTHERS].map((name) => name.length))
const KEEP_ALIVE = /^keep-alive$/i

function readFields(target: string, text: string): BareRequest | undefined {
  const values: (string | undefined)[] = [undefined, undefined, undefined, undefined, undefined]
  for (let from = nextLine(0); text[from] !== '\r'; from = nextLine(from)) {
    const colon = text.indexOf(':', from)
    if (!LENGTHS.has(colon - from)) continue
    const name = text.slice(from, colon).toLowerCase()
    if (OTHERS.includes(name)) return undefined
    const known = KNOWN.indexOf(name)
    if (known === -1) continue
    // Twice: somebody else is to make something of it.
    if (values[known] !== undefined) return undefined
    values[known] = text.slice(colon + 2, text.indexOf('\r', colon))
  }
  const [host, cookie, origin, traceparent, connection] = values
  if (host === undefined || (connection !== undefined && !KEEP_ALIVE.test(connection))) return undefined
  if (traceparent !== undefined && traceparent.length > LONGEST_TRACEPARENT) return undefined
  return { target, cookie, origin, traceparent: traceparent && copyOf(traceparent) }

  function nextLine(from: number): number {
    return text.indexOf('\n', from) + 1
  }
}
