// What went wrong, in the page's language. Apart from the other words: no page needs these for its first view.
import { problem } from '#messages/problem'
import { trouble } from '#messages/trouble'
import { ApiError, ConnectionError, type ProblemCode } from '../wire/api-error.ts'
import { DecodeError } from '../wire/decoding.ts'
import { inWords } from './moment-words.ts'

const problemWords = new Map<string, string>(Object.entries(problem))

/** Adds words that the login page's script lacks: for problems of those who are, or were, signed in. */
export function learnProblems(more: Readonly<Partial<Record<ProblemCode, string>>>): void {
  for (const [code, words] of Object.entries(more)) problemWords.set(code, words)
}

const problemWordsFor = (code: string): string => problemWords.get(code) ?? problem.unrecognised

/** What to tell a person about something that was caught. */
export function wordsFor(error: unknown): string {
  if (error instanceof ApiError) return withWait(problemWordsFor(error.code), error.retryAfterSeconds)
  if (error instanceof DecodeError) return problem.unrecognised
  return error instanceof ConnectionError ? trouble.unreachable : problem.internal_error
}

function withWait(words: string, retryAfterSeconds: number | undefined): string {
  if (retryAfterSeconds === undefined || retryAfterSeconds === 0) return words
  return trouble.withWait({ what: words, when: inWords(retryAfterSeconds) })
}

/** As `wordsFor`, where the page tries again by itself. */
export function retryingWords(error: unknown): string {
  if (!(error instanceof ApiError)) return trouble.retrying({ what: wordsFor(error) })
  const what = problemWordsFor(error.code)
  const wait = error.retryAfterSeconds
  return wait ? `${what} ${trouble.tryingIn({ when: inWords(wait) })}` : trouble.retrying({ what })
}
