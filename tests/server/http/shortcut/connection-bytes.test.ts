import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  CHUNKED,
  GET,
  holdPoll,
  LAST,
  LATE,
  POST,
  type PolledServer,
  startPolledServer,
  undated,
  until,
  type Wire,
  warmUp,
} from '../../../support/polled-server.ts'

let polled: PolledServer
let wire: Wire

beforeEach(async () => {
  polled = await startPolledServer()
  wire = await polled.open()
})

afterEach(() => polled.close())

/** Sends a poll that is held, from bytes. @returns sends the reply */
async function hold(path = '/held'): Promise<() => void> {
  const byNode = polled.readByNode.length
  const { replyTo } = await holdPoll(polled, wire, path)
  expect(polled.readByNode).toHaveLength(byNode)
  return () => replyTo.send(LATE)
}

describe('who answers', () => {
  test('Node reads the first two polls of a connection, and none of those that follow', async () => {
    for (const path of ['/poll/1', '/poll/2', '/poll/3', '/poll/4', '/poll/5']) {
      const [reply] = await wire.ask(GET(path))
      expect(reply).toContain(`{"poll":"${path}"}`)
    }
    expect(polled.readByNode).toEqual(['GET /poll/1', 'GET /poll/2'])
    expect(polled.taken).toEqual(['/poll/1', '/poll/2', '/poll/3', '/poll/4', '/poll/5'])
  })

  test('a connection on which nobody polls is Node’s alone', async () => {
    for (const path of ['/a', '/b', '/c', '/d']) await wire.ask(GET(path))
    expect(polled.readByNode).toEqual(['GET /a', 'GET /b', 'GET /c', 'GET /d'])
  })

  test.each([
    ['another path', GET('/other')],
    ['HEAD', GET('/other').replace('GET', 'HEAD')],
    ['a path that is none', GET('/none')],
    ['a body in the same segment', POST('/other', 'body')],
    ['a poll in a form that is not the strictest', GET('/poll', 'x:  y\r\n')],
    ['an upgrade that nobody makes', GET('/other', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')],
  ])(
    'after a request that Node has read whole and answered, polls are answered from bytes again: %s',
    async (_what, bytes) => {
      await warmUp(wire)
      await wire.ask(bytes)
      expect(polled.readByNode).toHaveLength(3)
      await wire.ask(GET('/poll/3'))
      expect(polled.readByNode).toHaveLength(3)
    },
  )

  test('what the shortcut does not take goes to Node, unchanged', async () => {
    await warmUp(wire)
    const [reply] = await wire.ask(GET('/other?a=1', 'Cookie: a=b\r\n'))
    expect(reply).toContain('GET /other?a=1 ')
    expect(polled.readByNode.slice(2)).toEqual(['GET /other?a=1'])
  })

  test('connections are told apart', async () => {
    await warmUp(wire)
    const other = await polled.open()
    const answer = await hold()
    expect((await other.ask(GET('/poll/1')))[0]).toContain('/poll/1')
    expect(polled.readByNode).toHaveLength(3)
    answer()
    expect((await wire.replies(1))[0]).toContain('late')
  })
})

describe('what is asked', () => {
  test('the shortcut is asked the same by Node and from bytes', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const more = `User-Agent: x\r\nCookie: a=1; b=\xe4"2"\r\nORIGIN: http://a.test\r\nTraceparent: ${trace}\r\n`
    for (const path of ['/held?a=b', '/held?a=b', '/held?a=b']) {
      await wire.send(GET(path, more))
      const { replyTo } = await until('it is held', () => polled.held.at(-1))
      replyTo.send(LATE)
      await wire.replies(1)
    }
    expect(polled.readByNode).toHaveLength(2)
    const [first, second, third] = polled.held.map(({ request }) => request)
    expect(first).toEqual({
      target: '/held?a=b',
      cookie: 'a=1; b=\xe4"2"',
      origin: 'http://a.test',
      traceparent: trace,
    })
    expect([second, third]).toEqual([first, first])
  })
})

describe('the bytes of a reply', () => {
  test.each(['/poll/ascii', '/poll/words', '/poll/cookies'])(
    'are those that Node writes for it, the time of day among them: %s',
    async (path) => {
      const [byNode] = await wire.ask(GET(path))
      await warmUp(wire)
      expect(byNode).toMatch(/\r\nKeep-Alive: timeout=\d+\r\n/)
      const read = polled.readByNode.length
      const other = await polled.open()
      const dateOf = (reply = '') => /^Date: .*$/m.exec(reply)?.[0]
      let [ours, nodes]: (string | undefined)[] = ['Date: ours', 'Date: Node’s']
      // Both within the same second, soon.
      for (let times = 0; times < 100 && dateOf(ours) !== dateOf(nodes); times++) {
        ours = (await wire.ask(GET(path)))[0]
        nodes = (await other.ask(GET(path, 'X:  y\r\n')))[0]
        expect(undated(ours ?? '')).toBe(undated(nodes ?? ''))
        expect(undated(ours ?? '')).toContain('\r\nDate\r\n')
      }
      expect(ours).toBe(nodes)
      expect(polled.readByNode.slice(read).every((line) => line === `GET ${path}`)).toBe(true)
    },
  )
})

describe('while a reply is held', () => {
  test.each([
    ['a request', GET('/other'), ['GET /other ']],
    ['another poll', GET('/poll/4'), ['{"poll":"/poll/4"}']],
    ['two of them in one segment', GET('/poll/4') + GET('/other'), ['{"poll":"/poll/4"}', 'GET /other ']],
    ['a body', POST('/other', 'body'), ['POST /other body']],
    ['a chunked one', CHUNKED('/other', ['a', 'bc']), ['POST /other abc']],
  ])('what is sent is answered after it: %s', async (_what, bytes, bodies) => {
    await warmUp(wire)
    const answer = await hold()
    await wire.send(bytes)
    expect(polled.readByNode).toHaveLength(2)
    expect(polled.taken.at(-1)).toBe('/held')
    answer()
    const replies = await wire.replies(1 + bodies.length)
    expect(replies.map((reply) => reply.split('\r\n\r\n')[1])).toEqual(['late', ...bodies])
  })

  test('what is sent in many segments is answered after it, in order, and then polls as ever', async () => {
    await warmUp(wire)
    const answer = await hold()
    const sent = GET('/poll/4') + POST('/other', 'a body') + GET('/poll/5') + GET('/none')
    for (const bytes of sent.match(/.{1,5}/gs) ?? []) await wire.send(bytes)
    answer()
    const replies = await wire.replies(5)
    expect(replies.map((reply) => reply.split('\r\n\r\n')[1])).toEqual([
      'late',
      '{"poll":"/poll/4"}',
      'POST /other a body',
      '{"poll":"/poll/5"}',
      'GET /none ',
    ])
    expect((await wire.ask(GET('/poll/6')))[0]).toContain('/poll/6')
  })

  test('one held poll behind another is held in its turn', async () => {
    await warmUp(wire)
    const answers = [await hold('/held/1')]
    await wire.send(GET('/held/2'))
    expect(polled.held).toHaveLength(1)
    answers[0]?.()
    await until('the second is held', () => polled.held[1])
    expect(await wire.replies(1)).toHaveLength(1)
    polled.held[1]?.replyTo.send(LATE)
    expect((await wire.replies(1))[0]).toContain('late')
    expect(polled.readByNode).toHaveLength(2)
  })

  test('a client that goes is heard of, and gets nothing', async () => {
    await warmUp(wire)
    const answer = await hold()
    const client = polled.held[0]?.replyTo.client
    let closed = 0
    client?.on('close', () => closed++)
    wire.socket.destroy()
    await until('the close is heard', () => closed > 0)
    expect([closed, client?.destroyed]).toEqual([1, true])
    const written = wire.peer.bytesWritten
    answer()
    expect(wire.peer.bytesWritten).toBe(written)
    // Others are served.
    wire = await polled.open()
    await warmUp(wire)
    expect((await wire.ask(GET('/poll/3')))[0]).toContain('/poll/3')
  })

  test('a client that ends its half is heard of, its connection ends, and nothing is written', async () => {
    await warmUp(wire)
    const answer = await hold()
    let closed = 0
    polled.held[0]?.replyTo.client.on('close', () => closed++)
    const written = wire.peer.bytesWritten
    wire.socket.end()
    await until('the connection no longer takes a reply', () => !wire.peer.writable)
    answer()
    await until('the close is heard', () => closed > 0)
    expect(wire.peer.bytesWritten).toBe(written)
    expect(undated(await wire.toItsEnd())).not.toContain('late')
  })

  test('who no longer listens for the close is not told of it', async () => {
    await warmUp(wire)
    await hold()
    const told: string[] = []
    const [gone, stays] = [() => told.push('gone'), () => told.push('stays')]
    const client = polled.held[0]?.replyTo.client
    client?.on('close', gone)
    client?.on('close', stays)
    client?.off('close', gone)
    wire.socket.destroy()
    await until('the close is heard', () => told.length > 0)
    expect(told).toEqual(['stays'])
  })
})

test('for a client that never reads little is kept, and the rest of what it asks is not even read', async () => {
  await warmUp(wire)
  wire.socket.pause()
  // Far more, with replies of this size, than any system buffers for who does not read.
  const many = 2000
  let asked = 0
  let mostKept = 0
  await until('the server stops to read', () => {
    mostKept = Math.max(mostKept, wire.peer.writableLength)
    if (wire.peer.isPaused() && wire.peer.writableLength > 0) return true
    if (asked < many && wire.socket.writableLength === 0) wire.socket.write(GET(`/poll/large/${asked++}`))
    return false
  })
  expect(asked).toBeLessThan(many)
  const { length } = polled.taken
  expect(mostKept).toBeLessThan(200 * 1024)
  for (let more = 0; more < 30; more++) wire.socket.write(GET('/poll/more'))
  expect(polled.taken).toHaveLength(length)
  // Once it reads all is answered.
  wire.socket.resume()
  await until('the last is answered', () => polled.taken.filter((path) => path === '/poll/more').length === 30)
  wire.socket.write(LAST)
  expect(await wire.toItsEnd()).toContain('GET /last ')
})

describe('while the process ends', () => {
  test('a reply that was held says that the connection ends, and so it does', async () => {
    await warmUp(wire)
    const answer = await hold()
    const drained = polled.connections.drain()
    answer()
    const [reply] = (await wire.toItsEnd()).split('HTTP/1.1 ').slice(-1)
    expect(undated(reply ?? '')).toBe('200 OK\r\ncontent-length: 4\r\nDate\r\nConnection: close\r\n\r\nlate')
    await drained
  })

  test('a poll that comes then is answered once more, and the connection ends: nothing is asked from bytes', async () => {
    await warmUp(wire)
    await wire.ask(GET('/poll/3'))
    const drained = polled.connections.drain()
    await wire.send(GET('/poll/4'))
    const all = await wire.toItsEnd()
    expect(all).toContain('/poll/4')
    expect(all.split('HTTP/1.1 ').at(-1)).toContain('\r\nConnection: close\r\n')
    expect(polled.readByNode.at(-1)).toBe('GET /poll/4')
    await drained
  })

  test('what was sent behind the last reply is not answered', async () => {
    await warmUp(wire)
    const answer = await hold()
    await wire.send(GET('/poll/4'))
    const drained = polled.connections.drain()
    answer()
    expect((await wire.toItsEnd()).split('HTTP/1.1 ').at(-1)).toContain('late')
    await drained
    expect(polled.taken.at(-1)).toBe('/held')
  })
})
