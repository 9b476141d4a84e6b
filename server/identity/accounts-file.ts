import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { isNode, isSeq, LineCounter, parseDocument, YAMLError } from 'yaml'
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
const validator = Compile(entry)

type Entry = Static<typeof entry>

/** Of a hash, so that a changed password can be told: no password can be tried on it without the salt in the hash. */
const CREDENTIAL_LENGTH = 22

/** An accounts file that cannot be used; the message says where, and repeats nothing of it but the place. */
export class AccountsFileError extends Error {
  override name = 'AccountsFileError'

  constructor(message: string, options?: ErrorOptions) {
    super(`ACCOUNTS_FILE${message}`, options)
  }
}

/** @throws AccountsFileError */
export async function readAccountsFile(path: string): Promise<Account[]> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new AccountsFileError(' cannot be read', { cause })
  }
  // Bytes that are none would all become the same character, and two names one.
  if (!isUtf8(bytes)) throw new AccountsFileError(': not UTF-8')
  return parseAccounts(bytes.toString())
}

/**
 * Reads an accounts file.
 * @param text JSON or YAML: a list of `{id?, username, name, email?, groups?, password_hash, disabled?}`
 * @throws AccountsFileError
 */
export function parseAccounts(text: string): Account[] {
  const entries = parseList(text)
  if (entries.length === 0) throw new AccountsFileError(': there is no account in it')
  const accounts = entries.map(({ value, place }) => accountOf(value, place))
  refuseTwins(entries, 'username', ({ username }) => username)
  refuseTwins(entries, 'id', idOf)
  return accounts
}

interface Placed<Value> {
  value: Value
  /** Where it stands, for people. */
  place: string
}

function parseList(text: string): Placed<Entry>[] {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const [error] = document.errors
  if (error !== undefined) throw unreadable(error)
  if (!isSeq(document.contents)) throw new AccountsFileError(': must be array of accounts')
  const nodes = document.contents.items
  return valuesOf(() => document.toJS()).map((value, at) => {
    const node = nodes[at]
    const line = lineCounter.linePos((isNode(node) ? node.range?.[0] : undefined) ?? 0).line
    const place = `: line ${line}, entry ${at + 1}`
    return { value: checked(value, place), place }
  })
}

function valuesOf(toJs: () => unknown): unknown[] {
  try {
    const values = toJs()
    return Array.isArray(values) ? values : []
  } catch (cause) {
    // An alias that leads nowhere, or to too much.
    throw unreadable(cause)
  }
}

function unreadable(cause: unknown): AccountsFileError {
  const line = cause instanceof YAMLError ? cause.linePos?.[0].line : undefined
  return new AccountsFileError(`${line === undefined ? '' : `: line ${line}`}: neither JSON nor YAML`, { cause })
}

function checked(value: unknown, place: string): Entry {
  if (validator.Check(value)) return value
  const [first] = validator.Errors(value)
  throw new AccountsFileError(`${place}: ${first === undefined ? 'is no account' : complaintOf(first)}`)
}

function complaintOf({ keyword, instancePath, message }: TLocalizedValidationError): string {
  // Of keys that are none, the one place that would be named is what somebody wrote there.
  if (keyword === 'boolean') return `has a key that is none of ${Object.keys(entry.properties).join(', ')}`
  const field = instancePath.slice(1).replace('/', ' ')
  return field === '' ? message : `${field} ${message}`
}

function accountOf(value: Entry, place: string): Account {
  const fault = faultOf(value)
  const username = foldUsername(value.username)
  if (fault !== undefined || username === undefined) throw new AccountsFileError(`${place}: ${fault ?? NO_USERNAME}`)
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

/** Two that sign-in or an application would take for one. */
function refuseTwins(entries: Placed<Entry>[], what: string, textOf: (entry: Entry) => string): void {
  const seen = new Map<string, number>()
  for (const [at, { value, place }] of entries.entries()) {
    const folded = foldId(textOf(value))
    const first = seen.get(folded)
    if (first !== undefined) throw new AccountsFileError(`${place}: its ${what} is taken by entry ${first + 1}`)
    seen.set(folded, at)
  }
}
