import Type, { type Static } from 'typebox'
import { createListFile, type Placed } from '../files/list-file.ts'
import { hashSecret } from '../hashes.ts'
import type { Account } from './accounts.ts'
import { canBeListed, foldId, foldUsername, isEmail, isGroup, isId, isName, normal } from './names.ts'
import { faultOfHash } from './passwords.ts'

const entry = Type.Object(
  {
    id: Type.Optional(Type.String()),
    username: Type.String(),
    name: Type.String(),
    email: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String())),
    password_hash: Type.String(),
    disabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
type Entry = Static<typeof entry>

/** Of a hash, so that a changed password can be told: no password can be tried on it without the salt in the hash. */
const CREDENTIAL_LENGTH = 22

const file = createListFile({ variable: 'ACCOUNTS_FILE', what: 'account', plural: 'accounts', entry })

/** Rejects with `ListFileError`. */
export async function readAccountsFile(path: string): Promise<Account[]> {
  return accountsOf(await file.read(path))
}

/**
 * Reads an accounts file.
 * @param text JSON or YAML: a list of `{id?, username, name, email?, groups?, password_hash, disabled?}`
 * @throws ListFileError
 */
export function parseAccounts(text: string): Account[] {
  return accountsOf(file.parse(text))
}

function accountsOf(entries: readonly Placed<Entry>[]): Account[] {
  if (entries.length === 0) file.refuse('', 'there is no account in it')
  const accounts = entries.map(({ value, place }) => accountOf(value, place))
  // Two that sign-in or an application would take for one: some go by ids, others by user names.
  file.refuseTwins(entries, (value) => ({ username: foldId(value.username), id: foldId(idOf(value)) }))
  return accounts
}

function accountOf(value: Entry, place: string): Account {
  const fault = faultOf(value)
  const username = foldUsername(value.username)
  if (fault !== undefined || username === undefined) return file.refuse(place, fault ?? NO_USERNAME)
  const { name, email, groups, password_hash, disabled = false } = value
  return {
    username,
    user: {
      id: idOf(value),
      name: name.normalize('NFC'),
      ...(email === undefined ? {} : { email: email.normalize('NFC') }),
      ...(groups === undefined ? {} : { groups: groups.map((group) => group.normalize('NFC')) }),
      credential: hashSecret(password_hash).slice(0, CREDENTIAL_LENGTH),
    },
    passwordHash: password_hash,
    isDisabled: disabled,
  }
}

/** An id that is left out is the user name, as it is spelled. */
function idOf({ id, username }: Entry): string {
  return id ?? normal(username)
}

const NO_USERNAME = 'username must be one that RFC 8265 knows: letters, digits and signs, no space at its ends'
const SEEN = 'be of 1 to 255 characters that can be seen, no space at its ends'

function faultOf({ id, username, name, email, groups = [], password_hash }: Entry): string | undefined {
  if (id !== undefined && !isId(id)) return `id must ${SEEN}, in normal form C`
  if (foldUsername(username) === undefined) return NO_USERNAME
  if (!isName(name)) return `name must ${SEEN}`
  if (email !== undefined && !isEmail(email)) return `email must ${SEEN} or within`
  const badGroup = groups.findIndex((group) => !isGroup(group) || !canBeListed(group))
  if (badGroup !== -1) return `group ${badGroup + 1} must ${SEEN}, without a comma`
  const fault = faultOfHash(password_hash)
  return fault && `password_hash ${fault}`
}
