import { expect, test } from '@jest/globals'
import type { Logins } from '../../../server/login/logins.ts'
import { createDeviceLogins } from '../../../server/oauth/device-logins.ts'

/** Devices whose logins all wait. */
function createWaitingDevices() {
  const time = { now: 1_800_000_000_000 }
  const records = { readStored: async () => undefined, decode: () => ({ status: 'pending' }) }
  const devices = createDeviceLogins({
    logins: { records } as unknown as Logins,
    collect: async () => undefined,
    approver: async () => undefined,
    clock: () => time.now,
  })
  const ask = async (code: string) => (await devices.now(code, { isOpenTo: () => true, collected: undefined })).status
  return { time, ask }
}

test('a device is too fast within its interval, and not after it', async () => {
  const { time, ask } = createWaitingDevices()
  expect(await ask('one')).toBe('waiting')
  time.now += 3900
  expect(await ask('one')).toBe('too_fast')
  time.now += 4000
  expect(await ask('one')).toBe('waiting')
})

test('as many devices as there is room for are each held to their pace, whoever of them asks again', async () => {
  const { ask } = createWaitingDevices()
  const codes = Array.from({ length: 10_000 }, (_, at) => `device ${at}`)
  for (const code of codes) await ask(code)
  const again = new Set<string>()
  for (const code of codes) again.add(await ask(code))
  expect(again).toEqual(new Set(['too_fast']))
})
