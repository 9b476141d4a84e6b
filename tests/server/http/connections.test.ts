import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { createConnections } from '../../../server/http/connections.ts'

test('a request is answered at once, but while the process stops to listen: then once it has, and none is lost', async () => {
  const connections = createConnections(10)
  const server = createServer()
  connections.watch(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const answered: string[] = []
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  const ask = (name: string) =>
    connections.whenSettled(() => answered.push(`${name}: ${server.listening}`), request, response)
  ask('before')
  expect(answered).toEqual(['before: true'])
  const drained = connections.drain()
  ask('meanwhile')
  expect(answered).toHaveLength(1)
  await drained
  ask('after')
  expect(answered).toEqual(['before: true', 'meanwhile: false', 'after: false'])
})
