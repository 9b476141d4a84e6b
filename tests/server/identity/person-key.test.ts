import { expect, test } from '@jest/globals'
import { foldId } from '../../../server/identity/names.ts'
import { isSamePerson, type Person, personOfSubject, subjectOf } from '../../../server/identity/person-key.ts'

const PEOPLE: Person[] = [
  { id: 'ada' },
  { id: 'ada', source: 'jwt' },
  { id: 'auth0|507f', source: 'jwt' },
  { id: 'auth0|507f' },
  { id: 'jwt|ada' },
  { id: 'account|ada' },
  { id: 'JWT|ada' },
  { id: 'Account|ada' },
  { id: 'jwt|ada', source: 'userinfo' },
  { id: '|' },
]

test('everybody has one name for operators and applications, which leads back to them and to nobody else', () => {
  for (const person of PEOPLE) expect(personOfSubject(subjectOf(person))).toEqual(person)
  expect(new Set(PEOPLE.map(subjectOf)).size).toBe(PEOPLE.length)
})

test('an account is nobody from elsewhere, also where case is not told apart', () => {
  const people: Person[] = [
    { id: 'ada', source: 'jwt' },
    { id: 'JWT|ada' },
    { id: 'jwt|ada', source: 'jwt' },
    { id: 'ada' },
  ]
  expect(new Set(people.map((person) => foldId(subjectOf(person)))).size).toBe(people.length)
})

test('an account may be called one in so many words', () => {
  expect(isSamePerson(personOfSubject('account|ada'), { id: 'ada' })).toBe(true)
})
