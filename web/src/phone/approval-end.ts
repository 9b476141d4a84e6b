import { phone as phoneWords } from '#messages/phone'
import { refusal as refusalWords } from '#messages/refusal'
import { setApart, type TitledWords } from '../page/words.ts'
import { loginIdOf } from '../wire/scan-link.ts'

/** `login`: one that the person may have let in, as they wanted. */
export interface EndedView {
  readonly kind: 'ended'
  readonly words: TitledWords
  readonly login?: string
}

export type Decision = 'confirm' | 'deny'

/** What the words for an end go by. */
export interface Known {
  /**
   * How far it has come. `matching`: digits are asked for, by an answer to what this phone sent, and not typed yet.
   * `may_be_in`: it may have been confirmed, also where that was taken back.
   */
  readonly standing: 'asked' | 'matching' | 'may_be_in'
  /** What the person has said last, as far as it may have been heard. */
  readonly decision: Decision | undefined
}

const ended = (words: TitledWords): EndedView => ({ kind: 'ended', words })

/** The service will say no more of it, for this. */
export const failedEnd = (why: string): EndedView => ended({ title: phoneWords.failed, more: why })

export const deniedEnd = (known: Known): EndedView => ended({ ...deniedWords(known), stranger: 'kept_out' })

function deniedWords({ standing, decision }: Known): TitledWords {
  // Its own refusal, also where the answer was lost.
  if (decision === 'deny') return phoneWords.denied
  // While digits are asked for nobody else refuses but the fifth wrong number.
  return standing === 'matching' ? phoneWords.triesUsed : phoneWords.deniedElsewhere
}

/** The person has refused a browser that has its session. */
export function tooLateEnd(browser: string): EndedView {
  const { title, more } = refusalWords.tooLate
  return ended({ title, more: more({ browser: setApart(browser) }), stranger: 'in' })
}

/**
 * What is shown of a login that is gone, where how it ended was not heard: the list says whether the browser got in. A
 * refusal may have come too late, also where another phone of this person let it in.
 */
export const unheardEnd = (token: string, decision: Decision): EndedView =>
  decision === 'deny'
    ? ended({ ...phoneWords.finished, stranger: 'may_be_in' })
    : { ...ended(phoneWords.finished), login: loginIdOf(token) }

/** As `unheardEnd`, where it may be that nothing was decided. @param goesOn by another session of the person */
export function goneEnd(token: string, { standing, decision }: Known, goesOn: boolean): EndedView {
  const isUndecided = standing === 'asked' && decision !== 'deny'
  const end = isUndecided
    ? ended(goesOn ? phoneWords.finished : phoneWords.expired)
    : unheardEnd(token, decision ?? 'confirm')
  return goesOn ? { ...end, words: { ...end.words, title: refusalWords.takenOver } } : end
}
