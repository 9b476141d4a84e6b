import { tag } from '#messages/tag'
import { findPart } from './find-part.ts'

/** The server reads it too, for the page's first byte (server/http/languages.ts). It is no secret. */
const COOKIE = 'scanin_language'
const YEAR_SECONDS = 31_536_000

/** `#language`: the page in another language. What is picked is remembered by this browser. */
export function startLanguageChooser(): void {
  const select = findPart(document, '#language', HTMLSelectElement)
  for (const language of select.dataset['offered']?.split(' ') ?? []) {
    // Each in its own words: so people find theirs.
    const name = new Intl.DisplayNames(language, { type: 'language' }).of(language) ?? language
    const option = new Option(name, language, false, language === tag)
    option.lang = language
    select.add(option)
  }
  select.addEventListener('change', () => {
    const secure = location.protocol === 'https:' ? '; Secure' : ''
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is newer than the oldest of our browsers
    document.cookie = `${COOKIE}=${select.value}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`
    location.reload()
  })
}
