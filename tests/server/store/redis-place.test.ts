import { expect, test } from '@jest/globals'
import { parseRedisUrl } from '../../../server/store/redis-place.ts'

const tcp = (host: string, rest: object = {}) => ({
  kind: 'single',
  server: { host, port: 6379, isTls: false },
  database: 0,
  login: {},
  ...rest,
})
const socket = (path: string, rest: object = {}) => ({ ...tcp(''), server: { path }, ...rest })

test.each([
  ['redis://redis', tcp('redis')],
  ['redis://redis:7000/', tcp('redis', { server: { host: 'redis', port: 7000, isTls: false } })],
  ['rediss://redis', tcp('', { server: { host: 'redis', port: 6379, isTls: true } })],
  ['redis://[::1]/2', tcp('::1', { database: 2 })],
  ['redis://:pa%2Fss%23@redis', tcp('redis', { login: { password: 'pa/ss#' } })],
  ['redis://ann:p+w@redis/15', tcp('redis', { login: { username: 'ann', password: 'p+w' }, database: 15 })],
  ['redis://:p@ss@redis', tcp('redis', { login: { password: 'p@ss' } })],
  ['unix:/run/redis.sock', socket('/run/redis.sock')],
  ['unix:///run/redis.sock', socket('/run/redis.sock')],
  [
    'unix:///run/redis.sock?db=2&password=a%26b+c',
    socket('/run/redis.sock', { database: 2, login: { password: 'a&b+c' } }),
  ],
  ['unix://ann:pw@/run/r.sock', socket('/run/r.sock', { login: { username: 'ann', password: 'pw' } })],
  ['unix://ann@/run/r.sock?password=x', socket('/run/r.sock', { login: { username: 'ann', password: 'x' } })],
])('%s is taken apart', (url, expected) => {
  expect(parseRedisUrl(url)).toEqual(expected)
})

test.each([
  'http://redis',
  'redis:',
  'redis://',
  'redis://redis/sessions',
  'redis://redis/-1',
  'redis://redis/1/2',
  'redis://redis:99999',
  'redis://:sec/ret@redis',
  'redis://:sec#ret@redis',
  'redis://me:12#secret@redis',
  'redis://me:12/secret@redis',
  'redis://me:12?secret@redis',
  'redis://:sec%ret@redis',
  'unix:run/redis.sock',
  'unix://run/redis.sock',
  'unix:///run/redis.sock?pasword=secret',
  'unix:///run/redis.sock?db=main',
  'unix:',
])('%s is refused by a sentence that repeats nothing of it', (url) => {
  const why = parseRedisUrl(url)
  expect(typeof why).toBe('string')
  expect(why).not.toMatch(/sec|ret|main|sessions/)
})
