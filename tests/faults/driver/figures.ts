import type { LoginHistory } from '../checker/history.ts'
import type { Played } from './drive.ts'

/** What a run was, in numbers. */
export interface Figures {
  logins: number
  calls: number
  signedIn: number
  denied: number
  /** Calls by what came back; `none` for no reply. */
  replies: Readonly<Record<string, number>>
  /** From confirm to session, in whole milliseconds: the middle, 99 of 100, the longest. */
  waits: { median: number; p99: number; longest: number }
}

export function figuresOf(played: readonly Played[]): Figures {
  const histories = played.map(({ history }) => history)
  const waits = played.flatMap(({ waitMs }) => waitMs ?? [])
  const calls = histories.flatMap((history) => history.calls)
  const has = (said: string) => (history: LoginHistory) => history.calls.some(({ answer }) => answer?.said === said)
  const replies: Record<string, number> = {}
  for (const { answer } of calls) {
    const kind = String(answer?.status ?? 'none')
    replies[kind] = (replies[kind] ?? 0) + 1
  }
  return {
    logins: histories.length,
    calls: calls.length,
    signedIn: histories.filter(({ calls: own }) => own.some(({ answer }) => answer?.session !== undefined)).length,
    denied: histories.filter(has('denied')).length,
    replies,
    waits: { median: quantile(waits, 0.5), p99: quantile(waits, 0.99), longest: quantile(waits, 1) },
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}
