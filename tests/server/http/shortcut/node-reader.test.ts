import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createRandom, type Random, seedOf } from '../../../faults/random.ts'
import {
  CHUNKED,
  GET,
  LAST,
  POST,
  type PolledServer,
  startPolledServer,
  undated,
  until,
  warmUp,
} from '../../../support/polled-server.ts'

/** Where a request begins: nothing that Node takes for a part of another is ever answered as one. */

let polled: PolledServer
/** Reads all by Node alone. */
let plain: PolledServer

beforeAll(async () => {
  polled = await startPolledServer()
  plain = await startPolledServer({ hasShortcut: false })
})

afterAll(async () => {
  await polled.close()
  await plain.close()
})

afterEach(() => {
  for (const { taken, held, readByNode } of [polled, plain]) {
    for (const noted of [taken, held, readByNode]) noted.length = 0
  }
})

/** What comes back for these segments on a connection of its own, the last of which ends it. */
async function answersOf(server: PolledServer, segments: readonly string[]): Promise<string> {
  const wire = await server.open()
  for (const segment of segments) await wire.send(segment)
  return undated(await wire.toItsEnd())
}

/** @returns the paths of polls that were answered */
async function expectTheSame(segments: readonly string[]): Promise<string[]> {
  const before = polled.taken.length
  const answers = await answersOf(polled, segments)
  expect({ segments, answers }).toEqual({ segments, answers: await answersOf(plain, segments) })
  return polled.taken.slice(before)
}

const POLL = GET('/poll/stolen')
const WARM = [GET('/poll/1'), GET('/poll/2'), GET('/poll/3')]
const half = (text: string): [string, string] => [text.slice(0, 30), text.slice(30)]

describe('a poll that is a part of another request', () => {
  const [begin, rest] = half(GET('/other', `X-Long: ${'y'.repeat(40)}\r\n`))
  const long = `POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: ${POLL.length}\r\n\r\n`
  const chunked = 'POST /other HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = [`${POLL.length.toString(16)}\r\n`, POLL, '\r\n0\r\n\r\n']
  const twice = `POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 * POLL.length}\r\n\r\n`
  const early = `POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: ${POLL.length}\r\n\r\n`

  const PARTS: [what: string, segments: string[]][] = [
    ['a body', [long, POLL]],
    ['a body whose head came in two', [long.slice(0, 30), long.slice(30), POLL]],
    ['a body behind the end of its head', [long.slice(0, -2), '\r\n', POLL]],
    ['a body behind the last byte of its head', [long.slice(0, -1), '\n', POLL]],
    ['half a body', [twice, POLL, POLL]],
    ['the end of a body', [twice + POLL, POLL]],
    ['a body that blank lines are in', [twice, `${'A\r\n\r\n'.padEnd(POLL.length, 'b')}`, POLL]],
    ['a body behind a request in the same segment', [GET('/other') + long, POLL]],
    ['a body behind a poll in the same segment', [GET('/poll/4') + long, POLL]],
    ['a body of the second of two', [POST('/other', 'body') + long, POLL]],
    ['a body of a request that was begun in the body of another', [`${twice}${POLL}`, POLL + long, POLL]],
    ['a chunk', [chunked, chunk[0] ?? '', chunk[1] ?? '', chunk[2] ?? '']],
    ['a chunk whose size came with the head', [`${chunked}${chunk[0]}`, POLL, chunk[2] ?? '']],
    ['a trailer of chunks', [`${chunked}0\r\nX: y\r\n`, `${POLL}`]],
    ['a value that goes on', [`GET /other HTTP/1.1\r\nHost: x\r\nX: `, POLL]],
    ['a field behind a first line', ['GET /other HTTP/1.1\r\n', `X-${POLL}`]],
    ['a body that comes after its request was answered', [early, POLL]],
    ['a body, behind one that came after its request was answered', [early, POLL, long, POLL]],
    ['the rest of a body of which a part came with the head, and the reply', [early + POLL.slice(0, 9), POLL.slice(9)]],
    ['a body with an expectation', [long.replace('Host', 'Expect: 100-continue\r\nHost'), POLL]],
    ['a body with a refused expectation', [long.replace('Host', 'Expect: much\r\nHost'), POLL]],
    ['a body with an upgrade', [long.replace('Host', 'Connection: Upgrade\r\nUpgrade: h2c\r\nHost'), POLL]],
    ['a body of a GET', [long.replace('POST', 'GET'), POLL]],
    ['a body of a GET for a poll', [long.replace('POST /other', 'GET /poll/body'), POLL]],
    ['a body of a HEAD', [long.replace('POST', 'HEAD'), POLL]],
    ['a body of length zero-led', [long.replace('Content-Length: ', 'Content-Length: 000'), POLL]],
    ['nothing, behind what is no request', ['rubbish\r\n\r\n', POLL]],
    ['nothing, behind two lengths', [long.replace('Host', 'Content-Length: 0\r\nHost'), POLL]],
    ['nothing, behind a length and chunks', [chunked.replace('Host', 'Content-Length: 5\r\nHost'), POLL]],
    ['nothing, behind a last request', [LAST, POLL]],
    ['half a head behind a whole request', [GET('/other') + begin, rest, POLL]],
  ]

  test.each(PARTS)('is answered as one by Node’s rules alone, after many polls: %s', async (_what, segments) => {
    await expectTheSame([...WARM, ...segments, LAST])
  })

  test.each(PARTS)('nor when the connection has just begun to be read from bytes: %s', async (_what, segments) => {
    // Before, in and right behind the segment of the poll by which it begins.
    await expectTheSame([...segments, LAST])
    await expectTheSame([GET('/poll/1'), ...segments, LAST])
    await expectTheSame([GET('/poll/1') + segments[0], ...segments.slice(1), LAST])
    await expectTheSame([GET('/poll/1'), GET('/poll/2') + segments[0], ...segments.slice(1), LAST])
  })

  test.each([
    ['a body', [long, POLL]],
    ['half a body', [twice, POLL, POLL]],
    ['a chunk', [chunked, ...chunk]],
    ['a body that comes after its request was answered', [early, POLL]],
    ['a body behind a poll in the same segment', [GET('/poll/4') + long, POLL]],
  ])('is not even shown to the shortcut: %s', async (_what, segments) => {
    for (const before of [[], WARM.slice(0, 1), WARM.slice(0, 2), WARM]) {
      expect(await expectTheSame([...before, ...segments, LAST])).not.toContain('/poll/stolen')
    }
  })

  test('is not when as many bytes came as one request has, and they were of two', async () => {
    for (const before of [WARM.slice(0, 1), WARM]) {
      const wire = await polled.open()
      for (const segment of before) await wire.ask(segment)
      // Its body is as long as its head: the two heads that came are as long as the first and a body would be.
      const length = 200
      const fields = `POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nX: `
      const padded = `${fields.padEnd(length - 4, 'y')}\r\n\r\n`
      await wire.ask(GET('/other') + padded)
      await wire.send(POLL)
      await wire.send('z'.repeat(length - POLL.length))
      expect((await wire.replies(1))[0]).toContain(`POST /other ${POLL}z`)
      expect(polled.taken).not.toContain('/poll/stolen')
      wire.socket.destroy()
    }
  })

  test('is not when as many bytes came as one request would have, and it was answered before its body came', async () => {
    const wire = await polled.open()
    const first = 'A\r\n\r\n'.padEnd(200, 'b')
    // Bytes are read from within the first body on, where a head seems to end.
    const length = (head: string) => first.length + head.length - 'A\r\n\r\n'.length
    const headOf = (bytes: number) => `POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`
    const second = headOf(length(headOf(100)))
    await wire.ask(GET('/poll/1') + POST('/other', first).slice(0, -first.length))
    await wire.ask(first + second, 2)
    await wire.send(POLL)
    await wire.send('z'.repeat(length(second) - POLL.length))
    expect((await wire.ask(GET('/other')))[0]).toContain('GET /other ')
    expect(polled.taken).not.toContain('/poll/stolen')
  })

  test('is neither when it comes while the first poll is still held, by which bytes begin to be read', async () => {
    for (const segments of [
      [GET('/held') + long, POLL],
      [GET('/held'), long, POLL],
      [GET('/held') + begin, rest],
    ]) {
      const wire = await polled.open()
      for (const segment of segments.slice(0, -1)) await wire.send(segment)
      const { replyTo } = await until('it is held', () => polled.held.at(-1))
      const replyLate = () => replyTo.send({ status: 200, fields: ['content-length', '0'], text: '' })
      replyLate()
      await wire.replies(1)
      await wire.send(segments.at(-1) ?? '')
      await wire.send(LAST)
      expect(await wire.toItsEnd()).toContain(' /other ')
      expect(polled.taken).not.toContain('/poll/stolen')
    }
  })
})

describe('cut anywhere', () => {
  /** Of fewer bytes than a method's name has, see below. */
  const FEWEST = 4
  test.each([
    ['a poll', GET('/poll/cut', 'Cookie: a=b\r\n')],
    ['another request', GET('/other')],
    ['a body', POST('/other', 'a body\r\n\r\nof lines')],
    ['chunks', CHUNKED('/other', ['abc', POLL])],
    ['two polls', GET('/poll/a') + GET('/poll/b')],
    ['a body and a poll', POST('/other', 'body') + GET('/poll/b')],
    ['a poll and a body', GET('/poll/a') + POST('/other', POLL)],
    ['a path that is none', GET('/none')],
    ['HEAD', GET('/other').replace('GET', 'HEAD')],
  ])('a request is answered as on a connection that nobody polled: %s', async (_what, bytes) => {
    const expected = undated((await (await plain.open()).ask(bytes)).join(''))
    for (let at = FEWEST; at < bytes.length; at++) {
      const wire = await polled.open()
      await warmUp(wire)
      await wire.send(bytes.slice(0, at))
      await wire.send(bytes.slice(at))
      await wire.send(GET('/poll/after'))
      await wire.send(LAST)
      const answers = undated(await wire.toItsEnd())
      expect([at, answers.includes(expected)]).toEqual([at, true])
      expect(answers.match(/"\/poll\/after"/g)).toHaveLength(1)
    }
  })
})

describe('by chance, by a seed', () => {
  const RUNS = 300
  const SEED = 2026

  test('requests of all kinds, cut at borders of all kinds, are answered as where Node reads them all', async () => {
    let answeredFromBytes = 0
    for (let run = 0; run < RUNS; run++) {
      const random = createRandom(seedOf(SEED, run))
      await expectTheSame(randomSegments(random))
      answeredFromBytes += polled.taken.length - polled.readByNode.filter((line) => line.startsWith('GET /poll')).length
      for (const noted of [polled.taken, polled.readByNode]) noted.length = 0
    }
    expect(answeredFromBytes).toBeGreaterThan(RUNS / 2)
  })

  /** Borders mostly stand where requests begin, or a head ends: there something may go wrong. */
  function randomSegments(random: Random): string[] {
    const segments = WARM.slice(0, random.integer(WARM.length + 1))
    let begun = ''
    for (let requests = 1 + random.integer(8); requests > 0; requests--) {
      const text = randomRequest(random, requests)
      const cuts = random.weighted<number[]>(
        [
          [[text.length], 20],
          [[text.indexOf('\r\n\r\n') + 4, text.length], 3],
          [[1 + random.integer(text.length), text.length], 3],
          [[1 + random.integer(text.length), 1 + random.integer(text.length), text.length].sort((a, b) => a - b), 1],
        ],
        [],
        2,
      )
      let from = 0
      for (const cut of cuts) {
        begun += text.slice(from, cut)
        from = cut
        // So few bytes come alone only inside of a request.
        if (begun.length < 4) continue
        segments.push(begun)
        begun = ''
      }
      begun += text.slice(from)
    }
    return [...segments, begun + LAST]
  }

  function randomRequest(random: Random, number: number): string {
    const body = random.pick(['', 'x', POLL, `A\r\n\r\n${POLL}`, POLL + POLL, POST('/poll', POLL)])
    return random.weighted(
      [
        [GET(`/poll/${number}`), 8],
        [GET('/poll/words'), 1],
        [GET('/other'), 1],
        [GET('/none').replace('GET', random.pick(['GET', 'HEAD', 'DELETE'])), 1],
        [POST('/other', body), 2],
        [POST('/early', body), 1],
        [POST('/poll', body).replace('POST', 'GET'), 1],
        [CHUNKED('/other', [body || 'y', POLL]), 1],
        [GET('/poll/odd', 'X:  y\r\n'), 1],
      ],
      // Node drops what comes in one segment with an upgrade that nobody makes.
      GET('/early'),
      1,
    )
  }
})
