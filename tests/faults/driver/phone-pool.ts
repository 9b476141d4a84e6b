import { setMaxListeners } from 'node:events'
import { PATIENCE_MS } from '../../support/patience.ts'
import { type Account, signInPhone } from './people.ts'
import type { Service } from './person.ts'
import type { SignedInPhone } from './story.ts'

/** Phones that are signed in, two of each person, and serve one login after the other. */
export interface PhonePool {
  people: readonly Account[]
  phonesOfPerson: number
  of(personId: string, nth?: number): SignedInPhone | undefined
  /** Signs all of them in, anew if need be. */
  signIn(): Promise<void>
}

const PHONES_OF_PERSON = 2
/** So many people sign in at once: passwords are hashed a few at a time, and each may wait a minute for that. */
const SOME = 10

export function createPhonePool(service: Service, people: readonly Account[]): PhonePool {
  let phones = new Map<string, readonly SignedInPhone[]>()

  async function signInPerson(account: Account, end: AbortSignal) {
    const own = await Promise.all(Array.from({ length: PHONES_OF_PERSON }, () => signInPhone(service, account, end)))
    return [account.id, own.filter((phone) => phone !== undefined)] as const
  }

  return {
    people,
    phonesOfPerson: PHONES_OF_PERSON,
    of: (personId, nth = 0) => phones.get(personId)?.[nth],
    async signIn() {
      const signedIn = new Map<string, readonly SignedInPhone[]>()
      for (let at = 0; at < people.length; at += SOME) {
        const end = AbortSignal.timeout(PATIENCE_MS)
        setMaxListeners(0, end)
        const some = people.slice(at, at + SOME).map((account) => signInPerson(account, end))
        for (const [id, own] of await Promise.all(some)) signedIn.set(id, own)
        if (end.aborted) throw new Error('the phones could not sign in')
      }
      phones = signedIn
    },
  }
}
