import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { preparePassword } from '../identity/names.ts'
import { CommandError, type Terminal } from './terminal.ts'

/**
 * Asks for a password, which is not shown, or reads the first line of what is piped in.
 * @param questions the same password has to be the answer to each; of a pipe the first line is
 */
export async function askPassword({ input, note }: Terminal, questions: readonly string[]): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: input.isTTY === true })
  lines.once('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()

  async function ask(question: string): Promise<string> {
    if (input.isTTY) note(question)
    const { value } = await answers.next()
    if (input.isTTY) note('\n')
    // A shell of Windows puts a byte order mark before what it pipes.
    return (value ?? '').replace(/^\ufeff/, '')
  }

  try {
    const [first = '', ...more] = questions
    const password = await ask(first)
    if (password === '') throw new CommandError('No password was given: nothing was done.')
    if (preparePassword(password) === undefined)
      throw new CommandError('A password has no control characters in it: nothing was done.')
    for (const question of input.isTTY ? more : []) {
      if ((await ask(question)) !== password) throw new CommandError('These are two different ones: nothing was done.')
    }
    return password
  } finally {
    lines.close()
  }
}
