import { expect, test } from '@jest/globals'
import { boundComplaints } from '../../../server/log/bounded-console.ts'

test('complaints that nobody reads are let go of, until somebody does', () => {
  const heard: string[] = []
  const complaints = { error: (words: string) => void heard.push(words) }
  const stream = { writableLength: 0 }
  boundComplaints(complaints, stream)
  for (const [waiting, words] of [
    [65_535, 'one more'],
    [65_536, 'one too many'],
    [0, 'it is read again'],
  ] as const) {
    stream.writableLength = waiting
    complaints.error(words)
  }
  expect(heard).toEqual(['one more', 'it is read again'])
})
