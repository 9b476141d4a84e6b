import { wayOn } from '#messages/wayOn'
import { rightAddress } from '../page/right-address.ts'
import type { TitledWords } from '../page/words.ts'

export interface WrongAddressParts {
  readonly publicUrl: string
  readonly setApart: (value: string) => string
  readonly say: (words: TitledWords) => void
  readonly button: HTMLButtonElement
}

/** For a page that was opened at another address than the service has: says which is right, and has the button lead there. */
export function leadToRightAddress({ publicUrl, setApart, say, button }: WrongAddressParts): void {
  const right = rightAddress(publicUrl, location)
  if (right === undefined) return
  say({ title: wayOn.wrongTitle, more: wayOn.wrongMore({ address: setApart(right.host) }) })
  button.textContent = wayOn.open
  const leave = (event: Event) => {
    event.stopImmediatePropagation()
    location.assign(right.page)
  }
  button.addEventListener('click', leave, { capture: true })
}
