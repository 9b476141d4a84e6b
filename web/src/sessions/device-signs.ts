import { findPart } from '../page/find-part.ts'
import type { BrowserName } from '../wire/protocol.ts'
import type { SessionKind } from '../wire/session-protocol.ts'

// The signs themselves are in web/public/signs.svg, which is loaded once one is drawn. A system without one gets the
// sign of its kind.
const systems: Readonly<Record<string, string>> = {
  Windows: 'windows',
  macOS: 'macos',
  Linux: 'linux',
  Android: 'android',
  iOS: 'ios',
  'Chrome OS': 'chromeos',
}
const browsers: Readonly<Record<string, string>> = {
  Chrome: 'chrome',
  Chromium: 'chrome',
  Firefox: 'firefox',
  Safari: 'safari',
  'Microsoft Edge': 'edge',
  Opera: 'opera',
  'Samsung Internet for Android': 'samsung',
}

/** Makes a part of the page one that signs are drawn into, as a row of the list has one. */
export function makeRoomForSigns(part: Element, root: ParentNode): void {
  const template = findPart(root, '#session-template', HTMLTemplateElement)
  const icon = findPart(template.content, '.device-icon', HTMLElement)
  part.replaceChildren(...[...icon.children].map((sign) => sign.cloneNode(true)))
}

/** Draws what system it is, and which browser, if that is known. */
export function drawSigns(icon: Element, { name, os }: BrowserName, kind: SessionKind): void {
  use(icon, '.system-sign', systems[os] ?? kind)
  use(icon, '.browser-sign', browsers[name])
}

function use(icon: Element, part: string, sign: string | undefined): void {
  const drawn = findPart(icon, part, SVGElement)
  drawn.toggleAttribute('hidden', sign === undefined)
  if (sign === undefined) return
  const drawing = findPart(drawn, 'use', SVGUseElement)
  drawing.setAttribute('href', `${drawing.getAttribute('href')?.replace(/#.*/, '')}#sign-${sign}`)
}
