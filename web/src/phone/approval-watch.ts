import { FIRST_PACING } from '../poll/poll-pacing.ts'
import { type Connection, type PollerParts, poll } from '../poll/poller.ts'
import type { ApiError } from '../wire/api-error.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { PhoneReply } from '../wire/protocol.ts'

export interface ApprovalWatchParts
  extends Omit<PollerParts<PhoneReply>, 'isFinal' | 'connection' | 'pacing' | 'urgent'> {
  /** Called when the service refuses to say more of the login. */
  readonly onRefused: (error: ApiError) => Promise<void>
}

/** Polls how a scanned login goes on, except while a decision is on its way. */
export interface ApprovalWatch {
  /** Asks from here on, until the end. */
  goOn(): void
  /** Stops polling, and ignores the answer to a poll that is under way. */
  pause(): void
  /** The service has told this status in answer to another request: so it can be reached. */
  heard(status: PhoneReply['status']): void
}

export function createApprovalWatch(parts: ApprovalWatchParts): ApprovalWatch {
  let watching = linkAbort(parts.signal)
  /** What the server said last. */
  let { seen } = parts
  /** The connection as it was told last: polling that begins anew goes on from there. */
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
