import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import type { Ending } from './ending.ts'
import type { HoldRequest } from './login-policy.ts'
import { parseToken, type Token } from './token.ts'

/** @throws ScanInError `invalid_request` for what is not of a token's form */
export function tokenOf(text: string): Token {
  const token = parseToken(text)
  if (token === undefined) throw new ScanInError('invalid_request')
  return token
}

/**
 * How long this poll may be held: what it asks for, up to `longestSeconds`. The hold ends early when the client hangs
 * up or the process closes.
 */
export function holdRequestOf(
  request: FastifyRequest,
  { seen, wait }: { seen?: string; wait?: string },
  longestSeconds: number,
  closing: Ending,
): HoldRequest {
  const waitMs = Math.min(Number(wait ?? 0), longestSeconds) * 1000
  return { seen, waitMs, ending: waitMs > 0 ? hangUpOr(closing, request.raw) : closing }
}

/** A listener and two closures a held poll: an AbortController and `AbortSignal.any` cost it several kilobytes. */
export function hangUpOr(closing: Ending, request: IncomingMessage): Ending {
  return {
    get hasCome() {
      return closing.hasCome || request.destroyed
    },
    onCome(end) {
      const stopClosing = closing.onCome(end)
      request.once('close', end)
      return () => {
        stopClosing()
        request.off('close', end)
      }
    },
  }
}
