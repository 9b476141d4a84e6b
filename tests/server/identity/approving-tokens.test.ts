import { expect, test } from '@jest/globals'
import { createApprovingTokens } from '../../../server/identity/approving-tokens.ts'
import type { BearerVerdict, User } from '../../../server/identity/identity.ts'
import { cryptoRandomness } from '../../../server/randomness.ts'

const ADA: User = { id: 'ada', name: 'Ada', source: 'introspection' }

/** A provider that is asked, and answers when it is told to. */
function createWorld(secret?: string) {
  const asked: string[] = []
  let answer = (_verdict: BearerVerdict) => {}
  const verdict = new Promise<BearerVerdict>((resolve) => {
    answer = resolve
  })
  const ask = (token: string) => {
    asked.push(token)
    return verdict
  }
  const create = () => createApprovingTokens({ opaqueTokens: { ask, secret }, randomness: cryptoRandomness })
  const tokens = create()
  const seal = (token: string, by = tokens) => String(by.seal({ user: ADA, token }))
  return { asked, answer, create, tokens, seal }
}

test('many who ask about one token ask the provider once', async () => {
  const { asked, answer, tokens, seal } = createWorld()
  const all = Array.from({ length: 40 }, () => tokens.isGood(seal('one'), ADA))
  answer({ kind: 'person', user: ADA })
  expect(new Set(await Promise.all(all))).toEqual(new Set([true]))
  expect(asked).toEqual(['one'])
})

test('of more tokens at a time than the provider is asked about, some are asked about later', async () => {
  const { asked, answer, tokens, seal } = createWorld()
  const all = Array.from({ length: 20 }, (_, at) => tokens.isGood(seal(`token ${at}`), ADA))
  answer({ kind: 'refused', why: 'it is not active' })
  const outcomes = await Promise.allSettled(all)
  const codes = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))
  expect(codes.filter((code) => code === false)).toHaveLength(16)
  expect(codes.filter((code) => code === 'identity_provider_unavailable')).toHaveLength(4)
  expect(asked).toHaveLength(16)
})

test.each([
  ['that knows the same secret asks', 'a secret', false],
  ['that has a key of its own takes it as it was', undefined, true],
])('another instance %s', async (_what, secret, isGood) => {
  const { answer, create, seal } = createWorld(secret)
  answer({ kind: 'refused', why: 'it is not active' })
  expect(await create().isGood(seal('one'), ADA)).toBe(isGood)
})

test('a JWT, which says itself until when it is good, is not kept', () => {
  expect(createWorld().tokens.seal({ user: { ...ADA, source: 'jwt' }, token: 'x.y.z' })).toBeUndefined()
})
