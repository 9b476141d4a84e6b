import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { verifiersBy } from '../../threats/bearer-verifiers.ts'
import { type IdentityProvider, startIdentityProvider } from '../../threats/identity-provider.ts'

let provider: IdentityProvider

beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

const NOW_SECONDS = 1_800_000_000

test.each<[what: string, times: { nbf?: number; exp?: number }, isGood: boolean]>([
  ['begins in two seconds', { nbf: 2 }, true],
  ['begins in ten seconds', { nbf: 10 }, false],
  ['ended two seconds ago', { exp: -2 }, true],
  ['ended ten seconds ago', { exp: -10 }, false],
])('by a clock that is not the provider’s, as for JWTs, a token that %s', async (what, times, isGood) => {
  const at = (seconds: number | undefined) => (seconds === undefined ? undefined : NOW_SECONDS + seconds)
  const { nbf, exp = 300 } = times
  const said = { active: true, sub: 'u-1', name: 'Ada', client_id: 'an app', aud: provider.client.id, exp: at(exp) }
  provider.introspected.set(what, nbf === undefined ? said : { ...said, nbf: at(nbf) })
  const { bearerVerifiers } = verifiersBy('introspection', provider, () => NOW_SECONDS * 1000)
  const [verify] = bearerVerifiers
  const verdict = await verify?.(what, '198.51.100.1')
  expect(verdict?.kind).toBe(isGood ? 'person' : 'refused')
  if (verdict?.kind === 'person') expect(verdict.goodUntil).toBeGreaterThan(NOW_SECONDS * 1000)
})
