import { wayOn } from '#messages/wayOn'
import type { fill } from './fill.ts'
import { rightAddress } from './right-address.ts'

/**
 * Which address the service is at, in words, and a link to this page there.
 * @param put handed in: what comes late shares no module with the page, or would split it
 */
export function wayToRightAddress(publicUrl: string, put: typeof fill): (Node | string)[] | undefined {
  const right = rightAddress(publicUrl, location)
  if (right === undefined) return undefined
  const words = document.createElement('span')
  put(words, (address) => wayOn.wrongMore({ address }), right.host)
  const link = document.createElement('a')
  link.href = right.page
  link.textContent = wayOn.open
  return [words, ' ', link]
}
