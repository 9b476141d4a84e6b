// RFC 8628 section 6.1: consonants alone, so that no word appears and few letters look alike.
const codeShape = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/

/**
 * A typed user code as the server spells it (`WDJB-MJHT`), or undefined when it cannot be one.
 * RFC 8628 section 6.1: take it in lower case and without, or with odd, punctuation. An input method may write wide letters.
 */
export function normaliseUserCode(typed: string): string | undefined {
  const letters = typed
    .normalize('NFKC')
    .replace(/[\s\p{P}]/gu, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
  return codeShape.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : undefined
}
