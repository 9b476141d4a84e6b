import { findPart } from '../page/find-part.ts'
import type { TitledWords } from '../page/words.ts'

/** Asks the person something plainly, over the page, and answers whether they said yes. */
export type AskPerson = (words: TitledWords) => Promise<boolean>

/** `#question`: whatever has the focus gets it back, if it is still there. */
export function createQuestion(root: ParentNode): AskPerson {
  const dialog = findPart(root, '#question', HTMLDialogElement)
  const title = findPart(dialog, 'h2', HTMLElement)
  const more = findPart(dialog, 'p', HTMLElement)
  findPart(dialog, '.question-yes', HTMLButtonElement).addEventListener('click', () => dialog.close('yes'))
  findPart(dialog, '.question-no', HTMLButtonElement).addEventListener('click', () => dialog.close(''))

  return (words) => {
    title.textContent = words.title
    more.textContent = words.more
    dialog.returnValue = ''
    dialog.showModal()
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true })
    })
  }
}
