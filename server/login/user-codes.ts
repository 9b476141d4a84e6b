import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { ScanInError } from '../errors.ts'
import { hashSecret } from '../hashes.ts'
import type { RecordStore } from '../store/record-store.ts'
import { deriveUserCode } from './token.ts'

const userCodeRecord = Compile(Type.Object({ loginId: Type.String() }))

/** How many other logins may have the same code by chance; more mean that something is broken. */
const MOST_COLLISIONS = 8

/** Typed codes (RFC 8628 §3.2), each kept as a hash that leads to its login. */
export interface UserCodes {
  /** The code of a login: the same one each time, and nobody else's. */
  issue(loginId: string, browserKey: string, expiresAt: number): Promise<string>
  /** The login id behind a code, without its dash. */
  find(userCode: string): Promise<string | undefined>
}

export function createUserCodes(store: RecordStore): UserCodes {
  async function find(userCode: string): Promise<string | undefined> {
    const value = (await store.read(keyOf(userCode)))?.value
    return userCodeRecord.Check(value) ? value.loginId : undefined
  }

  return {
    find,
    async issue(loginId, browserKey, expiresAt) {
      for (let attempt = 0; attempt < MOST_COLLISIONS; attempt++) {
        const userCode = deriveUserCode(browserKey, loginId, attempt)
        const isNew = await store.write(keyOf(userCode), { loginId }, { expiresAt, ifVersion: null })
        if (isNew || (await find(userCode)) === loginId) return userCode
      }
      throw new ScanInError('internal_error', { cause: new Error('no free user code') })
    },
  }
}

function keyOf(userCode: string): string {
  return `user-code:${hashSecret(userCode)}`
}
