import { expect, test } from '@jest/globals'
import { normaliseUserCode } from '../../../web/src/wire/user-code.ts'

test.each([
  'WDJB-MJHT',
  'wdjb-mjht',
  'wdjbmjht',
  ' Wdjb mjht ',
  'WDJB–MJHT',
  'W.D.J.B.M.J.H.T',
  'wdjb - mjht',
  'ＷＤＪＢ－ＭＪＨＴ',
  'ｗｄｊｂ　ｍｊｈｔ',
])('%j is taken for WDJB-MJHT', (typed) => {
  expect(normaliseUserCode(typed)).toBe('WDJB-MJHT')
})

test.each(['', 'WDJB', 'WDJB-MJH', 'WDJB-MJHTX', 'WDJA-MJHT', 'WDJ8-MJHT', 'WDJY-MJHT', '💡DJB-MJHT', 'ßBCD-FGH'])(
  '%j cannot be a code',
  (typed) => {
    expect(normaliseUserCode(typed)).toBeUndefined()
  },
)
