import { tag } from '#messages/tag'
import { findPart } from './find-part.ts'

/** The server reads it, for the page's first byte (server/http/languages.ts). It is no secret. */
const COOKIE = 'scanin_language'
const YEAR_SECONDS = 31_536_000

/**
 * `#language`: shows the page in another language, which this browser remembers. In a closed list each key picks a
 * language. A choice by keys is therefore taken on Enter, or once the list is left: people look through the list first
 * (WCAG 3.2.2).
 */
export function startLanguageChooser(): void {
  const select = findPart(document, '#language', HTMLSelectElement)
  // The markup has the page's own language alone, which so stands there from the first, as wide as it is.
  select.replaceChildren()
  for (const language of select.dataset['offered']?.split(' ') ?? []) {
    // Each in its own words: so people find theirs.
    const name = new Intl.DisplayNames(language, { type: 'language' }).of(language) ?? language
    const option = new Option(name, language, false, language === tag)
    option.lang = language
    select.add(option)
  }
  let isByKeys = false
  const take = () => {
    if (select.value === tag) return
    const [prefix, secure] = location.protocol === 'https:' ? ['__Host-', '; Secure'] : ['', '']
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is newer than the oldest of our browsers
    document.cookie = `${prefix}${COOKIE}=${select.value}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`
    location.reload()
  }
  select.addEventListener('pointerdown', () => {
    isByKeys = false
  })
  select.addEventListener('keydown', ({ key }) => {
    isByKeys = true
    if (key === 'Enter') take()
  })
  select.addEventListener('change', () => {
    if (!isByKeys) take()
  })
  // While the list is open, the keydown may not reach the page.
  select.addEventListener('keyup', ({ key }) => {
    if (key === 'Enter') take()
  })
  select.addEventListener('blur', () => {
    // Somebody who looks at another window comes back to the list.
    if (document.hasFocus()) take()
  })
}
