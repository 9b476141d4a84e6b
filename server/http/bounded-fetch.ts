/**
 * The most of a reply, unpacked. A provider's keys, its metadata and what it says of a person are some ten thousand
 * bytes; with a large team's groups, or a picture in place of its address, a hundred thousand. What is longer is none
 * of these: a page or a stream at a wrong address.
 */
const MOST_REPLY_BYTES = 256 * 1024
/** RFC 9110 §15. Some firewalls answer beyond it, which is no reply of a provider's. */
const MOST_STATUS = 599

/**
 * `fetch` for whoever is asked what is kept in memory: the reply is whole when it is there, or there is none.
 * @param patienceMs until the last byte of it
 * @throws as `fetch` does, also of a reply that is cut off or too long; a `TimeoutError` when time is up
 */
export async function boundedFetch(url: string | URL, request: RequestInit, patienceMs: number): Promise<Response> {
  const signal = AbortSignal.timeout(patienceMs)
  const reply = await fetch(url, { ...request, signal })
  const body = await wholeBody(reply, signal)
  if (reply.status > MOST_STATUS) throw new TypeError('fetch failed', { cause: new Error(`status ${reply.status}`) })
  return new Response(body, reply)
}

/** `null`: there is none, as with 204. */
async function wholeBody({ body }: Response, signal: AbortSignal): Promise<string | null> {
  if (body === null) return null
  const reader = body.getReader()
  // Not left to `fetch`: on Node 20 it may have forgotten its signal once there are headers.
  const giveUp = () => void reader.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', giveUp)
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value)
      bytes += next.value.byteLength
      if (bytes > MOST_REPLY_BYTES) throw new ReplyTooLongError()
    }
  } catch (cause) {
    giveUp()
    // The error that `fetch` itself throws for what fails earlier.
    throw signal.aborted ? signal.reason : new TypeError('fetch failed', { cause })
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  // A reader that was cancelled ends as if the body were whole.
  signal.throwIfAborted()
  return Buffer.concat(chunks).toString()
}

class ReplyTooLongError extends Error {
  override name = 'ReplyTooLongError'
  readonly code = 'REPLY_TOO_LONG'

  constructor() {
    super(`the reply is longer than ${MOST_REPLY_BYTES} bytes`)
  }
}
