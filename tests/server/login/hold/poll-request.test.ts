import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { takeHoldRequest } from '../../../../server/login/hold/poll-request.ts'

test('a poll that may be held keeps nothing of what its client sent along', () => {
  const client = new IncomingMessage(new Socket())
  client.rawHeaders = ['x-long', 'y'.repeat(16_000)]
  client.headers = { 'x-long': 'y'.repeat(16_000) }
  expect(takeHoldRequest(client, { seen: 'pending', wait: '25' }, 2)).toEqual({ seen: 'pending', waitMs: 2000, client })
  expect([client.headers, client.rawHeaders]).toEqual([{}, []])
})

test.each([{ 'content-length': '60000' }, { 'transfer-encoding': 'chunked' }])(
  'one with a body, which would wait beside it unread, is not held: %j',
  (headers) => {
    const client = new IncomingMessage(new Socket())
    client.headers = headers
    expect(takeHoldRequest(client, { seen: 'pending', wait: '25' }, 25).waitMs).toBe(0)
  },
)

test('no body is no body', () => {
  const client = new IncomingMessage(new Socket())
  client.headers = { 'content-length': '0' }
  expect(takeHoldRequest(client, { seen: 'pending', wait: '25' }, 25).waitMs).toBe(25_000)
})

test('where holding is off nothing is held, whatever its client asks for', () => {
  const client = new IncomingMessage(new Socket())
  expect(takeHoldRequest(client, { seen: 'pending', wait: '25' }, 0).waitMs).toBe(0)
})
