import { findPart } from '../page/find-part.ts'
import type { TitledWords } from '../page/words.ts'

export type ResultView =
  | { readonly kind: 'match'; readonly matchCode: string; readonly words: TitledWords }
  | { readonly kind: 'waiting' | 'done' | 'ended'; readonly words: TitledWords }

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
      title.textContent = view.words.title
      more.textContent = view.words.more
      more.hidden = view.words.more === ''
      code.textContent = view.kind === 'match' ? view.matchCode : ''
      code.hidden = view.kind !== 'match'
      how.hidden = view.kind !== 'match'
      notYou.hidden = view.words.mayBeAttack === undefined
      again.hidden = view.kind === 'match' || view.kind === 'waiting'
    },
    offerToEndOthers: (hasOthers) => {
      endOthers.hidden = !hasOthers
    },
  }
}
