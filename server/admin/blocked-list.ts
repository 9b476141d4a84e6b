import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import { isSamePerson, type Person, personOfSubject, subjectOf } from '../identity/person-key.ts'
import { BLOCKED_FOR_MS } from '../session/session-index.ts'
import type { RecordStore } from '../store/record-store.ts'
import { updateRecord } from '../store/update-record.ts'

export interface BlockedPerson {
  person: Person
  /** Epoch milliseconds. */
  blockedAt: number
}

/**
 * Who is blocked, for operators to read: nothing is decided by it. Somebody is noted before they are blocked, and after, and
 * forgotten once they are not, so nobody is blocked and not in it.
 */
export interface BlockedList {
  note(person: Person): Promise<void>
  forget(person: Person): Promise<void>
  /** The latest last. */
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
    note: (person) =>
      update((people) =>
        people.some((known) => isSamePerson(known.person, person))
          ? people
          : [...people, { person, blockedAt: clock() }],
      ),
    forget: (person) => update((people) => people.filter((known) => !isSamePerson(known.person, person))),
    all: async () => decode((await store.read(KEY))?.value),
  }
}

function decode(value: unknown): BlockedPerson[] {
  if (!listRecord.Check(value)) return []
  return value.map(([subject, blockedAt]) => ({ person: personOfSubject(subject), blockedAt }))
}
