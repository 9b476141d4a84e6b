import { setTimeout as sleep } from 'node:timers/promises'
import type { Person, Service } from './person.ts'
import type { LoginPlan } from './plan.ts'
import type { Recorder } from './recorder.ts'

/** What the people at one login see of each other: a screen, a phone's display, and that somebody has gone. */
export interface Story {
  plan: LoginPlan
  recorder: Recorder
  service: Service
  clock: () => number
  /** Tokens, as the screen showed them, the newest last. */
  shown: string[]
  /** The digits that a phone shows. */
  digits: string | undefined
  /** A phone was told that it has confirmed. */
  isConfirmed: boolean
  phonesLeft: number
  /** When the browser was told that it is signed in. */
  signedInAt: number | undefined
  confirmedAt: number | undefined
  /** Everybody goes home. */
  end: AbortSignal
}

/** A phone that is signed in. */
export interface SignedInPhone {
  id: string
  /** Whom the service knows it to speak for. */
  personId: string
  client: Person
}

/** Lets time pass, but no longer than the story lasts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}

/** Waits until something is seen, looking as often as people do. */
export async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isSo() && !signal.aborted) await pause(GLANCE_MS, signal)
}

const GLANCE_MS = 50

/** Pauses between tries: each longer than the one before, up to a point, as pages and people make them. */
export interface Backoff {
  pause(): Promise<void>
  /** It went well. */
  reset(): void
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000

export function createBackoff(signal: AbortSignal): Backoff {
  let failures = 0
  return {
    pause: () => pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++), signal),
    reset() {
      failures = 0
    },
  }
}
