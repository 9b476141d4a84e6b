import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { calculateJwkThumbprint } from 'jose'
import { pino } from 'pino'
import type { SigningJwk } from '../../../server/keys/key-schedule.ts'
import { makeKey } from '../../../server/keys/key-set.ts'
import { openSigningKeysFile, parseSigningKeys } from '../../../server/keys/signing-keys-file.ts'
import { eventually } from '../../support/eventually.ts'

let one: SigningJwk
let other: SigningJwk
let rsa: SigningJwk
let folder: string
let path: string

beforeAll(async () => {
  ;[one, other, rsa] = await Promise.all([makeKey('EdDSA'), makeKey('EdDSA'), makeKey('RS256')])
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-keys-'))
  path = join(folder, 'keys.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const jwks = (...keys: object[]) => JSON.stringify({ keys })

function publicOnly(key: SigningJwk): object {
  const { d: _secret, ...rest } = key
  return rest
}

function write(...keys: object[]): void {
  writeFileSync(`${path}.new`, jwks(...keys))
  renameSync(`${path}.new`, path)
}

async function open() {
  const lines: string[] = []
  const logger = pino({}, { write: (line) => lines.push(line) })
  const keys = await openSigningKeysFile({ path, algorithms: ['EdDSA'], logger })
  const said = async () => {
    const { published, signers } = await keys.current()
    return { published: published.keys.map(({ kid }) => kid), signer: signers.get('EdDSA')?.kid }
  }
  return { keys, lines, said }
}

test('the first private key signs and all are published; what changes in the file is so at the next look', async () => {
  write(one, rsa)
  const { keys, said } = await open()
  try {
    expect(await said()).toEqual({ published: [one.kid, rsa.kid], signer: one.kid })
    expect(JSON.stringify((await keys.current()).published)).not.toMatch(/"(d|p|q|dp|dq|qi)":/)
    write(one, other)
    await eventually('the next key is published', async () => (await said()).published.includes(other.kid))
    expect((await said()).signer).toBe(one.kid)
    write(other, publicOnly(one))
    await keys.reload()
    expect(await said()).toEqual({ published: [other.kid, one.kid], signer: other.kid })
  } finally {
    keys.close()
  }
})

test('a file that becomes a bad one is told of, and the last good one stays', async () => {
  write(one)
  const { keys, lines, said } = await open()
  try {
    write(publicOnly(one))
    await keys.reload()
    expect(lines.join('')).toContain('SIGNING_KEYS_FILE: there is no private Ed25519 key in it')
    expect((await said()).signer).toBe(one.kid)
  } finally {
    keys.close()
  }
})

test('a key without a name is named by its thumbprint, and is good without what may be left out', async () => {
  const { kty, crv, x, d } = one
  const [read] = await parseSigningKeys(jwks({ kty, crv, x, d, iat: 1, key_ops: ['sign'] }), ['EdDSA'])
  expect(read).toMatchObject({ kid: await calculateJwkThumbprint(one), alg: 'EdDSA', use: 'sig' })
  const [named] = await parseSigningKeys(jwks({ ...one, alg: 'Ed25519', kid: 'mine' }), ['EdDSA'])
  expect(named?.kid).toBe('mine')
})

test.each<[string, () => string, string]>([
  ['no JSON', () => '{"keys": [secret', ': not JSON'],
  ['a key and no set', () => JSON.stringify(one), ': is no JWKS, {"keys": [...]}'],
  ['something else than a key', () => jwks(one, ['x']), ': key 2: is no key (RFC 7517)'],
  ['no key at all', () => jwks(), ': there is no private Ed25519 key in it'],
  ['only a public one', () => jwks(publicOnly(one)), ': there is no private Ed25519 key in it'],
  ['none of the kind that is needed', () => jwks(rsa), ': there is no private Ed25519 key in it'],
  ['a shared secret', () => jwks({ kty: 'oct', k: 'c2VjcmV0' }), ': key 1: only Ed25519 and RSA keys sign here'],
  ['another curve', () => jwks({ ...one, crv: 'Ed448' }), ': key 1: only Ed25519 and RSA keys sign here'],
  ['a key for another algorithm', () => jwks({ ...rsa, alg: 'PS256' }), ': key 1: its alg has to be RS256'],
  ['a key to encrypt by', () => jwks({ ...one, use: 'enc' }), ': key 1: its use has to be sig'],
  ['a short RSA key', () => jwks({ ...rsa, n: 'AQAB' }), ': key 1: has less than 2048 bits'],
  [
    'halves of two keys',
    () => jwks({ ...one, d: other.d }),
    ': key 1: cannot be used: a part is missing, or its halves do not belong together',
  ],
  ['half a private key', () => jwks({ ...rsa, p: undefined }), ': key 1: cannot be used: a part is missing, or its h'],
  ['a key twice', () => jwks(one, one), ': key 2: its kid is taken by key 1'],
])('a file with %s is refused in one line that repeats nothing of it', async (_what, text, message) => {
  const error: Error = await parseSigningKeys(text(), ['EdDSA']).then(
    () => {
      throw new Error('it was taken')
    },
    (refused) => refused,
  )
  expect(error.message.startsWith(`SIGNING_KEYS_FILE${message}`)).toBe(true)
  expect(error.message).not.toContain('\n')
  expect(JSON.stringify(error.cause ?? '')).not.toMatch(/secret/)
})

test('a file that is not there is refused by the name of its variable', async () => {
  await expect(open()).rejects.toThrow('SIGNING_KEYS_FILE cannot be read')
})

test('a file may begin with the byte order mark of an editor', async () => {
  writeFileSync(path, `\ufeff${jwks(one)}`)
  expect(await (await open()).said()).toEqual({ published: [one.kid], signer: one.kid })
})
