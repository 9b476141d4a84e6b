import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { takeHoldRequest } from '../../../../server/login/hold/poll-request.ts'

test('a poll that may be held keeps nothing of what its client sent along', () => {
  const { request, client } = exchange()
  request.rawHeaders = ['x-long', 'y'.repeat(16_000)]
  request.headers = { 'x-long': 'y'.repeat(16_000) }
  expect(takeHoldRequest(request, client, { seen: 'pending', wait: '25' }, 2)).toEqual({
    seen: 'pending',
    waitMs: 2000,
    client,
  })
  expect([request.headers, request.rawHeaders]).toEqual([{}, []])
})

test.each([{ 'content-length': '60000' }, { 'transfer-encoding': 'chunked' }])(
  'one with a body, which would wait beside it unread, is not held: %j',
  (headers) => {
    const { request, client } = exchange()
    request.headers = headers
    expect(takeHoldRequest(request, client, { seen: 'pending', wait: '25' }, 25).waitMs).toBe(0)
  },
)

test('no body is no body', () => {
  const { request, client } = exchange()
  request.headers = { 'content-length': '0' }
  expect(takeHoldRequest(request, client, { seen: 'pending', wait: '25' }, 25).waitMs).toBe(25_000)
})

test('where holding is off nothing is held, whatever its client asks for', () => {
  const { request, client } = exchange()
  expect(takeHoldRequest(request, client, { seen: 'pending', wait: '25' }, 0).waitMs).toBe(0)
})

/** A request, and the response that waits to be given. */
function exchange(): { request: IncomingMessage; client: ServerResponse } {
  const request = new IncomingMessage(new Socket())
  return { request, client: new ServerResponse(request) }
}
