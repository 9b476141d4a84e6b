import { findPart } from '../page/find-part.ts'
import { digitsOf } from '../wire/match-code.ts'

export interface DigitBoxes {
  digits(): string
  clear(): void
}

/**
 * One real field, so that typing, pasting, filling in and reading aloud are the browser's, over six boxes that show what is
 * in it. It keeps digits alone, whatever they came in.
 * @param onChange told of the digits when they are others
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
  // What an input method is still writing is its own, and seen.
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
