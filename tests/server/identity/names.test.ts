import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  canBeListed,
  foldId,
  foldUsername,
  isEmail,
  isGroup,
  isId,
  isName,
  normal,
  preparePassword,
} from '../../../server/identity/names.ts'

/** What nothing may have in it, whoever is called so. */
const BROKEN: [what: string, text: string][] = [
  ['nothing', ''],
  ['a space before', ' admin'],
  ['a space behind', 'admin '],
  ['a no-break space behind', 'admin\u00a0'],
  ['an ideographic space before', '\u3000admin'],
  ['a bell', '\u0007admin'],
  ['a NUL', 'ad\u0000min'],
  ['a tab', 'ad\tmin'],
  ['a line end', 'admin\r\nRemote-Groups: root'],
  ['a delete', 'admin\u007f'],
  ['a control of Latin-1', 'admin\u0085'],
  ['a line separator', 'ad\u2028min'],
  ['an override of direction', 'nim\u202eda'],
  ['an isolate', 'ad\u2066min'],
  ['a zero-width space', 'ad\u200bmin'],
  ['a zero-width joiner between plain letters', 'ad\u200dmin'],
  ['a byte order mark', '\ufeffadmin'],
  ['a soft hyphen', 'ad\u00admin'],
  ['a filler', 'admin\u3164'],
  ['a variation selector on a plain letter', 'admin\ufe0f'],
  ['a tag', 'admin\u{e0041}'],
  ['half a surrogate pair', 'admin\ud83d'],
  ['what stands for bytes that could not be read', 'adm\ufffdn'],
  ['no character', 'admin\uffff'],
  ['too much', 'a'.repeat(256)],
]

describe('an id, a name, a group or an e-mail address', () => {
  test.each(BROKEN)('is none with %s', (_what, text) => {
    expect([isId(text), isName(text), isGroup(text), isEmail(text), foldUsername(text)]).toEqual([
      ...[false, false, false, false],
      undefined,
    ])
  })

  test.each([
    'admin',
    'Ada Lovelace',
    'ada@example.com',
    'Jos\u00e9',
    '王小明',
    'דוד',
    '3f2a-77',
    'auth0|5f7c',
    'a'.repeat(255),
  ])('may be %s', (text) => {
    expect([isId(text), isName(text), isGroup(text)]).toEqual([true, true, true])
  })

  test('may be shown with what scripts and pictures need, and has no such id', () => {
    const names = ['علی‌رضا', 'क्‍ष', 'Ada 👩‍💻', '❤️ Ada', '葛\u{e0100}飾', 'Anne\u00a0Marie', '営業（東京）']
    expect(names.map(isName)).toEqual(names.map(() => true))
    expect(names.map(isId)).toEqual(names.map(() => false))
  })

  test('is a group that a list with commas can have or not, an address without spaces, an id in one spelling', () => {
    expect([isGroup('a,b'), isGroup('a b'), isGroup('営業（東京）')]).toEqual([true, true, true])
    expect([canBeListed('a,b'), canBeListed('a b'), canBeListed('営業（東京）')]).toEqual([false, true, true])
    expect([isEmail('a b@example.com'), isEmail('ada@example.com')]).toEqual([false, true])
    expect([isId('jose\u0301'), isId('ａｄｍｉｎ'), isId('a\u00a0b'), isId('a,b')]).toEqual([false, false, false, true])
  })
})

describe('a user name', () => {
  test.each([
    ['Demo', 'demo'],
    ['ＤＥＭＯ', 'demo'],
    ['jose\u0301', 'jos\u00e9'],
    ['JOSE\u0301', 'jos\u00e9'],
    ['\u212aelvin', 'kelvin'],
    ['\u212bngstrom', '\u00e5ngstrom'],
    ['Ada Lovelace', 'ada lovelace'],
    ['Ada@Example.com', 'ada@example.com'],
    ['ﾃﾞﾓ', 'デモ'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['Straße', 'straße'],
    ['paral·lel', 'paral·lel'],
    ['ジョン・スミス', 'ジョン・スミス'],
    ['علی‌رضا', 'علی‌رضا'],
    ['٣٤', '٣٤'],
  ])('%s is compared as %s', (text, folded) => {
    expect(foldUsername(text)).toBe(folded)
  })

  test.each([
    ['two spaces', 'ada  lovelace'],
    ['a ligature, which looks like two letters', 'oﬃce'],
    ['a roman numeral', 'henryⅣ'],
    ['a symbol', 'ada♥'],
    ['a picture', 'ada😀'],
    ['a parting dot that parts nothing', 'a·b'],
    ['a part of a Hangul syllable', '\u1112'],
    ['a stretched Arabic letter', 'ع\u0640ل'],
    ['digits of two kinds', '٣۴'],
    ['a macron', 'a￣b'],
  ])('is none with %s', (_what, text) => {
    expect(foldUsername(text)).toBeUndefined()
  })

  test('folded is folded: once more changes nothing, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const folded = foldUsername(text)
        return folded === undefined || foldUsername(folded) === folded
      }),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => foldId(foldId(text)) === foldId(text)))
  })

  test('that is left as an id is one, or an account has to have another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (text) => normal(normal(text)) === normal(text)),
    )
  })
})

describe('a password', () => {
  test('is the same in every normal form and with every kind of space, and keeps case and width', () => {
    expect(preparePassword('cafe\u0301\u00a0au\u3000lait')).toBe('caf\u00e9 au lait')
    expect(preparePassword(' Ｐass ')).toBe(' Ｐass ')
    expect(preparePassword('😀')).toBe('😀')
  })

  test('is none with nothing or a control in it', () => {
    expect(['', 'a\u0000', 'a\tb', 'a\n', 'a\ud800'].map(preparePassword)).toEqual(Array(5).fill(undefined))
  })
})
