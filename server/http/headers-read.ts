import type { IncomingMessage } from 'node:http'

/** All that is read of a poll: what it is answered by, and whether a body comes with it. */
const READ = ['host', 'origin', 'cookie', 'traceparent', 'content-length', 'transfer-encoding'] as const

type Read = Record<(typeof READ)[number], string | undefined>

const NAMES: ReadonlySet<string> = new Set(READ)
/** Names of other lengths, most of what browsers send, need not be looked at in either case. */
const LENGTHS: ReadonlySet<number> = new Set(READ.map((name) => name.length))

/**
 * The few headers by which a poll is answered; an object of all that a browser sends costs four times as much.
 * `undefined`: one of them is there more than once, which is for Node to join or to leave out, or there is no `Host`.
 */
export function headersRead({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): Read | undefined {
  const read: Read = {
    host: undefined,
    origin: undefined,
    cookie: undefined,
    traceparent: undefined,
    'content-length': undefined,
    'transfer-encoding': undefined,
  }
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const said = rawHeaders[at] ?? ''
    if (!LENGTHS.has(said.length)) continue
    const name = said.toLowerCase()
    if (!isRead(name)) continue
    if (read[name] !== undefined) return undefined
    read[name] = rawHeaders[at + 1]
  }
  return read.host === undefined ? undefined : read
}

function isRead(name: string): name is (typeof READ)[number] {
  return NAMES.has(name)
}
