import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { parse } from 'yaml'
import type { PasswordVerifier, User } from './identity.ts'
import { dearestParameters, hashPassword, isPasswordHash, isPasswordRight } from './passwords.ts'

export interface Account {
  username: string
  user: User
  passwordHash: string
}

const accountsFile = Type.Array(
  Type.Object(
    {
      id: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
      username: Type.String({ minLength: 1, maxLength: 255 }),
      name: Type.String({ minLength: 1, maxLength: 255 }),
      email: Type.Optional(Type.String({ maxLength: 255 })),
      groups: Type.Optional(Type.Array(Type.String({ maxLength: 255 }))),
      password_hash: Type.String(),
    },
    { additionalProperties: false },
  ),
)
const validator = Compile(accountsFile)

/** An accounts file that cannot be used; the message says where, and repeats nothing of it but the place. */
export class AccountsFileError extends Error {
  override name = 'AccountsFileError'
}

/**
 * Reads an accounts file.
 * @param text JSON or YAML: a list of `{id?, username, name, email?, groups?, password_hash}`
 * @throws AccountsFileError
 */
export function parseAccounts(text: string): Account[] {
  const accounts = parseList(text).map(({ id, username, password_hash, ...rest }) => ({
    username,
    user: { id: id ?? username, ...rest },
    passwordHash: password_hash,
  }))
  const badHash = accounts.findIndex(({ passwordHash }) => !isPasswordHash(passwordHash))
  if (badHash !== -1) {
    throw new AccountsFileError(
      `entry ${badHash + 1}: password_hash is no Argon2id hash; npm run hash-password makes one`,
    )
  }
  refuseTwins(
    accounts.map(({ username }) => username),
    'username',
  )
  refuseTwins(
    accounts.map(({ user }) => user.id),
    'id',
  )
  return accounts
}

function parseList(text: string): Static<typeof accountsFile> {
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    throw new AccountsFileError('neither JSON nor YAML', { cause })
  }
  if (validator.Check(value)) return value
  const [first] = validator.Errors(value)
  const where = first?.instancePath ? `${first.instancePath}: ` : ''
  throw new AccountsFileError(`${where}${first?.message ?? 'not a list of accounts'}`)
}

function refuseTwins(values: string[], what: string): void {
  const twin = values.findIndex((value, at) => values.indexOf(value) !== at)
  if (twin !== -1) throw new AccountsFileError(`entry ${twin + 1}: its ${what} is taken`)
}

/** The one account of a start without an accounts file. */
export async function demoAccount(password: string): Promise<Account> {
  return { username: 'demo', user: { id: 'demo', name: 'Demo Person' }, passwordHash: await hashPassword(password) }
}

/** Checks passwords against accounts. An unknown username takes as long as a wrong password. */
export async function createAccounts(accounts: readonly Account[]): Promise<PasswordVerifier> {
  const byUsername = new Map(accounts.map((account) => [account.username, account]))
  // As dear as the dearest: with hashes of one cost, which is what hash-password makes, all take the same time.
  const nobody = await hashPassword(
    'the password of nobody',
    dearestParameters(accounts.map((account) => account.passwordHash)),
  )
  return async (username, password) => {
    const account = byUsername.get(username)
    const isRight = await isPasswordRight(account?.passwordHash ?? nobody, password)
    return isRight ? account?.user : undefined
  }
}
