import { expect, test } from '@jest/globals'
import { resume } from '../../../web/src/desktop/resume.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeLoginApi, loginIds, reply, tokenOf } from '../support/fake-login-api.ts'
import { createFakeWake } from '../support/fake-wake.ts'
import { refusal } from '../support/polling.ts'

const [first, second] = loginIds

/** A page that goes on with the first login, which a phone scans as it is renewed: the answer is the second. */
async function resumeScanned({ onStatus = () => {} }: { onStatus?: (nth: number) => void } = {}) {
  const { api, calls, set } = createFakeLoginApi()
  const life = new AbortController()
  await api.startLogin({})
  let asked = 0
  const resumed = resume(tokenOf(first, 0), {
    api: {
      ...api,
      loginStatus: async (ask) => {
        asked += 1
        onStatus(asked)
        return api.loginStatus(ask)
      },
      startLogin: (ask) => {
        set(first, reply('scanned', 120))
        return api.startLogin(ask)
      },
    },
    clock: createFakeClock(),
    random: () => 0,
    wake: createFakeWake(),
    returnTo: undefined,
    onFailure: () => undefined,
    signal: life.signal,
  }).catch(() => undefined)
  await settle()
  return { resumed, calls, life }
}

const drops = (calls: readonly string[]) => calls.filter((call) => call.startsWith('drop'))

test('a login that was scanned as it was renewed goes on, and the new one is dropped', async () => {
  const { resumed, calls } = await resumeScanned()
  expect(await resumed).toEqual({ kind: 'further', reply: reply('scanned', 120) })
  expect(drops(calls)).toEqual([`drop ${tokenOf(second, 0)}`])
})

test('the new one is dropped also where it is not heard how the first one stands', async () => {
  const { resumed, calls } = await resumeScanned({
    onStatus: (nth) => {
      if (nth === 2) throw refusal(400, 'invalid_request')
    },
  })
  expect(await resumed).toBeUndefined()
  expect(drops(calls)).toEqual([`drop ${tokenOf(second, 0)}`])
})

test('the new one is dropped also where the page goes before that is heard', async () => {
  const { resumed, calls, life } = await resumeScanned({
    onStatus: (nth) => {
      if (nth === 2) throw new Error('The answer was lost')
    },
  })
  life.abort()
  expect(await resumed).toBeUndefined()
  expect(drops(calls)).toEqual([`drop ${tokenOf(second, 0)}`])
})
