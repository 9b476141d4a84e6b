import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { isTransient } from '../errors.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

/** Of each account the last few places that it was signed in to from, in one record. */
export interface FamiliarPlaces {
  /** @param account the hash of its name @param place a hash of where, and of that name */
  has(account: string, place: string): Promise<boolean>
  /** Notes a sign-in. Nothing depends on it: if the store does not take it, it is dropped. */
  note(account: string, place: string): Promise<void>
}

const FAMILIAR_FOR_MS = 30 * 24 * 3600 * 1000
/** A place is not written down again for so long. */
const NOTE_EVERY_MS = 24 * 3600 * 1000
/** Nothing limits right passwords, so somebody who has one may come from any number of places. */
const MOST = 20

/** The newest last. */
const placesRecord = Type.Array(
  Type.Tuple([Type.String({ title: 'place' }), Type.Number({ title: 'until when, in epoch milliseconds' })]),
)
type Places = Static<typeof placesRecord>
const validator = Compile(placesRecord)

export function createFamiliarPlaces({ store, clock }: { store: RecordStore; clock: Clock }): FamiliarPlaces {
  function decode(value: unknown): Places {
    return validator.Check(value) ? value.filter(([, until]) => until > clock()) : []
  }

  function noted(places: Places, place: string): Places {
    const others = places.filter(([known]) => known !== place)
    return [...others, [place, clock() + FAMILIAR_FOR_MS] as [string, number]].slice(-MOST)
  }

  return {
    async has(account, place) {
      const places = decode((await store.read(keyOf(account)))?.value)
      return places.some(([known]) => known === place)
    },

    async note(account, place) {
      try {
        await updateRecord<void>(store, keyOf(account), (value) => {
          const places = decode(value)
          const [, until = 0] = places.find(([known]) => known === place) ?? []
          if (until > clock() + FAMILIAR_FOR_MS - NOTE_EVERY_MS) return { result: undefined }
          const next = { value: noted(places, place), expiresAt: clock() + FAMILIAR_FOR_MS, begins: true }
          return { next, result: undefined }
        })
      } catch (error) {
        if (!isTransient(error)) throw error
      }
    },
  }
}

function keyOf(account: string): string {
  return `familiar:${account}`
}
