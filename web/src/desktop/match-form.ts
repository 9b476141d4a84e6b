import { findPart } from '../page/find-part.ts'
import { triesLeftWords, wordsFor } from '../page/words.ts'
import { ApiError } from '../wire/api-error.ts'
import { digitsOf } from '../wire/match-code.ts'

export interface MatchForm {
  show(): void
  hide(): void
}

/** The desktop's form for the number that the phone shows. */
export function createMatchForm(root: ParentNode, submit: (matchCode: string) => Promise<void>): MatchForm {
  const form = findPart(root, '#match-form', HTMLFormElement)
  const input = findPart(form, '#match-code', HTMLInputElement)
  const button = findPart(form, 'button', HTMLButtonElement)
  const message = findPart(form, '#match-message', HTMLElement)
  let busy = false

  const say = (words: string, wrong: boolean) => {
    message.textContent = words
    message.classList.toggle('wrong', wrong)
    input.setAttribute('aria-invalid', String(wrong))
  }

  const onSubmit = async () => {
    const matchCode = digitsOf(input.value)
    if (busy) return
    if (matchCode.length !== 6) return say('The number has six digits.', true)
    busy = true
    button.disabled = true
    try {
      await submit(matchCode)
    } catch (error) {
      const tries =
        error instanceof ApiError && error.triesLeft !== undefined ? ` ${triesLeftWords(error.triesLeft)}` : ''
      say(`${wordsFor(error)}${tries}`, true)
      input.select()
    } finally {
      busy = false
      button.disabled = false
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void onSubmit()
  })

  return {
    show() {
      if (!form.hidden) return
      form.hidden = false
      input.value = ''
      say('', false)
      input.focus()
    },
    hide() {
      form.hidden = true
    },
  }
}
