import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { createTokenIssuer, endpointsIn } from '../../../server/identity/token-issuer.ts'
import { createUserinfoNames } from '../../../server/identity/userinfo-names.ts'
import { freePort } from '../../support/free-port.ts'

/** The issuer of native apps' tokens, as it publishes itself: on loopback, and what is asked of it is counted. */

let server: Server
let origin: string
let replies: Record<string, unknown>
let asked: string[]
let now: number
const clock = () => now

beforeEach(async () => {
  replies = {}
  asked = []
  now = Date.parse('2026-01-01T00:00:00Z')
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  server = createServer(({ url = '', headers }, response) => {
    asked.push(url)
    const said = replies[url]
    const reply = typeof said === 'function' ? said(headers) : said
    const status = typeof reply === 'number' ? reply : reply === undefined ? 404 : 200
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

async function makeKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  const sign = () => new SignJWT({ sub: 'x' }).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
  return { jwk, sign }
}

const OPENID = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'

function publish(metadata: object, at = OPENID): void {
  replies[at] = { issuer: origin, jwks_uri: `${origin}/keys`, ...metadata }
}

const provider = (issuer = origin, jwksUrl?: string) => createTokenIssuer({ issuer, jwksUrl, clock })

describe('keys', () => {
  test('are found by the issuer alone, and asked for once', async () => {
    const key = await makeKey('a')
    publish({ userinfo_endpoint: `${origin}/who` })
    replies['/keys'] = { keys: [key.jwk] }
    const team = provider()
    expect(team.userinfoUrl()).toBeUndefined()
    await Promise.all([1, 2, 3].map(async () => jwtVerify(await key.sign(), team.keys)))
    await jwtVerify(await key.sign(), team.keys)
    expect(asked).toEqual([OPENID, '/keys'])
    expect(team.userinfoUrl()).toBe(`${origin}/who`)
  })

  test.each([
    ['/realms/team', `/realms/team${OPENID}`],
    ['/realms/team/', `/realms/team${OPENID}`],
    ['', OPENID],
  ])('of an issuer with the path "%s" are found where OpenID Connect has them', async (path, at) => {
    const [key, issuer] = [await makeKey('a'), origin + path]
    publish({ issuer }, at)
    replies['/keys'] = { keys: [key.jwk] }
    await jwtVerify(await key.sign(), provider(issuer).keys)
  })

  test('are found where RFC 8414 has them, if there is nothing of OpenID Connect', async () => {
    const [key, issuer] = [await makeKey('a'), `${origin}/team`]
    publish({ issuer }, `${OAUTH}/team`)
    replies['/keys'] = { keys: [key.jwk] }
    await jwtVerify(await key.sign(), provider(issuer).keys)
    expect(asked).toEqual([`/team${OPENID}`, `${OAUTH}/team`, '/keys'])
  })

  test('at an address of their own ask the issuer nothing', async () => {
    const key = await makeKey('a')
    replies['/mine'] = { keys: [key.jwk] }
    const team = provider('whatever it is called', `${origin}/mine`)
    await jwtVerify(await key.sign(), team.keys)
    expect([asked, team.userinfoUrl()]).toEqual([['/mine'], undefined])
  })

  test('that change are found as they sign for the first time, and unknown ones cost one call in half a minute', async () => {
    const [first, second, unknown] = [await makeKey('a'), await makeKey('b'), await makeKey('c')]
    publish({})
    replies['/keys'] = { keys: [first.jwk] }
    const team = provider()
    await jwtVerify(await first.sign(), team.keys)
    replies['/keys'] = { keys: [first.jwk, second.jwk] }
    now += 31_000
    await jwtVerify(await second.sign(), team.keys)
    const before = asked.length
    for (let tries = 0; tries < 20; tries++) {
      await expect(jwtVerify(await unknown.sign(), team.keys)).rejects.toMatchObject({
        code: 'ERR_JWKS_NO_MATCHING_KEY',
      })
      now += 1000
    }
    expect(asked).toHaveLength(before)
  })

  test('are asked for again where the clock is set back an hour: new ones count at once, and withdrawn ones no more', async () => {
    const [first, second, third] = [await makeKey('a'), await makeKey('b'), await makeKey('c')]
    publish({})
    replies['/keys'] = { keys: [first.jwk] }
    const team = provider()
    await jwtVerify(await first.sign(), team.keys)
    now -= 3_600_000
    replies['/keys'] = { keys: [second.jwk] }
    await expect(jwtVerify(await first.sign(), team.keys)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
    await jwtVerify(await second.sign(), team.keys)
    now -= 60_000
    replies['/keys'] = { keys: [second.jwk, third.jwk] }
    await jwtVerify(await third.sign(), team.keys)
  })

  test('are asked for again where the clock is set back an hour after they could not be had', async () => {
    const key = await makeKey('a')
    const team = provider()
    await expect(jwtVerify(await key.sign(), team.keys)).rejects.toMatchObject({
      code: 'identity_provider_unavailable',
    })
    publish({})
    replies['/keys'] = { keys: [key.jwk] }
    now -= 3_600_000
    await jwtVerify(await key.sign(), team.keys)
  })

  test('that are withdrawn are good for ten minutes at the most', async () => {
    const [first, second] = [await makeKey('a'), await makeKey('b')]
    publish({})
    replies['/keys'] = { keys: [first.jwk] }
    const team = provider()
    await jwtVerify(await first.sign(), team.keys)
    replies['/keys'] = { keys: [second.jwk] }
    now += 599_000
    await jwtVerify(await first.sign(), team.keys)
    now += 1000
    await expect(jwtVerify(await first.sign(), team.keys)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  test.each<[string, Record<string, unknown> | number, unknown]>([
    ['nothing', 404, undefined],
    ['an error', 503, undefined],
    ['metadata of another issuer', { issuer: 'https://elsewhere.example' }, undefined],
    ['metadata without keys', { jwks_uri: undefined }, undefined],
    ['keys at no web address', { jwks_uri: 'file:///etc/passwd' }, undefined],
    ['no keys where they should be', {}, 404],
    ['keys that are none', {}, { keys: 'none' }],
  ])('of an issuer that publishes %s are unavailable, and it is left alone for a moment', async (_what, said, keys) => {
    const key = await makeKey('a')
    if (typeof said === 'number') replies[OPENID] = said
    else publish(said)
    replies['/keys'] = keys ?? { keys: [key.jwk] }
    const team = provider()
    const attempt = async () => jwtVerify(await key.sign(), team.keys)
    await expect(attempt()).rejects.toMatchObject({ code: 'identity_provider_unavailable' })
    const before = asked.length
    await expect(attempt()).rejects.toMatchObject({ code: 'identity_provider_unavailable', retryAfterSeconds: 5 })
    expect(asked).toHaveLength(before)
    publish({})
    replies['/keys'] = { keys: [key.jwk] }
    now += 5000
    await attempt()
  })
})

test('who is reached by https is asked by nothing else', () => {
  const issuer = 'https://id.example.org'
  const of = (jwks_uri: string, userinfo_endpoint = `${issuer}/who`) =>
    endpointsIn({ issuer, jwks_uri, userinfo_endpoint }, issuer, 'its metadata')
  const jwksUrl = 'https://keys.example.org/keys'
  expect(of(jwksUrl)).toEqual({ jwksUrl, userinfoUrl: `${issuer}/who` })
  expect(() => of('http://id.example.org/keys')).toThrow('names no jwks_uri that is as safe as PHONE_JWT_ISSUER')
  expect(of(jwksUrl, 'http://id.example.org/who')).toEqual({ jwksUrl })
})

describe('names', () => {
  const claims = { sub: 'ada', exp: 1, email: 'of-the-token@example.org' }
  const names = (url: string | undefined = `${origin}/who`) => createUserinfoNames({ url: () => url, clock })
  const told = {
    sub: 'ada',
    name: 'Ada',
    email: 'ada@example.org',
    groups: ['a'],
    exp: 9,
    cnf: { jkt: 'x' },
    scope: 'all',
  }

  test('are asked for once a token where it has none, and nothing else is taken over', async () => {
    replies['/who'] = ({ authorization }: { authorization: string }) => (authorization === 'Bearer t' ? told : 401)
    const fill = names()
    const filled = { name: 'Ada', groups: ['a'], ...claims }
    expect(await Promise.all([fill('t', claims), fill('t', claims)])).toEqual([filled, filled])
    expect(await fill('t', claims)).toEqual(filled)
    expect(asked).toEqual(['/who'])
    now += 600_000
    replies['/who'] = { ...told, name: 'Ada King' }
    expect(await fill('t', claims)).toMatchObject({ name: 'Ada King' })
  })

  test('come with the mark of their address', async () => {
    replies['/who'] = { ...told, email_verified: false }
    const { email: _none, ...nameless } = claims
    expect(await names()('t', nameless)).toMatchObject({ email: 'ada@example.org', email_verified: false })
    expect(await names()('t', claims)).not.toHaveProperty('email_verified')
  })

  test('are asked for nowhere where the token has one, is bound to a key, or nobody is to be asked', async () => {
    const named = { ...claims, name: 'Ada' }
    const bound = { ...claims, cnf: { jkt: 'x' } }
    expect([await names()('t', named), await names()('t', bound)]).toEqual([named, bound])
    expect(await createUserinfoNames({ url: () => undefined, clock })('t', claims)).toEqual(claims)
    expect(asked).toEqual([])
  })

  test('of somebody else are no names: nothing is left of the token', async () => {
    replies['/who'] = { ...told, sub: 'eve' }
    expect(await names()('t', claims)).toBeUndefined()
  })

  test('that userinfo does not tell leave the token as it is, and it is not shown there again for a minute', async () => {
    replies['/who'] = 401
    const fill = names()
    expect([await fill('t', claims), await fill('t', claims)]).toEqual([claims, claims])
    expect(asked).toEqual(['/who'])
    replies['/who'] = told
    now += 60_000
    expect(await fill('t', claims)).toMatchObject({ name: 'Ada' })
  })

  test('of a userinfo that is away are unavailable, and asked for again', async () => {
    replies['/who'] = 503
    const fill = names()
    await expect(fill('t', claims)).rejects.toMatchObject({ code: 'identity_provider_unavailable' })
    replies['/who'] = told
    expect(await fill('t', claims)).toMatchObject({ name: 'Ada' })
  })
})
