import { describe, expect, test } from '@jest/globals'
import { type Claims, completedBy, personOfClaims } from '../../../server/identity/oidc-claims.ts'

const email = 'ada@example.org'

function personOf(claims: Claims) {
  const verdict = personOfClaims({ sub: 'u-1', ...claims }, 'jwt')
  return verdict.kind === 'person' ? verdict.user : verdict
}

describe('an address', () => {
  test('that is marked as unverified is not the person’s, and no name of theirs', () => {
    for (const email_verified of [false, 'false', 'False']) {
      expect(personOf({ name: 'Ada', email, email_verified })).toEqual({ id: 'u-1', name: 'Ada', source: 'jwt' })
      expect(personOf({ email, email_verified })).toEqual({ id: 'u-1', name: 'u-1', source: 'jwt' })
      // Nor does it keep anybody out.
      expect(personOf({ email: 'no address', email_verified })).toEqual({ id: 'u-1', name: 'u-1', source: 'jwt' })
    }
  })

  test('that is verified, or of which nothing is said, is', () => {
    for (const mark of [{}, { email_verified: true }, { email_verified: 'true' }, { email_verified: null }]) {
      expect(personOf({ name: 'Ada', email, ...mark })).toEqual({ id: 'u-1', name: 'Ada', email, source: 'jwt' })
    }
  })
})

describe('claims that another answer completes', () => {
  test('stay as they are, and have what they leave out', () => {
    expect(completedBy({ sub: 'u-1', name: 'Ada' }, { name: 'Else', groups: ['a'] })).toEqual({
      sub: 'u-1',
      name: 'Ada',
      groups: ['a'],
    })
  })

  test('have the mark of their own address, and never another one’s', () => {
    const other = 'else@example.org'
    const cases: [claims: Claims, more: Claims, mark: unknown][] = [
      [{ email }, { email, email_verified: false }, false],
      [{ email }, { email, email_verified: true }, true],
      [{ email }, { email_verified: false }, false],
      [{ email }, { email: other, email_verified: true }, undefined],
      [{ email }, { email: other, email_verified: false }, undefined],
      [{ email, email_verified: false }, { email, email_verified: true }, false],
      [{ email_verified: true }, { email, email_verified: false }, false],
      [{ email_verified: false }, { email }, false],
      [{}, { email, email_verified: false }, false],
    ]
    for (const [claims, more, email_verified] of cases) {
      const expected = { email, ...(email_verified === undefined ? {} : { email_verified }) }
      expect([claims, more, completedBy(claims, more)]).toEqual([claims, more, expected])
    }
  })
})
