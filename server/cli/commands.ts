import { ConfigError } from '../config/environment.ts'
import { codeOf } from '../errors.ts'
import { ListFileError } from '../files/list-file.ts'
import { StoreSettingError } from '../store/store-setting-error.ts'
import { ACCOUNTS_USAGE, accounts } from './accounts-command.ts'
import { ADMIN_USAGE, admin } from './admin-command.ts'
import { copyStore } from './copy-store.ts'
import { hashPasswordOf } from './hash-password.ts'
import { makeSigningKey } from './make-signing-key.ts'
import { type Command, CommandError, type Terminal, UsageError } from './terminal.ts'

const COMMANDS: Readonly<Record<string, Command>> = {
  accounts,
  admin,
  'hash-password': hashPasswordOf,
  'make-signing-key': makeSigningKey,
  'copy-store': copyStore,
}

const USAGE = `People of an accounts file (ACCOUNTS_FILE, or --file PATH):
${ACCOUNTS_USAGE}
What a service that runs is asked, at ADMIN_PORT by ADMIN_TOKEN (or at --url URL):
${ADMIN_USAGE}
Others:
  scanin hash-password                    a password's hash
  scanin make-signing-key [EdDSA|RS256]   a key for SIGNING_KEYS_FILE
  scanin copy-store FROM TO               a copy of a STORE_PATH, also while services run on it

A password is asked for, or read from standard input; it is never an argument.
`

/** Errors that whoever typed the command can mend: a line says how, and a stack would not help. */
const THEIRS = [CommandError, ConfigError, ListFileError, StoreSettingError]

/** @returns the exit code: 1 when it could not be done, 2 when it is no command */
export async function runCommand([name = 'help', ...args]: string[], terminal: Terminal): Promise<number> {
  if (['help', '--help', '-h'].includes(name)) {
    terminal.print(USAGE)
    return 0
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command === undefined) throw new UsageError('There is no such command.')
    await command(args, terminal)
    return 0
  } catch (error) {
    return tell(error, terminal)
  }
}

function tell(error: unknown, { note }: Terminal): number {
  if (isOfUsage(error)) {
    note(`${error.message}\n\n${USAGE}`)
    return 2
  }
  const isTheirs = THEIRS.some((kind) => error instanceof kind)
  note(`${error instanceof Error ? (isTheirs ? error.message : error.stack) : error}\n`)
  return 1
}

/** Ours, or what Node's `parseArgs` says of an option that is none. */
function isOfUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && codeOf(error)?.startsWith('ERR_PARSE_ARGS') === true
}
