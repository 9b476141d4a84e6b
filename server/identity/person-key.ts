import { hashSecret } from '../hashes.ts'
import { IDENTITY_SOURCES, type IdentitySource, type User } from './identity.ts'

/** Who somebody is, and by whose word. */
export type Person = Pick<User, 'id' | 'source'>

/**
 * One text for one person: two with one id from two sources are two people. An account's is its id alone, and no id has
 * a control character in it, so no account's is another source's.
 */
export function personKey({ id, source }: Person): string {
  return source === undefined ? id : `${source}\u0000${id}`
}

/** For where any text will not do, or is too long: an identity provider's ids may hold anything. */
export function personKeyHash(person: Person): string {
  return hashSecret(personKey(person))
}

const SOURCES: ReadonlySet<string> = new Set(IDENTITY_SOURCES)
const ACCOUNT = 'account'
/** Ids of accounts that read like another source's subject, in any case, as applications may ignore case. */
const AMBIGUOUS = new RegExp(`^(${[...SOURCES, ACCOUNT].join('|')})\\|`, 'i')

/**
 * A person to applications and back ends, as `sub` (RFC 7519 §4.1.2): an account's id as it is; of who comes from
 * elsewhere, from where it is, too. One text for one person.
 */
export function subjectOf({ id, source }: Person): string {
  const from = source ?? (AMBIGUOUS.test(id) ? ACCOUNT : undefined)
  return from === undefined ? id : `${from}|${id}`
}

/** The person whom `subjectOf` names so. An account's id may have `account|` before it in any case. */
export function personOfSubject(subject: string): Person {
  const [, from, id = ''] = /^(\w+)\|(.*)$/s.exec(subject) ?? []
  if (from === ACCOUNT) return { id }
  return isSource(from) ? { id, source: from } : { id: subject }
}

function isSource(text: string | undefined): text is IdentitySource {
  return text !== undefined && SOURCES.has(text)
}

/** Whether id and source are the same. What they are called says nothing. */
export function isSamePerson(one: Person, other: Person): boolean {
  return personKey(one) === personKey(other)
}

/** A person in logs: an id is public. */
export function publicPerson({ id, source }: Person): { person: string; source?: string } {
  return source === undefined ? { person: id } : { person: id, source }
}
