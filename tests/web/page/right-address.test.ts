import { expect, test } from '@jest/globals'
import { rightAddress } from '../../../web/src/page/right-address.ts'

const here = { origin: 'http://192.168.1.7:3000', pathname: '/scan', search: '?a=b', hash: '#token' }

test('a page that was opened elsewhere leads to the same page where the service is', () => {
  expect(rightAddress('https://login.example.com', here)).toEqual({
    host: 'login.example.com',
    page: 'https://login.example.com/scan?a=b#token',
  })
})

test('whatever stands in its address, it leads to no other origin', () => {
  for (const pathname of ['//evil.example/', '/\\evil.example', '/@evil.example', '/.evil.example'])
    expect(new URL(rightAddress('https://login.example.com', { ...here, pathname })?.page ?? '').origin).toBe(
      'https://login.example.com',
    )
})

test('nothing else is right: at the very address, or where it is no page of the web', () => {
  expect(rightAddress(here.origin, here)).toBeUndefined()
  expect(rightAddress('javascript:alert(1)', here)).toBeUndefined()
  expect(rightAddress('/login', here)).toBeUndefined()
  expect(rightAddress('https://', here)).toBeUndefined()
})
