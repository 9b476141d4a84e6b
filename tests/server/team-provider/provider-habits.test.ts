import { describe, expect, test } from '@jest/globals'
import { groupsIn, personAmong } from '../../../server/team-provider/people.ts'
import { wishesOf } from '../../../server/team-provider/provider-habits.ts'

const asked = (issuer: string, supported: string[] | undefined, more: { scopes?: string; again?: boolean } = {}) =>
  wishesOf({ issuer, supported, scopes: more.scopes, again: more.again ?? false })

describe('what a provider is asked for', () => {
  test('is a way to ask again, where it says that it has one, and then the person’s consent', () => {
    const scope = 'openid profile email'
    expect(asked('https://id.example.org', ['openid', 'offline_access'])).toEqual({
      scope: `${scope} offline_access`,
      prompt: 'consent',
    })
    expect(asked('https://id.example.org', ['openid'])).toEqual({ scope })
    expect(asked('https://id.example.org', undefined)).toEqual({ scope })
    expect(asked('https://id.example.org', undefined, { again: true })).toEqual({
      scope,
      prompt: 'login',
      max_age: '0',
    })
    expect(asked('https://id.example.org', ['offline_access'], { scopes: 'openid groups' })).toEqual({
      scope: 'openid groups',
    })
  })

  test('at Google is said its own way, and at Entra nobody is asked who may not consent', () => {
    expect(asked('https://accounts.google.com', ['openid', 'email', 'profile'])).toEqual({
      scope: 'openid profile email',
      prompt: 'consent',
      access_type: 'offline',
    })
    const entra = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0'
    expect(asked(entra, ['offline_access'])).toEqual({ scope: 'openid profile email offline_access' })
  })
})

describe('groups', () => {
  test('are those of the claim of that name, or of what its dots lead to', () => {
    const claims = {
      groups: ['a'],
      realm_access: { roles: ['b'] },
      'https://x.example/roles': ['c'],
      team: 'd',
      none: '',
    }
    for (const [name, groups] of [
      ['groups', ['a']],
      ['realm_access.roles', ['b']],
      ['https://x.example/roles', ['c']],
      ['team', ['d']],
      ['none', ''],
      ['nothing', undefined],
      ['realm_access.nothing.more', undefined],
      ['constructor', undefined],
      ['groups.length', undefined],
    ] as const) {
      expect([name, groupsIn(claims, name)]).toEqual([name, groups])
    }
  })
})

describe('domains', () => {
  const rules = { groupsClaim: 'groups', allow: { groups: [], domains: ['example.org'] } }
  const isIn = (issuer: string, claims: object) => {
    try {
      return personAmong({ sub: 'u-1', name: 'Ada', ...claims }, { ...rules, issuer }).id === 'u-1'
    } catch {
      return false
    }
  }

  test('are those of verified addresses, and at Google of the organisation whose the account is', () => {
    const [ours, google] = ['https://id.example.com', 'https://accounts.google.com']
    const email = 'ada@Example.org'
    expect(isIn(ours, { email, email_verified: true })).toBe(true)
    for (const claims of [{ email }, { email, email_verified: 'true' }, { hd: 'example.org' }, {}]) {
      expect([claims, isIn(ours, claims)]).toEqual([claims, false])
    }
    expect(isIn(google, { hd: 'example.org', email: 'ada@gmail.com', email_verified: true })).toBe(true)
    expect(isIn(google, { email, email_verified: true })).toBe(false)
  })
})
