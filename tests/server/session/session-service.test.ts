import { expect, test } from '@jest/globals'
import { ScanInError } from '../../../server/errors.ts'
import { createSessionService, type NewSession } from '../../../server/session/session-service.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'

const HOUR = 3_600_000
const clock = () => 1_800_000_000_000
const SESSION: NewSession = {
  secret: 's'.repeat(43),
  user: { id: 'ann', name: 'Ann' },
  kind: 'browser',
  remember: false,
  browser: { name: 'Firefox', os: 'Linux' },
  ip: '192.0.2.1',
  handedOverBy: 'l'.repeat(16),
}

function createService(store: RecordStore) {
  return createSessionService({
    currentPerson: (user) => user,
    store,
    clock,
    policy: { lifeMs: 12 * HOUR, idleMs: HOUR, rememberMs: 720 * HOUR },
    onFirstUse: async () => undefined,
  })
}

test('a session that could not be listed is none: its browser can derive the secret without any reply', async () => {
  const store = createMemoryStore({ clock })
  const write: RecordStore['write'] = async (key, ...rest) => {
    if (key.startsWith('sessions-of:')) throw new ScanInError('store_unavailable')
    return store.write(key, ...rest)
  }
  await expect(createService({ ...store, write }).open(SESSION)).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(await createService(store).authenticate(SESSION.secret)).toBeUndefined()
})

test('a session is listed by the time that it exists', async () => {
  const store = createMemoryStore({ clock })
  const written: string[] = []
  const write: RecordStore['write'] = async (key, ...rest) => {
    const isDone = await store.write(key, ...rest)
    written.push(key.replace(/:.*/, ''))
    return isDone
  }
  await createService({ ...store, write }).open(SESSION)
  expect(written).toEqual(['sessions-of', 'session'])
})
