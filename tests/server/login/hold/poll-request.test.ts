import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import type { HoldRequest } from '../../../../server/login/hold/hold.ts'
import { type HoldWish, holdRequest, takeHoldWish } from '../../../../server/login/hold/poll-request.ts'

const WISH = { seen: 'pending', wait: '25' }

test('a poll that may be held keeps nothing of what its client sent along', () => {
  const { request, client } = exchange()
  request.rawHeaders = ['x-long', 'y'.repeat(16_000)]
  request.headers = { 'x-long': 'y'.repeat(16_000) }
  expect(taken(request, client, WISH, 2)).toEqual({ seen: 'pending', waitMs: 2000, client })
  expect([request.headers, request.rawHeaders]).toEqual([{}, []])
})

test.each([{ 'content-length': '60000' }, { 'transfer-encoding': 'chunked' }])(
  'one with a body, which would wait beside it unread, is not held, and keeps nothing either: %j',
  (headers) => {
    const { request, client } = exchange()
    request.headers = headers
    expect(taken(request, client, WISH, 25).waitMs).toBe(0)
    expect([request.headers, request.rawHeaders]).toEqual([{}, []])
  },
)

test('no body is no body', () => {
  const { request, client } = exchange()
  request.headers = { 'content-length': '0' }
  expect(taken(request, client, WISH, 25).waitMs).toBe(25_000)
})

test('where holding is off nothing is held, whatever its client asks for', () => {
  const { request, client } = exchange()
  expect(taken(request, client, WISH, 0).waitMs).toBe(0)
})

test('a poll that asks for no hold has none, and one that asks for less than may be has that', () => {
  const { client } = exchange()
  expect(holdRequest(client, {}, 25)).toEqual({ seen: undefined, waitMs: 0, client })
  expect(holdRequest(client, { seen: 'scanned', wait: '3' }, 25)).toEqual({ seen: 'scanned', waitMs: 3000, client })
})

/** As the routes do. */
function taken(request: IncomingMessage, client: ServerResponse, wish: HoldWish, longest: number): HoldRequest {
  return holdRequest(client, takeHoldWish(request, wish), longest)
}

/** A request, and the response that waits to be given. */
function exchange(): { request: IncomingMessage; client: ServerResponse } {
  const request = new IncomingMessage(new Socket())
  return { request, client: new ServerResponse(request) }
}
