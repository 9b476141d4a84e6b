import type { State } from './state.ts'

const narrow = { shows: 'h1' } as const

/** Pages that people come to when something is not as it should be, and those between two others. */
export const otherStates: readonly State[] = [
  { ...narrow, name: 'not-found', page: { file: 'not-found.html' } },
  { ...narrow, name: 'not-found-on-phone', page: { file: 'not-found.html' }, screen: 'phone' },
  { ...narrow, name: 'trouble', page: { file: 'trouble.html' } },
  { ...narrow, name: 'trouble-dark', page: { file: 'trouble.html' }, setting: 'dark' },
  { ...narrow, name: 'no-entry', page: { file: 'no-entry.html' } },
  { ...narrow, name: 'try-again', page: { file: 'try-again.html' } },
  { ...narrow, name: 'offline', page: { file: 'offline.html' }, screen: 'phone' },
  {
    ...{ ...narrow, name: 'provider-trouble', screen: 'phone' },
    page: { file: 'sign-in-trouble.html', slots: { title: 'That took too long', more: 'Start again.', back: '/scan' } },
  },
  {
    ...{ ...narrow, name: 'oauth-message' },
    page: { file: 'oauth-message.html', slots: { title: 'You are signed out', more: 'Of this browser.' } },
  },
  {
    ...{ ...narrow, name: 'oauth-sign-out' },
    page: { file: 'oauth-sign-out.html', slots: { from: 'Grafana', next: '/' } },
  },
]
