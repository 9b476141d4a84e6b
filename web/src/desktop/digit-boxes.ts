import { findPart } from '../page/find-part.ts'
import { digitsOf } from '../wire/match-code.ts'

export interface DigitBoxes {
  digits(): string
  clear(): void
}

/**
 * One real input over six boxes that show its digits, so that the browser does the typing, pasting, autofill and
 * reading aloud. The input keeps only the digits of what it is given.
 * @param onChange called with the digits when they have changed
 */
export function createDigitBoxes(
  root: ParentNode,
  onChange: (digits: string) => void,
  signal: AbortSignal,
): DigitBoxes {
  const input = findPart(root, '#match-code', HTMLInputElement)
  const boxes = [...findPart(root, '.boxes', HTMLElement).children]
  let shown = ''

  const digitsIn = () => digitsOf(input.value).slice(0, boxes.length)
  const draw = () => {
    const digits = digitsIn()
    const caret = Math.min(input.selectionStart ?? digits.length, boxes.length - 1)
    for (const [at, box] of boxes.entries()) {
      box.textContent = digits[at] ?? ''
      box.classList.toggle('next', at === caret)
    }
  }
  const take = () => {
    const digits = digitsIn()
    if (input.value !== digits) input.value = digits
    const isOther = digits !== shown
    shown = digits
    draw()
    if (isOther) onChange(digits)
  }
  // While an input method is composing, its text is shown and not changed.
  const onInput = (event: Event) => {
    if (event instanceof InputEvent && event.isComposing) draw()
    else take()
  }
  input.addEventListener('input', onInput, { signal })
  input.addEventListener('compositionend', take, { signal })
  document.addEventListener('selectionchange', draw, { signal })

  return {
    digits: digitsIn,
    clear() {
      input.value = ''
      shown = ''
      draw()
    },
  }
}
