import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../../errors.ts'
import { hasBody } from '../../http/error-replies.ts'
import { parseToken, type Token } from '../token.ts'
import type { Client, HoldRequest } from './hold.ts'

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

const NO_HEADERS: IncomingMessage['headers'] = Object.freeze({})
const NO_RAW_HEADERS: string[] = []

/**
 * How long this poll may be held: as long as it asks for, up to `longestSeconds`. Drops the request's headers: a client
 * may send 16 KiB of them with every poll, more than all that a held poll has to keep. A poll with a body is not held:
 * nobody reads the body, and it would stay in memory as long.
 */
export function takeHoldRequest(
  request: IncomingMessage,
  client: Client,
  { seen, wait }: HoldWish,
  longestSeconds: number,
): HoldRequest {
  const waitMs = hasBody(request) ? 0 : Math.min(Number(wait ?? 0), longestSeconds) * 1000
  request.headers = NO_HEADERS
  request.rawHeaders = NO_RAW_HEADERS
  return { seen, waitMs, client }
}
