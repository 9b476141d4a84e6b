import { describe, expect, test } from '@jest/globals'
import { parseStrictJson } from '../../../server/http/json-body.ts'

const parse = (text: string) => parseStrictJson(Buffer.from(text))

describe('strict JSON', () => {
  test.each([
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '{"key with \\" quote":"value with \\": colon"}',
    '{ "a" : "b:c" , "d\\u0041" : "\\\\" }',
    '"just text"',
    '[]',
    '{}',
    '{"😀":"é"}',
  ])('is read as JSON is: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  test.each([
    ['a key twice', '{"a":1,"a":1}'],
    ['a key twice, written differently', '{"a":1,"\\u0061":2}'],
    ['a key twice further in', '{"x":[{"a":1,"a":2}]}'],
    ['with __proto__', '{"__proto__":{}}'],
    ['with __proto__ further in', '{"a":[1,{"b":{"__proto__":null}}]}'],
    ['with __proto__, written differently', '{"a":{"\\u005f_proto__":1}}'],
    ['a comma too many', '{"a":1,}'],
    ['nothing', ' '],
    ['a comment', '{}//'],
    ['a NUL', '{"a":"\u0000"}'],
    ['after a byte order mark', '\ufeff{}'],
    ['between spaces that are none to JSON', '\u00a0{}\u000c'],
  ])('is not %s', (_name, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  test('is not in a broken encoding', () => {
    expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow('invalid_request')
  })

  test('may be deep without harm', () => {
    const depth = 2000
    expect(parse('['.repeat(depth) + ']'.repeat(depth))).toBeDefined()
  })
})
