import { expect, test } from '@jest/globals'
import { offerPasskeys } from '../../../web/src/passkeys/passkey-offers.ts'
import type { Assertion, RequestOptions } from '../../../web/src/wire/passkey-protocol.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeWake } from '../support/fake-wake.ts'
import { dropped, refusal } from '../support/polling.ts'

const options: RequestOptions = {
  rpId: 'scanin.example',
  challenge: 'a challenge',
  timeout: 300_000,
  userVerification: 'required',
  allowCredentials: [],
}
const fourMinutes = 240_000

/** A form where the browser fills in passkeys, of which the person picks one when the test says so. */
async function show() {
  const clock = createFakeClock()
  const wake = createFakeWake()
  const ending = new AbortController()
  const server: { trouble: Error | undefined; isLibraryThere: boolean } = { trouble: undefined, isLibraryThere: true }
  const offers: AbortSignal[] = []
  const picked: Assertion[] = []
  let late = 0
  let pick: (assertion: Assertion) => void = () => undefined
  void offerPasskeys({
    page: new EventTarget(),
    api: {
      passkeySignInOptions: async () => {
        if (server.trouble !== undefined) throw server.trouble
        return options
      },
    },
    authenticator: {
      canFillIn: async () => {
        if (!server.isLibraryThere) throw new Error('it could not be loaded')
        return true
      },
      fillIn: (_options, signal) =>
        new Promise((resolve, reject) => {
          offers.push(signal)
          pick = resolve
          signal.addEventListener('abort', () => reject(new Error('ended')))
        }),
    },
    clock,
    random: () => 0,
    wake,
    onPicked: async (assertion) => void picked.push(assertion),
    onPickedLate: () => {
      late += 1
    },
    signal: ending.signal,
  })
  await clock.pass(0)
  return {
    clock,
    wake,
    server,
    picked,
    late: () => late,
    offers: () => offers.length,
    isOffered: () => offers.at(-1)?.aborted === false,
    pick: async (assertion: Assertion) => {
      pick(assertion)
      await settle()
    },
    leave: async () => {
      ending.abort()
      await settle()
    },
  }
}

test('a challenge is renewed before its time, and what is picked is told', async () => {
  const form = await show()
  await form.clock.pass(2000)
  expect([form.offers(), form.isOffered()]).toEqual([1, true])
  await form.clock.pass(fourMinutes)
  expect([form.offers(), form.isOffered()]).toEqual([2, true])
  await form.pick({ id: 'a passkey' })
  expect(form.picked).toEqual([{ id: 'a passkey' }])
})

test('a challenge that was over while the device slept is renewed as the page comes back', async () => {
  const form = await show()
  await form.clock.pass(2000)
  form.clock.sleepThrough(fourMinutes)
  await form.wake.wake()
  expect([form.offers(), form.isOffered()]).toEqual([2, true])
})

test('what is picked by a challenge that is over is not sent, that is said, and passkeys are offered anew', async () => {
  const form = await show()
  await form.clock.pass(2000)
  form.clock.sleepThrough(options.timeout)
  await form.pick({ id: 'a passkey' })
  expect([form.picked, form.late()]).toEqual([[], 1])
  expect([form.offers(), form.isOffered()]).toEqual([2, true])
  await form.pick({ id: 'a passkey' })
  expect(form.picked).toEqual([{ id: 'a passkey' }])
})

test.each([
  ['nobody answers', dropped()],
  ['the service has trouble', refusal(503, 'store_unavailable', 5)],
])('where %s at a renewal, passkeys are offered again once it is over', async (_what, trouble) => {
  const form = await show()
  await form.clock.pass(2000)
  form.server.trouble = trouble
  await form.clock.pass(fourMinutes + 20_000)
  expect(form.isOffered()).toBe(false)
  form.server.trouble = undefined
  await form.clock.pass(30_000)
  expect(form.isOffered()).toBe(true)
})

test('they are offered where what asks for them could not be had at first, as soon as the page comes back', async () => {
  const form = await show()
  form.server.isLibraryThere = false
  await form.clock.pass(60_000)
  expect(form.offers()).toBe(0)
  form.server.isLibraryThere = true
  await form.wake.wake()
  expect(form.isOffered()).toBe(true)
})

test('a form that is left offers none, and asks no more', async () => {
  const form = await show()
  await form.clock.pass(2000)
  await form.leave()
  await form.clock.pass(2 * fourMinutes)
  expect([form.offers(), form.isOffered(), form.wake.listeners()]).toEqual([1, false, 0])
})

test('where the service says no, it is not asked again', async () => {
  const form = await show()
  form.server.trouble = refusal(403, 'cross_site_request')
  await form.clock.pass(2000)
  form.server.trouble = undefined
  await form.clock.pass(2 * fourMinutes)
  expect(form.offers()).toBe(0)
})
