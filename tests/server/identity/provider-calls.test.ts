import { beforeEach, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import type { BearerVerdict, BearerVerifier } from '../../../server/identity/identity.ts'
import { sparingly } from '../../../server/identity/provider-calls.ts'

const person: BearerVerdict = { kind: 'person', user: { id: 'p', name: 'P', source: 'userinfo' } }

let time: number
let asked: string[]
let isLimited: boolean
let counted: string[]
let answer: (token: string) => Promise<BearerVerdict>
let verify: BearerVerifier

beforeEach(() => {
  time = 1_000_000
  asked = []
  counted = []
  isLimited = false
  answer = async (token) => (token.startsWith('good') ? person : { kind: 'refused', why: 'x' })
  verify = sparingly({
    ask(token) {
      asked.push(token)
      return answer(token)
    },
    failures: {
      excess: async () => ({ failures: isLimited ? 1 : 0, retryAfterSeconds: 1 }),
      async count(key) {
        counted.push(key)
      },
    },
    clock: () => time,
  })
})

test('a token that was refused is so for ten seconds without asking, and counts once', async () => {
  expect(await verify('bad', 'here')).toMatchObject({ kind: 'refused' })
  time += 9999
  expect(await verify('bad', 'here')).toMatchObject({ kind: 'refused' })
  expect([asked, counted]).toEqual([['bad'], ['here']])
  time += 1
  await verify('bad', 'here')
  expect(asked).toEqual(['bad', 'bad'])
})

test('a good token is asked about each time, and never counts', async () => {
  await verify('good', 'here')
  await verify('good', 'here')
  expect([asked, counted]).toEqual([['good', 'good'], []])
})

test('requests with one token at once are one call', async () => {
  const verdicts = await Promise.all([verify('good', 'here'), verify('good', 'here'), verify('good', 'there')])
  expect(verdicts).toEqual([person, person, person])
  expect(asked).toEqual(['good'])
})

test('after too many failures unknown tokens are refused, and one that was good lately is not', async () => {
  await verify('good', 'here')
  isLimited = true
  await expect(verify('good too', 'here')).rejects.toThrow('slow_down')
  expect(await verify('good', 'here')).toEqual(person)
  time += 600_000
  await expect(verify('good', 'here')).rejects.toThrow('slow_down')
})

test('what fails says nothing about the token, and is not remembered', async () => {
  answer = async () => {
    throw new ScanInError('identity_provider_unavailable')
  }
  await expect(verify('good', 'here')).rejects.toThrow('identity_provider_unavailable')
  answer = async () => person
  expect(await verify('good', 'here')).toEqual(person)
  expect(counted).toEqual([])
})

test('a dozen unknown tokens are asked about at once, and known ones find places beyond', async () => {
  await verify('good', 'here')
  const open: ((verdict: BearerVerdict) => void)[] = []
  answer = () => new Promise((resolve) => open.push(resolve))
  const calls = Array.from({ length: 12 }, (_, at) => verify(`slow ${at}`, 'here'))
  await expect(verify('one more', 'here')).rejects.toMatchObject({
    code: 'identity_provider_unavailable',
    retryAfterSeconds: 1,
  })
  const known = verify('good', 'here')
  // Each checks the limit before it asks.
  await new Promise(setImmediate)
  for (const resolve of open) resolve(person)
  expect(await Promise.all([...calls, known])).toHaveLength(13)
})
