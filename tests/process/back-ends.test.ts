import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importJWK, SignJWT } from 'jose'
import { makeKey } from '../../server/apps/key-set.ts'
import { startProcess, untilReady } from '../support/child-process.ts'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { ROOT, type Service, startService } from '../support/service.ts'

/** The back ends of docs/back-ends.md, as they stand there, against the running service. */

const AUDIENCE = 'https://orders.example.com'
const OTHER = 'https://stock.example.com'
const folder = mkdtempSync(join(tmpdir(), 'scanin-back-ends-'))

let service: Service
let phone: Client
let signed: (change: { claims?: object; header?: object }) => Promise<string>

beforeAll(async () => {
  // Of a file, so that the tests can sign by the same key what ScanIn never would.
  const key = await makeKey('EdDSA')
  const keysFile = join(folder, 'keys.json')
  writeFileSync(keysFile, JSON.stringify({ keys: [key] }))
  // Where the back end in Node finds its library.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  service = await startService({ TOKEN_AUDIENCES: `${AUDIENCE},${OTHER}`, SIGNING_KEYS_FILE: keysFile })
  phone = await createPhone(service.url)
  signed = async ({ claims, header }) => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: service.url, aud: AUDIENCE, sub: 'demo', iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'at+jwt', ...header })
      .sign(await importJWK(key, 'EdDSA'))
  }
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true })
})

function snippet(language: string): string {
  const sections = readFileSync(join(ROOT, 'docs/back-ends.md'), 'utf8').split(/^### /m).slice(1)
  const [text] = sections.flatMap(
    (section) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(section)?.[1] ?? [],
  )
  if (text === undefined) throw new Error(`docs/back-ends.md has nothing in ${language}`)
  return text
}

async function startBackEnd(language: string, file: string, command: string): Promise<Client> {
  writeFileSync(join(folder, file), snippet(language))
  const port = await freePort()
  const running = startProcess(command, [join(folder, file)], {
    env: { PATH: process.env['PATH'], ISSUER: service.url, AUDIENCE, PORT: String(port) },
  })
  const client = createClient(`http://127.0.0.1:${port}`)
  await untilReady(running, () =>
    client.get('/').then(
      ({ status }) => status === 401,
      () => false,
    ),
  )
  return client
}

// Debian's own, which has Debian's library, whatever else is called python3 here.
const python = () => process.env['PYTHON'] ?? '/usr/bin/python3'

describe.each([
  { language: 'js', file: 'back-end.mjs', command: () => process.execPath },
  { language: 'python', file: 'back_end.py', command: python },
])('the back end in $language', ({ language, file, command }) => {
  let backEnd: Client
  beforeAll(async () => {
    backEnd = await startBackEnd(language, file, command())
  })

  const ask = (token: string) => backEnd.get('/', { headers: { authorization: `Bearer ${token}` } })

  test('knows who calls by the token of a session', async () => {
    const { access_token } = (await phone.post('/session/token', { audience: AUDIENCE })).json
    const reply = await ask(access_token)
    expect([reply.status, reply.json]).toEqual([200, { you: 'demo' }])
    expect((await ask(await signed({}))).status).toBe(200)
  })

  test('turns away whatever else there is', async () => {
    const now = Math.floor(Date.now() / 1000)
    const foreign = await makeKey('EdDSA')
    const { access_token } = (await phone.post('/session/token', { audience: OTHER })).json
    const [head, , signature] = (await signed({})).split('.')
    const bent = Buffer.from(JSON.stringify({ iss: service.url, aud: AUDIENCE, sub: 'boss', exp: now + 300 }))
    const bad: Record<string, string> = {
      'another back end`s': access_token,
      'of another issuer': await signed({ claims: { iss: 'https://evil.test' } }),
      'over since a minute': await signed({ claims: { exp: now - 60 } }),
      'without an end': await signed({ claims: { exp: undefined } }),
      'without a person': await signed({ claims: { sub: undefined } }),
      'of another kind': await signed({ header: { typ: 'JWT' } }),
      'of a key that nobody publishes': await new SignJWT({ iss: service.url, aud: AUDIENCE, sub: 'demo' })
        .setProtectedHeader({ alg: 'EdDSA', kid: foreign.kid, typ: 'at+jwt' })
        .setExpirationTime('5m')
        .sign(await importJWK(foreign, 'EdDSA')),
      'about somebody else': `${head}.${bent.toString('base64url')}.${signature}`,
      'not signed': `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${bent.toString('base64url')}.`,
      'no token': 'x',
    }
    for (const [what, token] of Object.entries(bad)) expect([what, (await ask(token)).status]).toEqual([what, 401])
  })
})
