import { firstUse } from '../page/first-use.ts'
import type { WakeSource } from '../poll/page-wake.ts'
import { untilAnswered } from '../poll/retry.ts'
import type { Api } from '../wire/api.ts'
import type { Clock } from '../wire/clock.ts'
import { endingIn } from '../wire/ending.ts'
import { linkAbort } from '../wire/linked-abort.ts'
import type { Assertion } from '../wire/passkey-protocol.ts'
import type { Authenticator } from './authenticator.ts'

export interface PasskeyOffersParts {
  /** Where the person begins to use the page. */
  readonly page: Pick<EventTarget, 'addEventListener'>
  readonly api: Pick<Api, 'passkeySignInOptions'>
  readonly authenticator: Pick<Authenticator, 'canFillIn' | 'fillIn'>
  readonly clock: Clock
  readonly random: () => number
  readonly wake: WakeSource
  /** Told of one that the person has picked. Never rejects. */
  readonly onPicked: (assertion: Assertion) => Promise<void>
  /**
   * Called when the person picked one after its challenge was over, which the service would take for a wrong one.
   * Another challenge is on its way.
   */
  readonly onPickedLate: () => void
  readonly signal: AbortSignal
}

/** So long before a challenge is over, a new one takes its place. */
const EARLY_MS = 60_000

/**
 * Offers passkeys where the browser fills in names, by one challenge after the other. Never rejects: nobody is told what
 * goes wrong before they pick one, and there is a button too.
 */
export async function offerPasskeys(parts: PasskeyOffersParts): Promise<void> {
  const { authenticator, onPicked, signal } = parts
  try {
    // Two requests, for which the form does not wait.
    await firstUse(parts)
    if (!(await retrying(() => authenticator.canFillIn(), parts))) return
    while (!signal.aborted) {
      const assertion = await offerOnce(parts)
      if (assertion !== undefined) await onPicked(assertion)
    }
  } catch {
    // The button is still there.
  }
}

/** @returns what was picked; nothing where it is time for a new challenge, or the offer has ended */
async function offerOnce(parts: PasskeyOffersParts): Promise<Assertion | undefined> {
  const { api, authenticator, clock, wake, onPickedLate, signal } = parts
  const options = await retrying(() => api.passkeySignInOptions(), parts)
  if (options === undefined || signal.aborted) return undefined
  const turn = linkAbort(signal)
  const ending = endingIn(clock, options.timeout)
  void clock.sleep(options.timeout - EARLY_MS, turn.signal).then(turn.abort)
  // The clock may have stood still while the device slept.
  const stopListening = wake.onWake(() => {
    if (ending.mayBeOver(EARLY_MS)) turn.abort()
  })
  try {
    const assertion = await authenticator.fillIn(options, turn.signal)
    if (!ending.mayBeOver()) return assertion
    onPickedLate()
    return undefined
  } catch (error) {
    // The offer has ended for a new challenge, unless the button has begun another way.
    if (turn.signal.aborted && !signal.aborted) return undefined
    throw error
  } finally {
    stopListening()
    turn.abort()
    turn.unlink()
  }
}

const retrying = <T>(ask: () => Promise<T>, parts: PasskeyOffersParts): Promise<T | undefined> =>
  untilAnswered(ask, { ...parts, onFailure: () => undefined })
