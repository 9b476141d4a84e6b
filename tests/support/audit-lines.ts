import { type Logger, pino } from 'pino'

export interface AuditLine {
  audit: string
  outcome: string
  [key: string]: unknown
}

/** The audit lines in a log, in their order. */
export function auditLinesIn(log: string): AuditLine[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"audit":'))
    .map((line) => JSON.parse(line))
}

export interface KeptLog {
  logger: Logger
  text(): string
  /** The audit lines since it was asked last. */
  news(): AuditLine[]
}

/** A logger that keeps its lines, for apps in this process. */
export function keepLog(level = 'info'): KeptLog {
  let text = ''
  let told = 0
  function write(line: string): void {
    text += line
  }
  const logger = pino({ level, base: null }, { write })
  return {
    logger,
    text: () => text,
    news() {
      const lines = auditLinesIn(text)
      const fresh = lines.slice(told)
      told = lines.length
      return fresh
    },
  }
}

/** Lines as their names, sorted. */
export function namesOf(lines: readonly AuditLine[]): string[] {
  return lines.map(({ audit }) => audit).sort()
}
