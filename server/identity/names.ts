/**
 * What an id, a name, a group, an e-mail address, a user name and a password may be, and when two of them are one. The
 * accounts file, tokens, userinfo, sign-in and the headers for other applications ask here and nowhere else: whatever
 * passes reaches an application as it is, so no two become one on the way.
 *
 * User names and passwords are RFC 8265's `UsernameCaseMapped` and `OpaqueString`. Two things of it are left out: the
 * rule for right-to-left text, which is about how a name looks (what turns its direction around is refused), and in
 * passwords all that it disallows but controls, since a password is never shown or compared by eye.
 */

const LONGEST = 255

/** Controls, halves of a surrogate pair, line separators, and what stands where bytes could not be read. */
const BROKEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\ufffd]/u
/** Turns text around, or is not seen: U+202E, zero-width characters, U+FEFF, fillers. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u
const SPACE_AT_ENDS = /^\p{White_Space}|\p{White_Space}$/u
const OTHER_THAN_PLAIN_SPACE = /(?! )\p{White_Space}/u

/** Joiners where scripts need them (RFC 5892 A.1 and A.2, simplified): after an Arabic letter or another script's mark. */
const JOINERS = /(?<=\p{Script=Arabic}|(?!\p{Script=Inherited})\p{M})[\u200c\u200d](?=[\p{L}\p{M}])/gu
/** What gives pictures and Han characters their form: people have them in their names, ids do not. */
const FORMS =
  /(?<=\p{Extended_Pictographic}|\p{Script=Han}|\p{Script=Mongolian})\p{Variation_Selector}|(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Variation_Selector})\u200d(?=\p{Extended_Pictographic})/gu

/** Whether people may be called so: what is shown of a person. */
export function isName(text: string): boolean {
  return isPlain(text) && !UNSEEN.test(text.replace(JOINERS, '').replace(FORMS, ''))
}

/** Whether it may be a person's id: all of it can be seen, and it has one spelling. */
export function isId(text: string): boolean {
  return isSeen(text) && normal(text) === text
}

/**
 * Whether it may be a group's name: all of it can be seen. It may have a comma, and then is in no list: see
 * `canBeListed`.
 */
export function isGroup(text: string): boolean {
  return isSeen(text)
}

/** Whether a header that lists groups with commas between them can have it: else it would be two there. */
export function canBeListed(group: string): boolean {
  return !group.includes(',')
}

export function isEmail(text: string): boolean {
  return isSeen(text) && !text.includes(' ')
}

function isSeen(text: string): boolean {
  return isPlain(text) && !UNSEEN.test(text) && !OTHER_THAN_PLAIN_SPACE.test(text)
}

function isPlain(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST && !BROKEN.test(text) && !SPACE_AT_ENDS.test(text)
}

/** The one spelling of what is spelled the same: full-width as plain letters, in normal form C. */
export function normal(text: string): string {
  return mapWidth(text).normalize('NFC')
}

/** Equal for ids that people, and applications that ignore case, take for one. */
export function foldId(text: string): string {
  return mapWidth(text).toLowerCase().normalize('NFC')
}

/** Full-width and half-width characters as what they are variants of (RFC 8264 §5.2.1). U+FFE3 has no plain form. */
function mapWidth(text: string): string {
  return text.replace(/[\u3000\uff01-\uffe2\uffe4-\uffee]/g, (character) => character.normalize('NFKC'))
}

/** Letters and digits of all scripts (RFC 8264 §9.1). */
const LETTER_OR_DIGIT = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u
const PRINTABLE_ASCII = /^[\u0021-\u007e]$/
/** RFC 8264 §9.6: the exceptions, of both kinds. */
const ALLOWED_ALL_THE_SAME = /^[\u06fd\u06fe\u0f0b\u3007]$/
const REFUSED_ALL_THE_SAME = /^[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]$/
/** RFC 8264 §9.9: parts of Hangul syllables. */
const JAMO = /^[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]$/
/** What is allowed beside certain others alone (RFC 5892 A.3 to A.7). */
const IN_CONTEXT = [
  /(?<=l)\u00b7(?=l)/gu,
  /\u0375(?=\p{Script=Greek})/gu,
  /(?<=\p{Script=Hebrew})[\u05f3\u05f4]/gu,
  /(?<=[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}].*)\u30fb|\u30fb(?=.*[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}])/gu,
  JOINERS,
]
/** Digits of two kinds that look alike are not mixed (RFC 5892 A.8 and A.9). */
const MIXED_DIGITS = /[\u0660-\u0669].*[\u06f0-\u06f9]|[\u06f0-\u06f9].*[\u0660-\u0669]/u

/**
 * A user name as it is compared (RFC 8265 §3.3): width, case and normal form do not matter. Parts of it may have one
 * space between them.
 * @returns `undefined`: it can be nobody's
 */
export function foldUsername(text: string): string | undefined {
  const folded = foldId(text)
  if (folded.length > LONGEST || MIXED_DIGITS.test(folded)) return undefined
  const characters = IN_CONTEXT.reduce((rest, allowed) => rest.replace(allowed, ''), folded)
  const isMadeOfParts = folded.split(' ').every((part) => part !== '')
  return isMadeOfParts && [...characters].every((one) => one === ' ' || isIdentifierCharacter(one)) ? folded : undefined
}

function isIdentifierCharacter(one: string): boolean {
  if (PRINTABLE_ASCII.test(one) || ALLOWED_ALL_THE_SAME.test(one)) return true
  if (REFUSED_ALL_THE_SAME.test(one) || JAMO.test(one) || UNSEEN.test(one)) return false
  return LETTER_OR_DIGIT.test(one) && one.normalize('NFKC') === one
}

/**
 * A password as it is hashed and compared (RFC 8265 §4.2): case and width matter, the normal form and the kind of space
 * do not.
 * @returns `undefined`: it can be no password
 */
export function preparePassword(text: string): string | undefined {
  if (text === '' || /[\p{Cc}\p{Cs}]/u.test(text)) return undefined
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
