import { execFile } from 'node:child_process'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { boundedFetch } from '../../../server/http/bounded-fetch.ts'
import { reasonOf } from '../../../server/http/fetch-reason.ts'
import { type EndlessReply, sendWithoutEnd } from '../../support/endless-reply.ts'
import { freePort } from '../../support/free-port.ts'
import { PATIENCE_MS } from '../../support/patience.ts'

/** Replies that have no end, or hang, and such as are as they should be. */

let server: Server
let url: string
let answer: RequestListener

beforeEach(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}/`
  server = createServer((request, reply) => answer(request, reply))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

const failure = (asked: Promise<Response>): Promise<unknown> =>
  asked.then(
    ({ status }) => new Error(`it was answered ${status}`),
    (error) => error,
  )

test('a reply is what was answered, with its status and headers, unpacked', async () => {
  answer = (_request, reply) =>
    reply.writeHead(401, { 'content-encoding': 'gzip', 'www-authenticate': 'Bearer' }).end(gzipSync('{"a":1}'))
  const reply = await boundedFetch(url, {}, PATIENCE_MS)
  expect([reply.status, reply.headers.get('www-authenticate'), await reply.json()]).toEqual([401, 'Bearer', { a: 1 }])
})

test('so is one without a body, and one that leads elsewhere', async () => {
  answer = (_request, reply) => reply.writeHead(204).end()
  expect((await boundedFetch(url, {}, PATIENCE_MS)).status).toBe(204)
  answer = (_request, reply) => reply.writeHead(302, { location: '/elsewhere' }).end()
  const reply = await boundedFetch(url, { redirect: 'manual' }, PATIENCE_MS)
  expect([reply.status, reply.headers.get('location')]).toEqual([302, '/elsewhere'])
})

test('one of a status that no reply has failed, as one that never came', async () => {
  answer = (_request, reply) => reply.writeHead(999).end('blocked')
  const error = await failure(boundedFetch(url, {}, PATIENCE_MS))
  expect(error).toBeInstanceOf(TypeError)
  expect(reasonOf(error)).toMatch(/999/)
})

test('T26 one without an end is given up while it comes, and so is one that unpacks to more than we take', async () => {
  const endless = new Promise<EndlessReply>((resolve) => {
    answer = (_request, reply) => resolve(sendWithoutEnd(reply))
  })
  expect(reasonOf(await failure(boundedFetch(url, {}, PATIENCE_MS)))).toMatch(/longer than/)
  await (await endless).closed
  expect((await endless).isTaken()).toBe(false)

  const bomb = gzipSync(Buffer.alloc(8 * 1024 ** 2, ' '))
  answer = (_request, reply) => reply.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
  expect(reasonOf(await failure(boundedFetch(url, {}, PATIENCE_MS)))).toMatch(/longer than/)
})

test('one that hangs in its middle is waited for no longer than was said, whatever is forgotten meanwhile', async () => {
  const hang = join(import.meta.dirname, 'reply-that-hangs.ts')
  const typescript = new URL('../../support/typescript.mjs', import.meta.url).href
  const how = ['--expose-gc', '--import', typescript, hang, String(await freePort())]
  const { stdout } = await promisify(execFile)(process.execPath, how, { timeout: PATIENCE_MS })
  expect(stdout.trim()).toBe('TimeoutError')
})

test('one that is cut off is no reply', async () => {
  answer = (_request, reply) => {
    reply.writeHead(200, { 'content-length': 10 }).write('{', () => reply.destroy())
  }
  expect(await failure(boundedFetch(url, {}, PATIENCE_MS))).toMatchObject({ message: 'fetch failed' })
})
