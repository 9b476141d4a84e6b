// Sentences that are put together, in the page's language. Nothing here repeats what somebody typed.
import { browser } from '#messages/browser'
import { problem } from '#messages/problem'
import { trouble } from '#messages/trouble'
import { ApiError, type ProblemCode } from '../wire/api-error.ts'
import { DecodeError } from '../wire/decoding.ts'
import type { Application } from '../wire/protocol.ts'
import { inWords } from './moment-words.ts'

const problemWords = new Map<string, string>(Object.entries(problem))

/** Has a page say more: the login page's script has no words for what only those are told who are, or were, signed in. */
export function learnProblems(more: Readonly<Partial<Record<ProblemCode, string>>>): void {
  for (const [code, words] of Object.entries(more)) problemWords.set(code, words)
}

const problemWordsFor = (code: string): string => problemWords.get(code) ?? problem.unrecognised

/** What to tell a person about something that was caught. */
export function wordsFor(error: unknown): string {
  if (error instanceof ApiError) return withWait(problemWordsFor(error.code), error.retryAfterSeconds)
  if (error instanceof DecodeError) return problem.unrecognised
  return trouble.unreachable
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

/** A browser and its system, as people would say them. */
export const browserWords = ({ name, os }: { name: string; os: string }): string =>
  name !== '' && os !== '' ? browser.onSystem({ name, os }) : name || os || browser.unknown

/** A host name as people know it out of an address; what is none stays as it is. */
export function hostOf(origin: string): string {
  try {
    return new URL(origin).host
  } catch {
    return origin
  }
}

/** An application, and where it is unless its name says so. */
export function applicationWords({ name, origin }: Pick<Application, 'name' | 'origin'>): {
  name: string
  place: string
} {
  const place = origin === undefined ? '' : hostOf(origin)
  return { name, place: place === name ? '' : place }
}

/** A heading and what there is to say under it. */
export interface TitledWords {
  readonly title: string
  readonly more: string
  /** Somebody else may have begun it: what to do next is said too. */
  readonly mayBeAttack?: true
}

/** Address, and place where it is known. */
export const whereWords = ({ ip, place }: { ip: string; place: string | undefined }): string =>
  place === undefined ? ip : `${ip} · ${place}`

/** In a text as `fill` does in a part: by the signs that are there for it (isolates, Unicode UAX #9). */
export const setApart = (value: string): string => `\u2068${value}\u2069`
