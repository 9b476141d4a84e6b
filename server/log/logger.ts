import { type DestinationStream, type Logger, pino } from 'pino'
import type { LogLevel } from '../config/config.ts'

/** JSON lines. */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: plainError } }
  return pino(options, destination)
}

/** What stands in the place of lines that could not be written. */
export function lineOfLost(lines: number): string {
  const { warn } = pino.levels.values
  return `${JSON.stringify({ level: warn, time: new Date().toISOString(), lines, msg: 'lines of the log are lost: nobody took them' })}\n`
}

interface PlainError {
  type: string
  message: string
  stack: string | undefined
  cause?: PlainError
}

/** An error without the properties that libraries hang on it: a Redis error's has the command, and so the record. */
function plainError(error: unknown): PlainError | undefined {
  if (!(error instanceof Error)) return undefined
  const plain = { type: error.name, message: error.message, stack: error.stack }
  const cause = plainError(error.cause)
  return cause === undefined ? plain : { ...plain, cause }
}
