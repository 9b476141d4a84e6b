import { expect, test } from '@jest/globals'
import { reasonOf } from '../../../server/http/fetch-reason.ts'

const failed = (cause: unknown) => new TypeError('fetch failed', { cause })
const because = (message: string, code: string) => Object.assign(new Error(message), { code })

test.each([
  ['one address', failed(because('connect ECONNREFUSED 192.0.2.1:443', 'ECONNREFUSED')), /ECONNREFUSED 192/],
  ['several addresses', failed(Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })), /^ECONNREFUSED$/],
  ['an address that is named', failed(new Error('cannot call https://id.example/?key=secret')), /^fetch failed$/],
  ['nothing at all', new Error(''), /^it cannot be reached$/],
  ['no error', 'https://id.example/?key=secret', /^it cannot be reached$/],
])('of %s is said what is the matter, and nothing of what it is called by', (_what, error, why) => {
  expect(reasonOf(error)).toMatch(why)
})
