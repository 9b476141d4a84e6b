import { wayOn } from '#messages/wayOn'
import { fill } from './fill.ts'
import { rightAddress } from './right-address.ts'

/** Which address the service is at, in words, and a link to this page there. */
export function wayToRightAddress(publicUrl: string): (Node | string)[] | undefined {
  const right = rightAddress(publicUrl, location)
  if (right === undefined) return undefined
  const words = document.createElement('span')
  fill(words, (address) => wayOn.wrongMore({ address }), right.host)
  const link = document.createElement('a')
  link.href = right.page
  link.textContent = wayOn.open
  return [words, ' ', link]
}
