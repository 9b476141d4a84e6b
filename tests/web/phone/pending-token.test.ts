import { describe, expect, test } from '@jest/globals'
import { createPendingToken } from '../../../web/src/phone/pending-token.ts'
import { loginIds, tokenOf } from '../support/fake-login-api.ts'

const token = tokenOf(loginIds[0], 0)
const other = tokenOf(loginIds[1], 0)

function open(hash: string, items = new Map<string, string>()) {
  const address = { hash, pathname: '/scan', search: '?a' }
  const states: unknown[] = []
  const pending = createPendingToken({
    memory: {
      get: (key) => items.get(key),
      set: (key, value) => void items.set(key, value),
      remove: (key) => void items.delete(key),
    },
    address,
    history: {
      state: { kept: true },
      replaceState(state, _title, url) {
        states.push(state)
        address.hash = new URL(String(url), 'http://scanin.test').hash
      },
    },
  })
  return { pending, address, states, items }
}

describe('the code in the address', () => {
  test('stays there, and is the one that counts, until this phone has scanned it', () => {
    const tab = open(`#${token}`)
    expect(tab.pending.token()).toBe(token)
    tab.pending.keep(token)
    expect(tab.address.hash).toBe(`#${token}`)
    tab.pending.scanned(token, 'ann')
    expect(tab.address.hash).toBe('')
    expect(tab.states).toEqual([{ kept: true }])
    expect(tab.pending.token()).toBe(token)
  })

  test('goes when another code is taken instead', () => {
    const tab = open(`#${token}`)
    tab.pending.keep(other)
    expect([tab.address.hash, tab.pending.token()]).toEqual(['', other])
  })

  test('goes when it is done with', () => {
    const tab = open(`#${token}`)
    tab.pending.forget()
    expect([tab.address.hash, tab.pending.token()]).toEqual(['', undefined])
  })

  test('that is none is not taken for one', () => {
    expect(open('#nonsense').pending.token()).toBeUndefined()
    expect(open('', new Map([['scanin.pending-token', 'nonsense']])).pending.token()).toBeUndefined()
  })
})

test('a scanned code is there after a reload', () => {
  const { pending, items } = open(`#${token}`)
  pending.scanned(token, 'ann')
  expect(open('', items).pending.token()).toBe(token)
})

test('what was said of a code last is known after a reload, and of that code alone, until it is done with', () => {
  const { pending, items } = open('')
  const afterReload = () => open('', items).pending
  for (const decision of ['confirm', 'deny', 'confirm'] as const) {
    pending.decided(token, decision)
    expect([afterReload().decision(token), afterReload().decision(other)]).toEqual([decision, undefined])
  }
  afterReload().decided(other, 'deny')
  expect(pending.decision(token)).toBeUndefined()
  pending.forget()
  expect([afterReload().decision(token), afterReload().decision(other)]).toEqual([undefined, undefined])
})

test('what one person has scanned and said is none of who is here next, in this page or the next; a code in the address is theirs', () => {
  const scanned = open('')
  scanned.pending.scanned(token, 'ann')
  scanned.pending.decided(token, 'deny')
  const again = open('', scanned.items).pending
  again.belongTo('ann')
  expect([again.token(), again.decision(token)]).toEqual([token, 'deny'])

  const next = open(`#${other}`, scanned.items).pending
  next.belongTo('ben')
  expect([next.token(), next.decision(token)]).toEqual([other, undefined])
  expect([...scanned.items]).toEqual([])
})

test('a code that came after the one that somebody has scanned is whose ever is here next', () => {
  const { pending, address } = open('')
  pending.scanned(token, 'ann')
  address.hash = `#${other}`
  pending.keep(other)
  pending.belongTo('ben')
  expect(pending.token()).toBe(other)
})

test('nor where a way to the provider and back has put it into the address again', () => {
  const scanned = open('')
  scanned.pending.scanned(token, 'ann')
  const next = open(`#${token}`, scanned.items).pending
  next.belongTo('ben')
  expect(next.token()).toBeUndefined()
  const own = open('')
  own.pending.scanned(token, 'ann')
  const back = open(`#${token}`, own.items).pending
  back.belongTo('ann')
  expect(back.token()).toBe(token)
})
