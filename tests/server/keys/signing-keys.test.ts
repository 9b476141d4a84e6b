import { beforeEach, expect, test } from '@jest/globals'
import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import type { SigningAlgorithm } from '../../../server/keys/key-schedule.ts'
import type { KeySet, SigningKey, SigningKeys } from '../../../server/keys/key-set.ts'
import { createSigningKeys } from '../../../server/keys/signing-keys.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { createFailingStore, type FailingStore } from '../../support/failing-store.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const policy = { rotationMs: 90 * DAY, longestTokenMs: 10 * MINUTE }
const RECORD = 'signing-keys'

let now: number
let store: RecordStore
let failing: FailingStore
let reads: number

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z')
  failing = createFailingStore(createMemoryStore({ clock: () => now }))
  reads = 0
  store = {
    ...failing.store,
    read: (key) => {
      reads++
      return failing.store.read(key)
    },
  }
})

const open = (algorithms: SigningAlgorithm[] = ['EdDSA'], rotationMs = policy.rotationMs): SigningKeys =>
  createSigningKeys({ store, clock: () => now, algorithms, policy: { ...policy, rotationMs } })

function signerIn({ signers }: KeySet, alg: SigningAlgorithm = 'EdDSA'): SigningKey {
  const signer = signers.get(alg)
  if (signer === undefined) throw new Error(`nothing signs by ${alg}`)
  return signer
}

const signerOf = async (keys: SigningKeys, alg?: SigningAlgorithm) => signerIn(await keys.current(), alg).kid
const publishedBy = async (keys: SigningKeys) => (await keys.current()).published.keys.map(({ kid }) => kid)
const sign = ({ alg, kid, key }: SigningKey) => new SignJWT({}).setProtectedHeader({ alg, kid }).sign(key)

/** What is signed by one can be verified by what another publishes. */
async function canVerify(token: string, keys: SigningKeys): Promise<boolean> {
  const { published } = await keys.current()
  return jwtVerify(token, createLocalJWKSet(published)).then(
    () => true,
    () => false,
  )
}

test('keys are made once, and are the same for every instance and after every restart', async () => {
  const [one, other] = [open(['EdDSA', 'RS256']), open(['EdDSA', 'RS256'])]
  const [first, second] = await Promise.all([one.current(), other.current()])
  expect(first.published).toEqual(second.published)
  expect(first.published.keys).toMatchObject([
    { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' },
    { kty: 'RSA', alg: 'RS256', use: 'sig' },
  ])
  expect((await open(['RS256']).current()).published).toEqual(first.published)
  for (const alg of ['EdDSA', 'RS256'] as const) {
    expect(await canVerify(await sign(signerIn(first, alg)), other)).toBe(true)
    expect(signerIn(first, alg).kid).toBe(await calculateJwkThumbprint(signerIn(first, alg).jwk))
  }
  const rsa = first.published.keys.find(({ kty }) => kty === 'RSA')
  expect(Buffer.from(rsa?.n ?? '', 'base64url')).toHaveLength(256)
})

test('what is published has nothing of a private key in it', async () => {
  const { published } = await open(['EdDSA', 'RS256']).current()
  expect(published.keys.map((jwk) => Object.keys(jwk).sort())).toEqual([
    ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ['alg', 'e', 'kid', 'kty', 'n', 'use'],
  ])
})

test('a key signs for as long as it may; the next is published a day before it signs', async () => {
  const [one, other] = [open(), open()]
  const old = await signerOf(one)
  now += 89 * DAY - 1
  expect(await publishedBy(one)).toEqual([old])
  now += 1
  const [, next] = await publishedBy(one)
  expect(next).toBeDefined()
  expect(await publishedBy(other)).toEqual([old, next])
  expect([await signerOf(one), await signerOf(other)]).toEqual([old, old])
  now += DAY - 1
  expect([await signerOf(one), await signerOf(other)]).toEqual([old, old])
  now += 1
  expect([await signerOf(one), await signerOf(other)]).toEqual([next, next])
})

test('a clock that is set back just after a change signs by the new key: the private half of the old one is gone', async () => {
  const keys = open()
  const old = await signerOf(keys)
  now += 89 * DAY
  await keys.current()
  now += DAY
  const next = await signerOf(keys)
  expect(next).not.toBe(old)
  for (const by of [MINUTE, 60 * MINUTE, DAY]) {
    now -= by
    for (const instance of [keys, open()]) {
      expect(await canVerify(await sign(signerIn(await instance.current())), keys)).toBe(true)
      expect(await signerOf(instance)).toBe(next)
    }
  }
})

test('keys are looked at again where the clock is set back an hour, also without a notice', async () => {
  const keys = open()
  await keys.current()
  const before = reads
  now -= 60 * MINUTE
  await keys.current()
  expect(reads).toBeGreaterThan(before)
})

test('an old key is published until its last token has ended, and its private half is gone before', async () => {
  const keys = open()
  const old = await signerOf(keys)
  now += 89 * DAY
  await keys.current()
  now += DAY - 1
  const lastToken = await sign(signerIn(await keys.current()))
  now += 1
  const next = await signerOf(keys)
  expect(next).not.toBe(old)
  const kept = JSON.stringify((await store.read(RECORD))?.value)
  expect([...kept.matchAll(/"kid":"([^"]+)"/g)].map(([, kid]) => kid)).toEqual([old, next])
  expect(kept.match(/"d":/g)).toHaveLength(1)
  now += policy.longestTokenMs - 1
  expect(await publishedBy(keys)).toEqual([old, next])
  expect(await canVerify(lastToken, open())).toBe(true)
  now += 1
  expect(await publishedBy(keys)).toEqual([next])
  expect(JSON.stringify((await store.read(RECORD))?.value)).not.toContain(old)
})

test('a key that nobody asked for in time is followed by one that is published for a day all the same', async () => {
  const keys = open()
  const old = await signerOf(keys)
  now += 150 * DAY
  const [, next] = await publishedBy(keys)
  expect(await signerOf(keys)).toBe(old)
  now += DAY
  expect(await signerOf(keys)).toBe(next)
})

test('keys that are to sign for longer than when they were made stay in the store for longer', async () => {
  const old = await signerOf(open(['EdDSA'], 30 * DAY))
  now += 20 * DAY
  const keys = open()
  await keys.current()
  now += 40 * DAY + policy.longestTokenMs - MINUTE
  const token = await sign(signerIn(await keys.current()))
  now += 2 * MINUTE
  expect(await publishedBy(keys)).toEqual([old])
  expect(await canVerify(token, open())).toBe(true)
})

test('the end that an instance by a shorter setting writes, while both are there, is put off again within a day', async () => {
  const [short, long] = [open(['EdDSA'], 30 * DAY), open()]
  const old = await signerOf(short)
  await long.current()
  now += DAY
  await short.current()
  now += MINUTE
  await long.current()
  now += 60 * DAY
  expect(await signerOf(long)).toBe(old)
})

test('of two that make the next key at once, one has made it', async () => {
  const [one, other] = [open(), open()]
  await Promise.all([one.current(), other.current()])
  now += 89 * DAY
  const [seen, seenByOther] = await Promise.all([publishedBy(one), publishedBy(other)])
  expect(seen).toHaveLength(2)
  expect(seenByOther).toEqual(seen)
})

test('the store is asked once a minute, and the set is the same object while nothing is different', async () => {
  const keys = open()
  const [first] = await Promise.all([keys.current(), keys.current()])
  const afterFirst = reads
  now += MINUTE - 1
  expect(await keys.current()).toBe(first)
  expect(reads).toBe(afterFirst)
  now += 1
  const [again, beside] = await Promise.all([keys.current(), keys.current()])
  expect([again, beside]).toEqual([first, first])
  expect(again).toBe(first)
  expect(reads).toBe(afterFirst + 1)
})

test('keys that are taken out of the store are replaced at once, on every instance', async () => {
  const [one, other] = [open(), open()]
  const old = await signerOf(one)
  const stolen = await sign(signerIn(await other.current()))
  await store.remove(RECORD)
  const fresh = await signerOf(one)
  expect(fresh).not.toBe(old)
  expect(await publishedBy(other)).toEqual([fresh])
  expect(await canVerify(stolen, other)).toBe(false)
})

test('while the store is away what was read goes on, and what was never read is not made up', async () => {
  const keys = open()
  const old = await signerOf(keys)
  failing.failAfter(0, 'before')
  now += MINUTE
  expect(await signerOf(keys)).toBe(old)
  await expect(open().current()).rejects.toMatchObject({ code: 'store_unavailable' })
  failing.mend()
  now += MINUTE
  await store.remove(RECORD)
  expect(await signerOf(keys)).not.toBe(old)
})

test('a store that takes no writes when the next key is due has the old one sign on', async () => {
  const old = await signerOf(open())
  failing.failWritesAt(/signing-keys/)
  now += 100 * DAY
  const keys = open()
  expect(await publishedBy(keys)).toEqual([old])
  failing.mend()
  now += MINUTE
  expect(await publishedBy(keys)).toHaveLength(2)
})

test('what somebody else put in the place of the keys is not signed by', async () => {
  await store.write(RECORD, [{ alg: 'none', jwk: {}, signsFrom: 0 }], { expiresAt: now + DAY })
  const { published } = await open().current()
  expect(published.keys).toHaveLength(1)
})
