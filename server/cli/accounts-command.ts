import { realpath } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { EnvironmentReader } from '../config/environment.ts'
import { codeInBrackets, codeOf } from '../errors.ts'
import { readText, UnreadableFileError } from '../files/list-file.ts'
import { normal } from '../identity/names.ts'
import { hashPassword } from '../identity/passwords.ts'
import { type AccountChange, accountsIn, changedAccounts, indexOf, type WrittenAccount } from './accounts-text.ts'
import { withLock } from './file-lock.ts'
import { askPassword } from './password-prompt.ts'
import { replaceFile } from './replace-file.ts'
import { columns } from './table.ts'
import { type Command, CommandError, type Terminal, UsageError } from './terminal.ts'

export const ACCOUNTS_USAGE = `  scanin accounts list [--json]
  scanin accounts add USERNAME --name NAME [--email EMAIL] [--group GROUP]... [--id ID] [--disabled]
  scanin accounts passwd USERNAME         another password; it ends all their sessions
  scanin accounts disable USERNAME        out at once, and kept in the file
  scanin accounts enable USERNAME
`

const PASSWORD_QUESTIONS = ['New password: ', 'Once more: ']
const NEWS = 'Services that read it know within seconds.'

type Options = ReturnType<typeof optionsOf>['values']

/** Changes people of an accounts file, one process at a time. Services that follow the file need not be told. */
export const accounts: Command = async (args, terminal) => {
  const { values, positionals } = optionsOf(args)
  const [what, username, ...more] = positionals
  const path = await pathOf(values, terminal)
  if (what === 'list' && username === undefined) return list(path, values, terminal)
  if (username === undefined || more.length > 0) throw new UsageError('What is to be done, and to whom?')
  switch (what) {
    case 'add':
      return add(path, username, values, terminal)
    case 'passwd':
      return setPassword(path, username, terminal)
    case 'disable':
      return setDisabled(path, username, true, terminal)
    case 'enable':
      return setDisabled(path, username, false, terminal)
    default:
      throw new UsageError('There is no such command for accounts.')
  }
}

function optionsOf(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      json: { type: 'boolean' },
      name: { type: 'string' },
      email: { type: 'string' },
      group: { type: 'string', multiple: true },
      id: { type: 'string' },
      disabled: { type: 'boolean' },
    },
  })
}

/** A link stays one: what it leads to is changed. */
async function pathOf({ file }: Options, { env, readFile }: Terminal): Promise<string> {
  const named = file ?? new EnvironmentReader(env, readFile).text('ACCOUNTS_FILE')
  if (named === undefined) throw new CommandError('Which file? --file PATH says it, or ACCOUNTS_FILE.')
  const folder = await realpath(dirname(named)).catch(() => {
    throw new CommandError(`${dirname(named)} is no folder that can be read.`)
  })
  return realpath(named).catch(() => join(folder, basename(named)))
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readText(path, path)
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error
    if (codeOf(error.cause) === 'ENOENT') return undefined
    throw new CommandError(`${path} cannot be read${codeInBrackets(error.cause)}.`, { cause: error.cause })
  }
}

async function accountsAt(path: string): Promise<WrittenAccount[]> {
  const text = await textOf(path)
  if (text === undefined) throw new CommandError(`There is no ${path}; scanin accounts add makes it.`)
  return accountsIn(text)
}

async function change(path: string, what: AccountChange): Promise<void> {
  await withLock(`${path}.lock`, async (lock) => {
    const text = (await textOf(path)) ?? (extname(path) === '.json' ? '[]\n' : '')
    await replaceFile(path, changedAccounts(text, what), lock.check)
  })
}

async function list(path: string, { json }: Options, { print }: Terminal): Promise<void> {
  const people = (await accountsAt(path)).map(({ password_hash: _hash, ...shown }) => shown)
  if (json) return print(`${JSON.stringify(people, undefined, 2)}\n`)
  const rows = people.map(({ username, id = normal(username), name, email = '', groups = [], disabled }) => [
    ...[username, id, name, email, groups.join(', ')],
    disabled ? 'disabled' : '',
  ])
  print(columns([['USERNAME', 'ID', 'NAME', 'EMAIL', 'GROUPS', ''], ...rows]))
}

async function add(path: string, username: string, options: Options, terminal: Terminal): Promise<void> {
  const { name, email, group, id, disabled } = options
  if (name === undefined) throw new UsageError('--name NAME says what people see.')
  const account = {
    ...(id === undefined ? {} : { id }),
    ...{ username, name },
    ...(email === undefined ? {} : { email }),
    ...(group === undefined ? {} : { groups: group }),
    password_hash: await hashPassword(await askPassword(terminal, PASSWORD_QUESTIONS)),
    ...(disabled ? { disabled } : {}),
  }
  await change(path, { kind: 'add', account })
  terminal.print(`${username} was added to ${path}. ${NEWS}\n`)
}

async function setPassword(path: string, username: string, terminal: Terminal): Promise<void> {
  // Before anybody types a password for nothing.
  indexOf(username, await accountsAt(path))
  const value = await hashPassword(await askPassword(terminal, PASSWORD_QUESTIONS))
  await change(path, { kind: 'set', username, key: 'password_hash', value })
  terminal.print(`${username} has a new password in ${path}, and no session of before is good any more. ${NEWS}\n`)
}

async function setDisabled(path: string, username: string, isDisabled: boolean, { print }: Terminal): Promise<void> {
  await accountsAt(path)
  await change(path, { kind: 'set', username, key: 'disabled', value: isDisabled || undefined })
  print(`${username} is ${isDisabled ? 'disabled' : 'enabled'} in ${path}. ${NEWS}\n`)
}
