import { expect, test } from '@jest/globals'
import { foldId } from '../../../server/identity/names.ts'
import { acrOf, amrOfSession, claimsOf, subOf } from '../../../server/oauth/claims.ts'

const anna = { id: 'anna', name: 'Anna' }

test('a person has one sub, and no two have the same, also where case is not told apart', () => {
  const people = [
    { id: 'anna' },
    { id: 'anna', source: 'jwt' },
    { id: 'anna', source: 'oidc' },
    { id: 'jwt|anna' },
    { id: 'änna' },
    { id: `sha256|${subOf({ id: 'änna' }).slice(7)}` },
    { id: `SHA256|${subOf({ id: 'änna' }).slice(7)}` },
    { id: 'a'.repeat(255) },
    { id: 'a'.repeat(255), source: 'jwt' },
  ] as const
  const subs = people.map(subOf)
  expect(new Set(subs.map(foldId)).size).toBe(people.length)
  expect(subs[0]).toBe('anna')
  for (const sub of subs) expect(sub).toMatch(/^[\x20-\x7e]{1,255}$/)
})

test('how somebody was signed in is said as RFC 8176 does', () => {
  expect(amrOfSession({ kind: 'browser', amr: ['pwd', 'user'] })).toEqual(['pwd', 'user', 'mca'])
  expect(amrOfSession({ kind: 'browser' })).toEqual(['mca'])
  expect(amrOfSession({ kind: 'phone', amr: ['pwd'] })).toEqual(['pwd'])
  const user = {}
  expect(acrOf({ user, kind: 'browser', amr: ['hwk', 'user', 'mfa'] })).toBe('urn:scanin:acr:phone')
  expect(acrOf({ user, kind: 'phone', amr: ['pwd'] })).toBe('urn:scanin:acr:password')
  expect(acrOf({ user, kind: 'phone', amr: ['hwk', 'user', 'mfa'] })).toBe('urn:scanin:acr:passkey')
  const theirs = { user: { source: 'oidc' }, amr: ['hwk', 'mfa'] } as const
  expect(acrOf({ ...theirs, amr: [...theirs.amr], kind: 'phone' })).toBe('urn:scanin:acr:provider')
})

test('of a person there is what is known, and nothing in its place', () => {
  expect(claimsOf(anna, 'anna.b')).toEqual({ sub: 'anna', name: 'Anna', preferred_username: 'anna.b' })
  expect(claimsOf({ ...anna, email: 'a@b.example', groups: ['x'] }, undefined)).toEqual({
    sub: 'anna',
    name: 'Anna',
    preferred_username: 'anna',
    email: 'a@b.example',
    groups: ['x'],
  })
})
