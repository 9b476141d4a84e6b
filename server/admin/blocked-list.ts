import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { isSamePerson, type Person, personOfSubject, subjectOf } from '../identity/person-key.ts'
import { BLOCKED_FOR_MS } from '../session/person-records.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

export interface BlockedPerson {
  person: Person
  /** Epoch milliseconds. */
  blockedAt: number
}

/**
 * A list to find blocked people by; it decides nothing. Somebody is noted before they are blocked, and again after, and
 * forgotten once they are not: so all who are blocked are in it, but not all in it are blocked.
 */
export interface BlockedList {
  /** Somebody who is noted already keeps that time. @param isAnew they were not blocked until now: that time is over */
  note(person: Person, how?: { isAnew: boolean }): Promise<void>
  forget(person: Person): Promise<void>
  /** All who are noted, the latest last. */
  all(): Promise<BlockedPerson[]>
}

const KEY = 'blocked'

const listRecord = Compile(
  Type.Array(Type.Tuple([Type.String({ title: 'subject' }), Type.Number({ title: 'blockedAt' })])),
)

/** Opens the list that all instances on `store` share. */
export function createBlockedList({ store, clock }: { store: RecordStore; clock: Clock }): BlockedList {
  function update(change: (people: BlockedPerson[]) => BlockedPerson[]): Promise<void> {
    return updateRecord<void>(store, KEY, (value) => {
      const next = change(decode(value)).map(({ person, blockedAt }) => [subjectOf(person), blockedAt])
      return { next: { value: next, expiresAt: clock() + BLOCKED_FOR_MS, durable: true }, result: undefined }
    })
  }

  return {
    note: (person, { isAnew } = { isAnew: false }) =>
      update((people) => {
        const others = without(people, person)
        return others.length < people.length && !isAnew ? people : [...others, { person, blockedAt: clock() }]
      }),
    forget: (person) => update((people) => without(people, person)),
    all: async () => decode((await store.read(KEY))?.value),
  }
}

const without = (people: readonly BlockedPerson[], person: Person) =>
  people.filter((known) => !isSamePerson(known.person, person))

function decode(value: unknown): BlockedPerson[] {
  if (!listRecord.Check(value)) return []
  return value.map(([subject, blockedAt]) => ({ person: personOfSubject(subject), blockedAt }))
}
