/**
 * The digits of a typed match code, as the server takes them. Groups and their spaces do not matter; an input method
 * may write wide digits.
 */
export const digitsOf = (typed: string): string => typed.normalize('NFKC').replace(/[^0-9]/g, '')
