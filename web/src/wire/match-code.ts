/**
 * The digits of a typed match code, as the server takes them: those of any script, wide ones of an input method, in any
 * grouping.
 */
export const digitsOf = (typed: string): string =>
  typed
    .normalize('NFKC')
    .replace(/\P{Nd}/gu, '')
    .replace(/\p{Nd}/gu, valueOfDigit)

// Unicode has every script's digits in one row, from zero to nine (Unicode Standard §4.6).
function valueOfDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  let value = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1
  return String(value % 10)
}
