import { STATUS_CODES } from 'node:http'
import type { ShortReply } from './shortcut.ts'

/** A reply as bytes that Node would write. */
export interface WireReply {
  text: string
  encoding: 'latin1' | 'utf8'
}

/**
 * Replies as Node writes them. Those for a connection that stays open are kept as long as the reply is, for a second:
 * thousands of polls are given the same one.
 * @param keepAliveSeconds how long an idle connection is kept
 */
export function createWireReplies(keepAliveSeconds: number): {
  ofOpen(reply: ShortReply): WireReply
  ofLast(reply: ShortReply): WireReply
} {
  const made = new WeakMap<ShortReply, WireReply & { second: number }>()
  const staysOpen = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}`
  /** Seconds since the epoch, and the `Date` of then (RFC 9110 §6.6.1). */
  let [second, date] = [0, '']

  function lookAtClock(): void {
    const now = Math.floor(Date.now() / 1000)
    if (now !== second) [second, date] = [now, new Date(now * 1000).toUTCString()]
  }

  return {
    ofOpen(reply) {
      lookAtClock()
      const known = made.get(reply)
      if (known?.second === second) return known
      const wire = { ...wireReply(reply, `Date: ${date}\r\n${staysOpen}`), second }
      made.set(reply, wire)
      return wire
    },

    ofLast(reply) {
      lookAtClock()
      return wireReply(reply, `Date: ${date}\r\nConnection: close`)
    },
  }
}

function wireReply({ status, fields, text }: ShortReply, ofConnection: string): WireReply {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`
  const isLatin1 = Buffer.byteLength(text) === text.length
  return { text: `${head}${ofConnection}\r\n\r\n${text}`, encoding: isLatin1 ? 'latin1' : 'utf8' }
}
