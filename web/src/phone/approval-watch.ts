import { FIRST_PACING } from '../poll/poll-pacing.ts'
import { type Connection, type PollerParts, poll } from '../poll/poller.ts'
import type { ApiError } from '../wire/api-error.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { PhoneReply } from '../wire/protocol.ts'

export interface ApprovalWatchParts
  extends Omit<PollerParts<PhoneReply>, 'isFinal' | 'connection' | 'pacing' | 'urgent'> {
  /** The service will say no more of it, for this. */
  readonly onRefused: (error: ApiError) => Promise<void>
}

/** Asks how a scanned login goes on, at times when nobody decides on it. */
export interface ApprovalWatch {
  /** Asks from here on, until the end. */
  goOn(): void
  /** Asks no more, and hears no more of what was asked. */
  pause(): void
  /** The service is there, and has said this of it in answer to something else. */
  heard(status: PhoneReply['status']): void
}

export function createApprovalWatch(parts: ApprovalWatchParts): ApprovalWatch {
  let watching = linkAbort(parts.signal)
  /** What the server said last. */
  let { seen } = parts
  /** As it was told last: polls that begin anew go on from there. */
  let connection: Connection = 'steady'

  const onConnection = (next: Connection) => {
    if (next === connection) return
    connection = next
    parts.onConnection(next)
  }
  const onReply = (reply: PhoneReply) => {
    seen = reply.status
    parts.onReply(reply)
  }
  const ask = async (signal: AbortSignal) => {
    const polling = { ...parts, isFinal, onReply, onConnection, connection, seen, pacing: FIRST_PACING, signal }
    const refused = await poll<PhoneReply>(polling)
    if (refused !== undefined) await parts.onRefused(refused)
  }

  return {
    goOn() {
      watching.abort()
      watching.unlink()
      watching = linkAbort(parts.signal)
      void ask(watching.signal)
    },
    pause: () => watching.abort(),
    heard(status) {
      seen = status
      onConnection('steady')
    },
  }
}

const isFinal = ({ status, collected }: PhoneReply): boolean => status === 'denied' || status === 'expired' || collected
