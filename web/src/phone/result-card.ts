import { phone as phoneWords } from '#messages/phone'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import type { TitledWords } from '../page/words.ts'

export type ResultView =
  | { readonly kind: 'match'; readonly matchCode: string; readonly words: TitledWords }
  | { readonly kind: 'waiting' | 'ended'; readonly words: TitledWords }
  | { readonly kind: 'done'; readonly browser: string }

export interface ResultCard {
  show(view: ResultView): void
  /** @param hasOthers whether there are other devices to sign out */
  offerToEndOthers(hasOthers: boolean): void
}

export interface ResultCardParts {
  readonly root: ParentNode
  readonly onAgain: () => void
  readonly onEndOthers: () => void
}

/** What came of a decision: the number to type, the wait for the browser, the end. */
export function createResultCard({ root, onAgain, onEndOthers }: ResultCardParts): ResultCard {
  const card = findPart(root, '#result', HTMLElement)
  const title = findPart(card, 'h1', HTMLElement)
  const more = findPart(card, '.result-more', HTMLElement)
  const code = findPart(card, '#match-code', HTMLOutputElement)
  const how = findPart(card, '.match-how', HTMLElement)
  const again = findPart(card, '#again', HTMLButtonElement)
  const notYou = findPart(card, '.not-you', HTMLElement)
  const endOthers = findPart(notYou, 'button', HTMLButtonElement)
  again.addEventListener('click', onAgain)
  endOthers.addEventListener('click', onEndOthers)

  return {
    show(view) {
      card.setAttribute('data-result', view.kind)
      if (view.kind === 'done') fill(title, (browser) => phoneWords.done({ browser }), view.browser)
      else title.textContent = view.words.title
      more.textContent = view.kind === 'done' ? '' : view.words.more
      more.hidden = more.textContent === ''
      code.textContent = view.kind === 'match' ? view.matchCode : ''
      code.hidden = view.kind !== 'match'
      how.hidden = view.kind !== 'match'
      notYou.hidden = view.kind === 'done' || view.words.mayBeAttack === undefined
      again.hidden = view.kind === 'match' || view.kind === 'waiting'
    },
    offerToEndOthers: (hasOthers) => {
      endOthers.hidden = !hasOthers
    },
  }
}
