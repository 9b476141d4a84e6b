import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { REPEAT_FOR_MS } from '../../../server/login/login.ts'
import { wordsFor } from '../../../web/src/page/error-words.ts'
import { createApi } from '../../../web/src/wire/api.ts'
import { ApiError, ConnectionError, isRefusal } from '../../../web/src/wire/api-error.ts'
import { DecodeError } from '../../../web/src/wire/decoding.ts'
import { type Fetch, send } from '../../../web/src/wire/request.ts'

const answering =
  (body: string, init?: ResponseInit): Fetch =>
  async () =>
    new Response(body, init)

const caught = async (fetch: Fetch): Promise<unknown> => {
  try {
    return await send(fetch, { method: 'GET', path: '/session' })
  } catch (error) {
    return error
  }
}

const problem = (status: number, fields: object, headers?: Record<string, string>) =>
  answering(JSON.stringify(fields), { status, headers: { 'content-type': 'application/problem+json', ...headers } })

describe('an answer', () => {
  test('is its JSON', async () => {
    expect(await send(answering('{"a":1}'), { method: 'GET', path: '/x' })).toEqual({ a: 1 })
  })

  test('is nothing where there is no content', async () => {
    const fetch: Fetch = async () => new Response(null, { status: 204 })
    expect(await send(fetch, { method: 'DELETE', path: '/x' })).toBeUndefined()
  })

  test('that is a page of somebody else’s is refused', async () => {
    expect(await caught(answering('<html>Welcome to our Wi-Fi</html>'))).toBeInstanceOf(DecodeError)
  })
})

describe('a problem', () => {
  test('has code, status, Retry-After and tries left', async () => {
    const error = await caught(problem(422, { code: 'wrong_match_code', tries_left: 4 }, { 'retry-after': '7' }))
    expect(error).toMatchObject({ code: 'wrong_match_code', status: 422, triesLeft: 4, retryAfterSeconds: 7 })
    expect(isRefusal(error)).toBe(true)
  })

  test.each(['<html>502 Bad Gateway</html>', '', '[]', '{"code":"teapot"}', '{"code":7}', '{"code":"slow_down"}'])(
    'that says %j is unrecognised, and no refusal',
    async (body) => {
      const error = await caught(answering(body, { status: 403 }))
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ code: 'unrecognised', status: 403 })
      expect(isRefusal(error)).toBe(false)
    },
  )

  const canonical = (address: string) => ({ link: `<${address}>; rel="canonical"` })

  test('of an address that is not the service’s says which is', async () => {
    const error = await caught(problem(403, { code: 'cross_site_request' }, canonical('https://login.example.com')))
    expect(error).toMatchObject({ code: 'cross_site_request', publicUrl: 'https://login.example.com' })
  })

  test.each([
    ['a proxy’s own page', answering('<html>', { status: 403, headers: canonical('https://hoster.example') })],
    ['of something else', problem(404, { code: 'not_found' }, canonical('https://elsewhere.example'))],
    ['that names no page of the web', problem(403, { code: 'cross_site_request' }, canonical('javascript:alert(1)'))],
    ['that names a path', problem(403, { code: 'cross_site_request' }, canonical('/login'))],
  ])('%s says of no other address', async (_what, fetch) => {
    expect(await caught(fetch)).toMatchObject({ publicUrl: undefined })
  })

  test('is one by its form where something on the way has taken its type for another', async () => {
    const body = JSON.stringify({ title: 'Sign in first', status: 401, code: 'authentication_required' })
    const headers = { 'content-type': 'application/json' }
    expect(await caught(answering(body, { status: 401, headers }))).toMatchObject({ code: 'authentication_required' })
    expect(await caught(answering(body, { status: 403, headers }))).toMatchObject({ code: 'unrecognised' })
  })

  test('by a code that only a newer service has is a refusal all the same', async () => {
    const error = await caught(
      problem(409, { code: 'teapot' }, { 'content-type': 'application/problem+json; charset=utf-8' }),
    )
    expect(error).toMatchObject({ code: 'teapot', status: 409 })
    expect(isRefusal(error)).toBe(true)
    expect(wordsFor(error)).toBe('The service did not answer as expected.')
    expect(wordsFor(await caught(problem(409, { code: 'constructor' })))).toBe(
      'The service did not answer as expected.',
    )
  })

  test('with a date for Retry-After has none: that would compare two clocks', async () => {
    const error = await caught(problem(429, { code: 'slow_down' }, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }))
    expect(error).toMatchObject({ retryAfterSeconds: undefined })
  })

  test('of pace or of the server is no refusal', async () => {
    expect(isRefusal(await caught(problem(429, { code: 'slow_down' })))).toBe(false)
    expect(isRefusal(await caught(problem(503, { code: 'store_unavailable' })))).toBe(false)
  })
})

describe('a request', () => {
  test('that nobody answers is a connection that failed', async () => {
    expect(await caught(() => Promise.reject(new TypeError('Failed to fetch')))).toBeInstanceOf(ConnectionError)
  })

  test('has a deadline', async () => {
    const never: Fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    await expect(send(never, { method: 'GET', path: '/x', timeoutMs: 1 })).rejects.toBeInstanceOf(ConnectionError)
  })

  test('goes to our own origin alone, with its cookies, past every cache', async () => {
    const seen: (RequestInit | undefined)[] = []
    const fetch: Fetch = async (_input, init) => {
      seen.push(init)
      return new Response('{}')
    }
    await send(fetch, { method: 'GET', path: '/x' })
    await send(fetch, { method: 'POST', path: '/x', body: { a: 1 } })
    expect(seen[0]).toMatchObject({ credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
    expect(seen[0]?.headers).toEqual({ accept: 'application/json' })
    expect(seen[1]).toMatchObject({ body: '{"a":1}', headers: { 'content-type': 'application/json' } })
  })
})

test('a status poll that may be held says so in its address, and one that may not does not', async () => {
  const paths: unknown[] = []
  const api = createApi({
    fetch: async (input) => {
      paths.push(input)
      return new Response('{"status":"expired"}')
    },
  })
  const token = 'V1StGXR8_Z5jdHi6.abcdefghijklmnopqrstuv'
  await api.loginStatus({ token, seen: 'pending', waitSeconds: 2 })
  await api.loginStatus({ token, seen: 'scanned', waitSeconds: 0 })
  expect(paths).toEqual([`/login/status/${token}?seen=pending&wait=2`, `/login/status/${token}?seen=scanned`])
})

describe('what the service says again for a while alone', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  const token = 'V1StGXR8_Z5jdHi6.abcdefghijklmnopqrstuv'
  const api = createApi({
    fetch: (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
  })

  test.each([
    ['digits', () => api.match({ token, matchCode: '482913' })],
    ['a confirmation', () => api.confirm({ token })],
    ['a new code of the same login', () => api.startLogin({ token })],
    ['a status that is not held', () => api.loginStatus({ token, seen: 'none', waitSeconds: 0 })],
  ])('is not waited for so long that it could not be asked for again: %s', async (_what, ask) => {
    jest.useFakeTimers()
    const asked = expect(ask()).rejects.toBeInstanceOf(ConnectionError)
    await jest.advanceTimersByTimeAsync(REPEAT_FOR_MS - 3000)
    await asked
  })

  test.each([
    ['digits', () => api.match({ token, matchCode: '482913', isAgain: true })],
    ['a confirmation', () => api.confirm({ token, isAgain: true })],
    ['a new code of the same login', () => api.startLogin({ token, isAgain: true })],
  ])('is waited for longer where that was too short once: %s', async (_what, ask) => {
    jest.useFakeTimers()
    let isOver = false
    const asked = ask().catch(() => {
      isOver = true
    })
    await jest.advanceTimersByTimeAsync(9999)
    expect(isOver).toBe(false)
    await jest.advanceTimersByTimeAsync(1)
    await asked
    expect(isOver).toBe(true)
  })
})
