/** `npm run hash-password`: reads a password from the terminal or a pipe, prints its hash for an accounts file. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { preparePassword } from './identity/names.ts'
import { hashPassword } from './identity/passwords.ts'

const isTerminal = process.stdin.isTTY
if (isTerminal) process.stderr.write('Password: ')
// What is typed at a terminal is not shown.
const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal })
const { value: password } = await lines[Symbol.asyncIterator]().next()
lines.close()
if (isTerminal) process.stderr.write('\n')

if (typeof password !== 'string' || password === '') {
  process.stderr.write('No password was given: nothing to hash.\n')
  process.exitCode = 1
} else if (preparePassword(password) === undefined) {
  process.stderr.write('A password has no control characters in it: nothing was hashed.\n')
  process.exitCode = 1
} else {
  process.stdout.write(`${await hashPassword(password)}\n`)
}
