const TAB = 0x09
const SPACE = 0x20

/**
 * Whether a character is white space to HTTP and to cookies: space and tab alone (RFC 9110 §5.6.3, RFC 6265bis §5.6).
 * `trim` and `\s` take more, as 0xA0, 0x0B and 0xFEFF, which are letters like any other to who wrote them.
 */
export function isBlank(character: number): boolean {
  return character === SPACE || character === TAB
}

/** A text without the blanks at its ends. Looks at each character once, as `/[ \t]+$/` would not. */
export function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}
