import { expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { createDigitGuard } from '../../../server/login/browser/digit-guard.ts'
import { createCodeGuard } from '../../../server/login/phone/code-guard.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { createRecordLimiter } from '../../../server/store/record-limiter.ts'

const USER = { id: '0f81d4fa-7dec-11d0-a765-00a0c91e6bf6', name: 'Ada', source: 'jwt' } as const

test("counts of wrong codes and digits are kept by a person's hash: no id is in a key, and nothing of where it comes from", async () => {
  const keys: string[] = []
  const store = createMemoryStore({ clock: () => 0 })
  const noted = {
    ...store,
    write(...what: Parameters<typeof store.write>) {
      keys.push(what[0])
      return store.write(...what)
    },
  }
  const makeLimiter = (name: string, points: number, durationSeconds: number) =>
    createRecordLimiter({ store: noted, clock: () => 0, name, points, durationSeconds })
  const wrong = (code: 'expired_token' | 'wrong_match_code') => () => Promise.reject(new ScanInError(code))

  const phone = { id: 'phone', user: USER, goodUntil: 1 }
  const code = { phone, address: '192.0.2.1', lookUp: wrong('expired_token') }
  await expect(createCodeGuard(makeLimiter)(code)).rejects.toThrow()
  const find = async () => ({ person: USER, hasFailed: false, record: { value: 0, version: '0' as never } })
  const digits = { loginId: 'login', address: '192.0.2.1', find, run: wrong('wrong_match_code') }
  await expect(createDigitGuard(makeLimiter)(digits)).rejects.toThrow()

  expect(keys.filter((key) => /^rate:wrong-(codes|digits):[\w-]{43}$/.test(key))).toHaveLength(2)
  for (const key of keys) expect(key).toMatch(/^[!-~]+$/)
  expect(keys.join()).not.toContain(USER.id)
})
