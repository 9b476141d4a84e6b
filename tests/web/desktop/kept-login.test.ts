import { describe, expect, test } from '@jest/globals'
import { createKeptLogin } from '../../../web/src/desktop/kept-login.ts'
import type { TabMemory } from '../../../web/src/page/tab-memory.ts'
import { loginIds, tokenOf } from '../support/fake-login-api.ts'

const token = tokenOf(loginIds[0], 0)

function createMemory(items = new Map<string, string>()): TabMemory & { items: Map<string, string> } {
  return {
    items,
    get: (key) => items.get(key),
    set: (key, value) => void items.set(key, value),
    remove: (key) => void items.delete(key),
  }
}

function open(memory: TabMemory, returnTo?: string) {
  const page = new EventTarget()
  const sight = Object.assign(new EventTarget(), { hidden: false })
  const kept = createKeptLogin({ memory, returnTo, page, sight, signal: new AbortController().signal })
  const see = (isSeen: boolean) => {
    sight.hidden = !isSeen
    sight.dispatchEvent(new Event('visibilitychange'))
  }
  return {
    kept,
    go: () => page.dispatchEvent(new Event('pagehide')),
    leaveSight: () => see(false),
    comeToSight: () => see(true),
  }
}

describe('a login that is under way', () => {
  test('is there for the next page of the tab, once', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.go()
    expect(open(memory).kept.take()).toEqual({ token, isLastTrySent: false })
    expect(open(memory).kept.take()).toBeUndefined()
  })

  test('is known to be at its end where the last try at the digits was sent', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, true)
    tab.go()
    expect(open(memory).kept.take()).toEqual({ token, isLastTrySent: true })
  })

  test('is not copied with the tab: the duplicate starts its own', () => {
    const memory = createMemory()
    open(memory).kept.keep(token, false)
    expect(open(createMemory(new Map(memory.items))).kept.take()).toBeUndefined()
  })

  test('is there after a page that ended out of sight, and nobody told it', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.leaveSight()
    expect(open(memory).kept.take()).toEqual({ token, isLastTrySent: false })
  })

  test('is there as it was last known, also where that was learned out of sight', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.leaveSight()
    const renewed = tokenOf(loginIds[0], 1)
    tab.kept.keep(renewed, false)
    expect(open(memory).kept.take()).toEqual({ token: renewed, isLastTrySent: false })
  })

  test('is over out of sight as well', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.leaveSight()
    tab.kept.forget()
    expect(memory.items.size).toBe(0)
  })

  test('is the same page’s again, and not copied with the tab, once that is in sight', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.leaveSight()
    tab.comeToSight()
    expect(memory.items.size).toBe(0)
  })

  test.each([false, true])(
    'is gone on with by the page that comes back; where another took it meanwhile: %s',
    (isTaken) => {
      const memory = createMemory()
      const tab = open(memory)
      tab.kept.keep(token, true)
      tab.go()
      if (isTaken) open(memory).kept.take()
      tab.comeToSight()
      expect(tab.kept.take()).toEqual({ token, isLastTrySent: true })
      expect(memory.items.size).toBe(0)
      tab.kept.forget()
      expect(tab.kept.take()).toBeUndefined()
    },
  )

  test('is gone on with as the page after it had renewed it, though the page that comes back is in sight before it is told', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.go()
    const renewed = tokenOf(loginIds[0], 1)
    const next = open(memory)
    next.kept.take()
    next.kept.keep(renewed, false)
    next.go()
    tab.comeToSight()
    expect(tab.kept.take()).toEqual({ token: renewed, isLastTrySent: false })
    tab.kept.keep(renewed, false)
    expect(memory.items.size).toBe(0)
  })

  test('is the page’s own again where the page after it put down one that leads elsewhere', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.go()
    const next = open(memory, '/elsewhere')
    next.kept.keep(tokenOf(loginIds[1], 0), false)
    next.go()
    expect(tab.kept.take()).toEqual({ token, isLastTrySent: false })
  })

  test('is not there once it is over', () => {
    const memory = createMemory()
    const tab = open(memory)
    tab.kept.keep(token, false)
    tab.kept.forget()
    tab.go()
    expect(open(memory).kept.take()).toBeUndefined()
  })

  test.each([
    [undefined, '/x'],
    ['/x', undefined],
    ['/x', '/y'],
  ])('for %s is not gone on with for %s', (before, after) => {
    const memory = createMemory()
    const tab = open(memory, before)
    tab.kept.keep(token, false)
    tab.go()
    expect(open(memory, after).kept.take()).toBeUndefined()
  })

  test('is no matter of what else is stored there', () => {
    expect(open(createMemory(new Map([['scanin.login', 'nonsense ']]))).kept.take()).toBeUndefined()
  })
})
