import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import { createClosing } from '../../../server/login/ending.ts'
import { hangUpOr } from '../../../server/login/poll-request.ts'

/** A request that is held for good, and how its ending is seen from the server. */
async function holdRequest() {
  const closing = createClosing()
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const server = createServer((request) => {
    const ending = hangUpOr(closing, request)
    expect(ending.hasCome).toBe(false)
    ending.onCome(() => end())
    client.emit('held')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  client.on('error', () => undefined)
  await new Promise((resolve) => client.once('held', resolve))
  return { closing, client, ended, stop: () => server.close() }
}

test('a hold ends when the client hangs up', async () => {
  const { client, ended, stop } = await holdRequest()
  client.destroy()
  await ended
  stop()
})

test('a hold ends when the process closes', async () => {
  const { closing, client, ended, stop } = await holdRequest()
  closing.come()
  await ended
  client.destroy()
  stop()
})

test('who stops listening is not called', () => {
  const closing = createClosing()
  let calls = 0
  const stop = closing.onCome(() => calls++)
  stop()
  stop()
  closing.come()
  expect(calls).toBe(0)
  expect(closing.hasCome).toBe(true)
})
