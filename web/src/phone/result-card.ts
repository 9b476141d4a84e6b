import { phone as phoneWords } from '#messages/phone'
import { refusal as refusalWords } from '#messages/refusal'
import { request as requestWords } from '#messages/request'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { createSettling } from '../page/settling.ts'
import { setApart, type TitledWords } from '../page/words.ts'
import type { Approval, ApprovalView } from './approval.ts'
import { createCardButtons } from './card-buttons.ts'
import { type CardMessage, createCardMessage } from './card-message.ts'
import { createKeepOffer } from './keep-offer.ts'
import type { TimeLeft } from './time-left.ts'

/** What comes after a decision. */
export type ResultView = Exclude<ApprovalView, { kind: 'asking' }>

export interface ResultCard extends Pick<CardMessage, 'isBack'> {
  /** @param approval what decides on it; left out, there is nothing to decide */
  show(view: ResultView, approval?: Approval): void
  hide(): void
  /** @param hasOthers whether there are other devices to sign out */
  offerToEndOthers(hasOthers: boolean): void
}

export interface ResultCardParts {
  readonly root: ParentNode
  readonly timeLeft: TimeLeft
  /** Tells whoever does not see it. */
  readonly say: (...sentences: readonly string[]) => void
  /** Keeps the browser signed in that this login let in. Throws what stood in the way. */
  readonly keep: (login: string) => Promise<void>
  readonly onAgain: () => void
  readonly onEndOthers: () => void
}

/** What came of a decision: the number to type, the wait for the browser, the end. */
export function createResultCard(parts: ResultCardParts): ResultCard {
  const { root, timeLeft, say, onAgain, onEndOthers } = parts
  const card = findPart(root, '#result', HTMLElement)
  const title = findPart(card, 'h1', HTMLElement)
  const who = findPart(card, '.result-who', HTMLElement)
  const more = findPart(card, '.result-more', HTMLElement)
  const code = findPart(card, '#match-code', HTMLOutputElement)
  const how = findPart(card, '.match-how', HTMLElement)
  const again = findPart(card, '#again', HTMLButtonElement)
  const notYou = findPart(card, '.not-you', HTMLElement)
  const whoIsIn = findPart(notYou, 'p', HTMLElement)
  const endOthers = findPart(notYou, 'button', HTMLButtonElement)
  const bar = findPart(card, '.result-bar', HTMLElement)
  const expiry = findPart(bar, '.result-expiry', HTMLElement)
  const message = createCardMessage(findPart(bar, '.result-message', HTMLElement))
  const deny = findPart(bar, '.result-deny', HTMLButtonElement)
  const buttons = createCardButtons([deny], message)
  const keeping = createKeepOffer(card, parts.keep)
  const settle = createSettling(card)

  again.addEventListener('click', onAgain)
  endOthers.addEventListener('click', onEndOthers)
  // Somebody who is asked for the digits by a stranger may find out only now, and can still refuse.
  deny.addEventListener('click', () => buttons.decide((approval) => approval.deny()))

  const showMatch = (match: Extract<ResultView, { kind: 'match' }> | undefined) => {
    code.textContent = match?.matchCode ?? ''
    for (const part of [code, how, bar]) part.hidden = match === undefined
    if (match === undefined) return timeLeft.stop()
    timeLeft.count(match.endsAt, (_left, words) => {
      expiry.textContent = words
    })
  }

  return {
    show(view, approval) {
      buttons.decideOn(approval)
      const words = wordsOf(view)
      const isOther = card.getAttribute('data-result') !== view.kind
      card.setAttribute('data-result', view.kind)
      if (view.kind === 'done') fill(title, (browser) => phoneWords.done({ browser }), view.browser)
      else title.textContent = words.title
      who.hidden = view.kind !== 'done'
      keeping.show(view.kind === 'done' ? view : undefined)
      more.textContent = words.more
      more.hidden = words.more === ''
      showMatch(view.kind === 'match' ? view : undefined)
      notYou.hidden = words.stranger === undefined
      whoIsIn.textContent = words.stranger === undefined ? '' : refusalWords.stranger[words.stranger]
      // While the phone waits this is the way out; request.css shows it once the wait is long.
      again.hidden = view.kind === 'match'
      say(words.title, view.kind === 'match' ? spelt(view.matchCode) : words.more)
      if (!isOther) return
      settle()
      // What had the focus may be gone.
      title.focus({ preventScroll: true })
    },
    hide() {
      timeLeft.stop()
      buttons.decideOn(undefined)
      card.removeAttribute('data-result')
    },
    isBack: message.isBack,
    offerToEndOthers: (hasOthers) => {
      endOthers.hidden = !hasOthers
    },
  }
}

function wordsOf(view: ResultView): TitledWords {
  switch (view.kind) {
    case 'match':
      return phoneWords.match
    case 'waiting':
      return { ...phoneWords.waiting, ...(view.isDevice && { more: requestWords.device.waiting }) }
    case 'done':
      return { title: phoneWords.done({ browser: setApart(view.browser) }), more: '' }
    case 'ended':
      return view.words
    default:
      return view satisfies never
  }
}

/** Digit by digit, as they are typed: a screen reader would read them as one large number. */
const spelt = (digits: string): string => [...digits].join(' ')
