import { expect, test } from '@jest/globals'
import { leaveFor } from '../../../web/src/desktop/leave-for.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'

/** A page at this address that is left for another. */
function leave(redirectTo: string, { hidden = false, href = 'https://scanin.example/' } = {}) {
  const clock = createFakeClock()
  const life = new AbortController()
  const went: string[] = []
  const location = {
    href,
    hash: new URL(href).hash,
    reload: () => went.push('reload'),
    replace: (target: string | URL) => went.push(String(target)),
  }
  void leaveFor(redirectTo, { page: { hidden }, location, clock, signal: life.signal })
  return { clock, life, went }
}

test('the page is left once it could be read who is in, and at once where nobody looks', async () => {
  const seen = leave('/home')
  await seen.clock.pass(699)
  expect(seen.went).toEqual([])
  await seen.clock.pass(1)
  expect(seen.went).toEqual(['https://scanin.example/home'])
  const unseen = leave('/home', { hidden: true })
  await settle()
  expect(unseen.went).toEqual(['https://scanin.example/home'])
})

test('an element that was taken out leads nobody from the page that goes on without it', async () => {
  const { clock, life, went } = leave('/home')
  life.abort()
  await clock.pass(10_000)
  expect(went).toEqual([])
})

test('a fragment goes on with who came by it, and to the page itself by loading it anew', async () => {
  const on = leave('https://wiki.example/page', { href: 'https://scanin.example/#part' })
  await on.clock.pass(700)
  expect(on.went).toEqual(['https://wiki.example/page#part'])
  const same = leave('/?a=b', { href: 'https://scanin.example/?a=b#part' })
  await same.clock.pass(700)
  expect(same.went).toEqual(['reload'])
})
