import { expect, test } from '@jest/globals'
import { mostConnections, openFilesOf } from '../../../server/start/connection-limit.ts'

const MIB = 2 ** 20

test.each([
  { heapBytes: 512 * MIB, openFiles: 1_048_576, most: 16_384 },
  { heapBytes: 48 * MIB, openFiles: undefined, most: 1536 },
  { heapBytes: 4096 * MIB, openFiles: 1024, most: 824 },
  { heapBytes: 16_384 * MIB, openFiles: undefined, most: 150_000 },
])('half of the heap and most of the files are for connections: $heapBytes, $openFiles', ({ most, ...has }) => {
  expect(mostConnections(has)).toBe(most)
})

test('as many files as may be open now, and not as many as that might be raised to', () => {
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             63415                63415                processes ',
    'Max open files            1024                 1048576              files     ',
  ]
  expect(openFilesOf(limits.join('\n'))).toBe(1024)
  expect(openFilesOf('')).toBeUndefined()
})

test('a hundred thousand who wait leave room for new logins in the heap that Node takes where there is memory', () => {
  const most = mostConnections({ heapBytes: 4144 * MIB, openFiles: 1_048_576 })
  expect(100_000 / most).toBeLessThan(0.8)
})
