import type { ReadStream } from 'node:tty'
import type { Environment } from '../config/environment.ts'

/** What a command has of the process that it runs in. */
export interface Terminal {
  env: Environment
  readFile: (path: string) => string
  input: ReadStream
  /** What was asked for. */
  print(text: string): void
  /** What is said besides: questions, and what went wrong. */
  note(text: string): void
}

/** A part of the command line that does something. Rejects with `CommandError`, or an error that is for people to read. */
export type Command = (args: string[], terminal: Terminal) => Promise<void>

/** What whoever typed the command can mend, in a sentence. */
export class CommandError extends Error {
  override name = 'CommandError'
}

/** A command that is none, or not complete: how it is written says the usage. */
export class UsageError extends Error {
  override name = 'UsageError'
}
