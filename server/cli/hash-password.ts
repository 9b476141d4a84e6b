import { hashPassword } from '../identity/passwords.ts'
import { askPassword } from './password-prompt.ts'
import { type Command, UsageError } from './terminal.ts'

/** Reads a password from the terminal or a pipe, prints its hash for an accounts file. */
export const hashPasswordOf: Command = async (args, terminal) => {
  if (args.length > 0) throw new UsageError('A password is asked for, and no argument: others can read those.')
  terminal.print(`${await hashPassword(await askPassword(terminal, ['Password: ']))}\n`)
}
