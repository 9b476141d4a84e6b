import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { BearerVerifier } from '../../../server/identity/identity.ts'
import { createIntrospection } from '../../../server/identity/introspection.ts'
import { createUserinfo } from '../../../server/identity/userinfo.ts'
import { createUserinfoNames, type FillInNames } from '../../../server/identity/userinfo-names.ts'
import { type EndlessReply, sendWithoutEnd } from '../../support/endless-reply.ts'
import { freePort } from '../../support/free-port.ts'

/** Identity providers whose replies are not whole, have no end, or are not what they should be. */

let server: Server
let url: string
/** The body of each reply, and whether the connection breaks within it. */
let body: string
let isCutOff: boolean
/** Those that have no end, where replies are so. */
let endless: EndlessReply[] | undefined

const clock = Date.now

beforeEach(async () => {
  ;[body, isCutOff, endless] = ['{}', false, undefined]
  const port = await freePort()
  url = `http://127.0.0.1:${port}/`
  server = createServer((_request, response) => {
    if (endless) return void endless.push(sendWithoutEnd(response))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    if (isCutOff) response.write(body.slice(1), () => response.destroy())
    else response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

function introspection(fillInNames: FillInNames = async (_token, claims) => claims): BearerVerifier {
  const us = { clientId: 'us', clientSecret: 'secret', publicUrl: 'http://scanin.test' }
  return createIntrospection({ url, ...us, audience: undefined, issuer: undefined, scopes: [], fillInNames, clock })
}

const unavailable = { code: 'identity_provider_unavailable' }

test('a reply that is cut off says nothing about a token, wherever it was asked about', async () => {
  body = JSON.stringify({ active: true, sub: 'ada', name: 'Ada', exp: Date.now() })
  isCutOff = true
  await expect(createUserinfo(url)('token', 'here')).rejects.toMatchObject(unavailable)
  await expect(introspection()('token', 'here')).rejects.toMatchObject(unavailable)
})

test('T26 nor does one without an end, and no more is taken in of it than a reply has', async () => {
  endless = []
  await expect(createUserinfo(url)('token', 'here')).rejects.toMatchObject(unavailable)
  await expect(introspection()('token', 'here')).rejects.toMatchObject(unavailable)
  expect(endless).toHaveLength(2)
  await Promise.all(endless.map(({ closed }) => closed))
  expect(endless.map(({ isTaken }) => isTaken())).toEqual([false, false])
})

test('nor does one what its person is called, and it is asked again', async () => {
  const fillInNames = createUserinfoNames({ url: () => url, clock })
  body = JSON.stringify({ sub: 'ada', name: 'Ada' })
  isCutOff = true
  await expect(fillInNames('token', { sub: 'ada' })).rejects.toMatchObject(unavailable)
  isCutOff = false
  expect(await fillInNames('token', { sub: 'ada' })).toEqual({ sub: 'ada', name: 'Ada' })
})

test('a whole reply that is no JSON knows of no token, and of no name', async () => {
  body = '<p>Not here</p>'
  expect(await createUserinfo(url)('token', 'here')).toMatchObject({ kind: 'refused' })
  expect(await createUserinfoNames({ url: () => url, clock })('token', { sub: 'ada' })).toEqual({ sub: 'ada' })
  await expect(introspection()('token', 'here')).rejects.toMatchObject(unavailable)
})

test('why there was no answer is told without the address, in whose query there may be a key', async () => {
  const call = createUserinfo('http://ann:s3cret@127.0.0.1/?key=s3cret')('token', 'here')
  const { cause } = await call.then(
    () => new Error('it was answered'),
    (error: Error) => error,
  )
  expect(String(cause)).toMatch(/^Error: ./)
  expect(JSON.stringify([String(cause), (cause as Error).stack])).not.toContain('s3cret')
})
