import { beforeEach, expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import type { User } from '../../../server/identity/identity.ts'
import { type AccountSessions, createAccountSessions } from '../../../server/session/account-sessions.ts'
import { eventually } from '../../support/eventually.ts'

const ANN: User = { id: 'ann', name: 'Ann', credential: 'her first password' }
const ZOE: User = { id: 'zoe', name: 'Zoe', credential: 'hers' }

let now: number
let refusal: (user: User) => Error | undefined
let ended: [id: string, credential: string | undefined, until: number][]
let logged: unknown[]
let again: (() => void) | undefined
let accounts: AccountSessions

beforeEach(() => {
  now = 1000
  refusal = () => undefined
  ended = []
  logged = []
  again = undefined
  accounts = createAccountSessions({
    clock: () => now,
    logger: { error: (...what: unknown[]) => void logged.push(what) },
    async end(user, until) {
      const error = refusal(user)
      if (error !== undefined) throw error
      ended.push([user.id, user.credential, until])
    },
    schedule(_ms, task) {
      again = task
      return () => {
        again = undefined
      }
    },
  })
})

const away = () => new ScanInError('store_unavailable')
const scheduled = () => eventually('it is to be tried again', () => again !== undefined)

test('whoever is removed, disabled, or has a new password is ended, and whoever is back is not', async () => {
  accounts.hear([
    { user: ANN, why: 'new_password' },
    { user: { ...ANN, credential: 'her second one' }, why: 'back' },
    { user: ZOE, why: 'disabled_before' },
  ])
  await eventually('both are ended', () => ended.length === 2)
  expect(ended).toEqual([
    ['ann', 'her first password', 1000],
    ['zoe', 'hers', 1000],
  ])
  expect(again).toBeUndefined()
})

test.each([
  ['the store is away', away],
  ['too many wait for the list of their sessions', () => new ScanInError('overloaded')],
])('while %s it is tried again, also once the account is back: of what was there until then', async (_why, refused) => {
  refusal = refused
  accounts.hear([{ user: ANN, why: 'removed' }])
  await scheduled()
  now = 2000
  accounts.hear([{ user: ANN, why: 'back' }])
  await scheduled()
  refusal = ({ id }) => (id === 'zoe' ? refused() : undefined)
  accounts.hear([{ user: ZOE, why: 'disabled' }])
  await eventually('the one is ended', () => ended.length === 1 && again !== undefined)
  refusal = () => undefined
  again?.()
  await eventually('and the other', () => ended.length === 2)
  expect(ended).toEqual([
    ['ann', 'her first password', 1000],
    ['zoe', 'hers', 2000],
  ])
  expect(logged).toEqual([])
})

test('what never works is logged, and holds up nobody else', async () => {
  refusal = ({ id }) => (id === 'ann' ? new TypeError('a fault of ours') : undefined)
  accounts.hear([
    { user: ANN, why: 'removed' },
    { user: ZOE, why: 'removed' },
  ])
  await eventually('the other is ended', () => ended.length === 1 && logged.length === 1)
  expect(again).toBeUndefined()
})

test('closed, it tries no more', async () => {
  refusal = away
  accounts.hear([{ user: ANN, why: 'removed' }])
  await scheduled()
  accounts.close()
  expect(again).toBeUndefined()
})
