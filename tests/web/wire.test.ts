import { expect, test } from '@jest/globals'
import { ERROR_CODES } from '../../server/http/problems.ts'
import { problemCodes } from '../../web/src/api-error.ts'

test('the page has words for every code that the server has, and for no other', () => {
  expect([...problemCodes].sort()).toEqual([...ERROR_CODES].sort())
})
