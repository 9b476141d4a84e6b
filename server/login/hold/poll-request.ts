import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import { hasBody } from '../../http/error-replies.ts'
import { dropHeaders } from '../../http/shortcut/bare-request.ts'
import type { Client } from '../../http/shortcut/shortcut.ts'
import { parseToken, type Token } from '../token.ts'
import type { HoldRequest } from './hold.ts'

/** What a poll's query asks for, unread: the status that the client knows, and whole seconds to hold the reply. */
export interface HoldWish {
  seen?: string | undefined
  wait?: string | undefined
}

/**
 * The token that a request is about.
 * @throws ScanInError `invalid_request` for what is not of a token's form
 */
export function tokenOf({ labels }: Pick<FastifyRequest, 'labels'>, text: string): Token {
  const token = parseToken(text)
  if (token === undefined) throw new ScanInError('invalid_request')
  labels.login = token.loginId
  return token
}

/** How long a poll may be held: as long as it asks for, up to `longestSeconds`. */
export function holdRequest(client: Client, { seen, wait }: HoldWish, longestSeconds: number): HoldRequest {
  return { seen, waitMs: Math.min(Number(wait ?? 0), longestSeconds) * 1000, client }
}

/**
 * What a poll that Node has read asks for. Drops the request's headers. A poll with a body is not held: nobody reads the
 * body, and it would stay in memory as long.
 */
export function takeHoldWish(request: IncomingMessage, wish: HoldWish): HoldWish {
  const isHeld = !hasBody(request)
  dropHeaders(request)
  return isHeld ? wish : {}
}
