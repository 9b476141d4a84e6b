import { phone as phoneWords } from '#messages/phone'
import { refusal as refusalWords } from '#messages/refusal'
import { setApart, type TitledWords } from '../page/words.ts'
import { loginIdOf } from '../wire/scan-link.ts'

/** `login`: a login that the person may have approved, as they wanted to. */
export interface EndedView {
  readonly kind: 'ended'
  readonly words: TitledWords
  readonly login?: string
}

export type Decision = 'confirm' | 'deny'

/** What the page knows of a login when it words its end. */
export interface Known {
  /**
   * How far it has come. `matching`: the service has asked for digits in answer to this phone, and they are not typed
   * yet. `may_be_in`: it may have been confirmed, even if that was taken back later.
   */
  readonly standing: 'asked' | 'matching' | 'may_be_in'
  /** The person's last decision that may have reached the service. */
  readonly decision: Decision | undefined
}

const ended = (words: TitledWords): EndedView => ({ kind: 'ended', words })

/** The end of a login of which the service says no more, for this reason. */
export const failedEnd = (why: string): EndedView => ended({ title: phoneWords.failed, more: why })

export const deniedEnd = (known: Known): EndedView => ended({ ...deniedWords(known), stranger: 'kept_out' })

function deniedWords({ standing, decision }: Known): TitledWords {
  // The person's own refusal, even if its answer was lost.
  if (decision === 'deny') return phoneWords.denied
  // While digits are asked for, only the fifth wrong number denies a login, unless the person does.
  return standing === 'matching' ? phoneWords.triesUsed : phoneWords.deniedElsewhere
}

/** The person has refused too late: the browser has its session. */
export function tooLateEnd(browser: string): EndedView {
  const { title, more } = refusalWords.tooLate
  return ended({ title, more: more({ browser: setApart(browser) }), stranger: 'in' })
}

/**
 * The end of a login that is gone, if the page has not heard how it ended: the list of devices shows whether the
 * browser got in. A refusal may have come too late, even for an approval by another phone of this person.
 */
export const unheardEnd = (token: string, decision: Decision): EndedView =>
  decision === 'deny'
    ? ended({ ...phoneWords.finished, stranger: 'may_be_in' })
    : { ...ended(phoneWords.finished), login: loginIdOf(token) }

/**
 * As `unheardEnd`, for a login on which perhaps nothing was decided.
 * @param goesOn whether another session of the person goes on with it
 */
export function goneEnd(token: string, { standing, decision }: Known, goesOn: boolean): EndedView {
  const isUndecided = standing === 'asked' && decision !== 'deny'
  const end = isUndecided
    ? ended(goesOn ? phoneWords.finished : phoneWords.expired)
    : unheardEnd(token, decision ?? 'confirm')
  return goesOn ? { ...end, words: { ...end.words, title: refusalWords.takenOver } } : end
}
