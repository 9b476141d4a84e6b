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
  return parseAccounts(await file.text(path))
}

/**
 * Reads an accounts file.
 * @param text JSON or YAML: a list of `{id?, username, name, email?, groups?, password_hash, disabled?}`
 * @throws ListFileError
 */
export function parseAccounts(text: string): Account[] {
  const entries = file.parse(text)
  if (entries.length === 0) file.refuse('', 'there is no account in it')
  const accounts = entries.map(accountOf)
  // Two that sign-in or an application would take for one: some go by ids, others by user names.
  file.refuseTwins(entries, (value) => ({ username: foldId(value.username), id: foldId(idOf(value)) }))
  return accounts
}

function accountOf(entry: Placed<Entry>): Account {
  const { value, place } = entry
  const username = foldUsername(value.username)
  if (username === undefined) return file.refuse(place('username'), NO_USERNAME)
  refuseFaults(entry)
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

function refuseFaults({ value: { id, name, email, groups = [], password_hash }, place }: Placed<Entry>): void {
  if (id !== undefined && !isId(id)) file.refuse(place('id'), `id must ${SEEN}, in normal form C`)
  if (!isName(name)) file.refuse(place('name'), `name must ${SEEN}`)
  if (email !== undefined && !isEmail(email)) file.refuse(place('email'), `email must ${SEEN} or within`)
  const badGroup = groups.findIndex((group) => !isGroup(group) || !canBeListed(group))
  if (badGroup !== -1) file.refuse(place('groups', badGroup), `group ${badGroup + 1} must ${SEEN}, without a comma`)
  const fault = faultOfHash(password_hash)
  if (fault !== undefined) file.refuse(place('password_hash'), `password_hash ${fault}`)
}
