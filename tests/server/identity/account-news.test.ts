import { expect, test } from '@jest/globals'
import { type AccountNews, tellEndsOnce } from '../../../server/identity/account-news.ts'
import { createMemoryStore } from '../../../server/store/memory-store.ts'
import { eventually } from '../../support/eventually.ts'

const logger = { error: () => undefined }

/** What is told of an account by instances that share a store, which read this of it, one instance after the other. */
async function toldOf(...readings: AccountNews['why'][][]): Promise<string[]> {
  const clock = () => 1_800_000_000_000
  const store = createMemoryStore({ clock })
  const told: string[] = []
  for (const [instance, reading] of readings.entries()) {
    const hear = tellEndsOnce({ store, clock, logger, onEnd: ({ user, why }) => void told.push(`${user.id} ${why}`) })
    for (const why of reading) hear([{ user: { id: 'ann', name: 'Ann', credential: 'one' }, why }])
    hear([{ user: { id: `bob ${instance}`, name: 'Bob' }, why: 'removed' }])
    await eventually('it has told all', () => told.includes(`bob ${instance} removed`))
  }
  return told.filter((line) => line.startsWith('ann'))
}

test('an end is told by the first instance that reads of it', async () => {
  expect(await toldOf(['disabled'], ['disabled'])).toEqual(['ann disabled'])
  expect(await toldOf(['removed'], ['removed'])).toEqual(['ann removed'])
})

test('an account that is back ends anew', async () => {
  expect(await toldOf(['disabled', 'back', 'disabled'])).toEqual(['ann disabled', 'ann disabled'])
})

test('of one that is disabled and then removed both are told, once, however late another instance reads of them', async () => {
  expect(await toldOf(['disabled', 'removed'], ['disabled', 'removed'])).toEqual(['ann disabled', 'ann removed'])
  expect(await toldOf(['disabled'], ['removed'])).toEqual(['ann disabled', 'ann removed'])
})

test('whoever fails to hear of one end is told of the next ones, and the log says so', async () => {
  const clock = () => 1_800_000_000_000
  const [told, errors]: [string[], unknown[]] = [[], []]
  const hear = tellEndsOnce({
    store: createMemoryStore({ clock }),
    clock,
    logger: { error: (line: unknown) => void errors.push(line) },
    onEnd({ user }) {
      if (user.id === 'ann') throw new Error('deaf')
      told.push(user.id)
    },
  })
  for (const id of ['ann', 'bob', 'carl']) hear([{ user: { id, name: id }, why: 'removed' }])
  await eventually('the others are told', () => told.includes('carl'))
  expect(told).toEqual(['bob', 'carl'])
  expect(errors).toEqual([{ err: new Error('deaf') }])
})
