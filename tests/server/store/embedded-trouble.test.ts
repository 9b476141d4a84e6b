import { expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { embeddedTrouble, StoreFullError } from '../../../server/store/embedded-trouble.ts'
import { NotWrittenError } from '../../../server/store/not-written.ts'
import { StoreError } from '../../../server/store/store-error.ts'

const silence = new StoreError('whatever', { kind: 'no_answer' })

test.each([
  ['a disk that does not answer', silence],
  ['one that is slow', new StoreError('whatever', { kind: 'slow' })],
  ['one that did not answer before anything was written', new NotWrittenError('whatever', { cause: silence })],
  ['a full one', new Error('MDB_problem: No space left on device')],
])('%s is known, and told with its own words', (_what, error) => {
  const text = expect.stringMatching(`(${error.message})`)
  expect(embeddedTrouble(error)).toEqual({ kind: 'store_disk', text })
})

test.each([
  ['a full store', new StoreFullError('whatever'), 'store_full'],
  ['a full disk', new Error('MDB_problem: No space left on device'), 'store_disk'],
])('%s is known also where whoever counts was refused for it', (_what, cause, kind) => {
  const refusal = new ScanInError('store_unavailable', { cause: new ScanInError('store_unavailable', { cause }) })
  expect(embeddedTrouble(refusal)).toMatchObject({ kind })
})

test('what is unknown has no words', () => {
  expect(embeddedTrouble(new StoreError('no notice', { kind: 'no_notice' }))).toBeUndefined()
  expect(embeddedTrouble(new NotWrittenError('10 writes wait for the disk'))).toBeUndefined()
})
