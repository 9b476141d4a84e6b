import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createChangeListeners } from '../../../server/store/change-listeners.ts'
import { createDiskNotices } from '../../../server/store/disk-notices.ts'
import { CHANGES } from '../../../server/store/disk-records.ts'
import { TextRecord } from '../../../server/store/text-record.ts'
import { eventually } from '../../support/eventually.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-notices-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Notices of changes that a test makes, and what somebody who waits for `key` is told. */
async function openNotices() {
  const wakePath = join(folder, 'changed')
  writeFileSync(wakePath, '')
  const listeners = createChangeListeners()
  const told: (string | undefined)[] = []
  listeners.add('key', (record) => told.push(record?.version))
  const keys: (string | undefined)[] = ['before']
  const errors: unknown[] = []
  const faults: { ofLook?: Error | undefined; ofRecord?: Error | undefined } = {}
  const unless = <Result>(fault: Error | undefined, result: Result) => {
    if (fault !== undefined) throw fault
    return result
  }
  const notices = await createDiskNotices({
    wakePath,
    records: { latestChange: () => unless(faults.ofLook, keys.length), changedKey: (change) => keys[change - 1] },
    listeners,
    recordAt: (key) => unless(faults.ofRecord, new TextRecord(`at ${key}`)),
    onError: (error) => errors.push(error),
  })
  return { notices, keys, told, errors, faults }
}

test('what another process changed is told once, also where the system tells of no write', async () => {
  const { notices, keys, told } = await openNotices()
  keys.push('other', 'key')
  await eventually('it is told', () => told.length > 0)
  notices.changed()
  expect(told).toEqual(['at key'])
  await notices.close()
})

test("one's own change is told before anything else happens", async () => {
  const { notices, keys, told } = await openNotices()
  // Changed twice since: it is as it is now, and told so once.
  keys.push('key', 'key')
  notices.changed()
  expect(told).toEqual(['at key'])
  await notices.close()
})

test('who slept through more changes than are remembered looks at everything', async () => {
  const { notices, keys, told } = await openNotices()
  keys.push(...Array.from({ length: CHANGES + 1 }, () => 'other'))
  notices.changed()
  expect(told).toEqual([undefined])
  keys.push(undefined)
  notices.changed()
  expect(told).toEqual([undefined, undefined])
  await notices.close()
})

test('a look that fails ends nothing: it is told, and the next one tells what was missed', async () => {
  const { notices, keys, told, errors, faults } = await openNotices()
  faults.ofLook = new Error('cannot be read')
  keys.push('key')
  notices.changed()
  expect(errors).toContain(faults.ofLook)
  const before = errors.length
  await eventually('it is told of looks by itself', () => errors.length > before)
  expect(told).toEqual([])
  faults.ofLook = undefined
  await eventually('the change is told', () => told.length > 0)
  expect(told).toEqual(['at key'])
  await notices.close()
})

test('a change whose record cannot be read is told by the next look', async () => {
  const { notices, keys, told, faults } = await openNotices()
  faults.ofRecord = new Error('cannot be read')
  keys.push('key')
  notices.changed()
  expect(told).toEqual([])
  faults.ofRecord = undefined
  await eventually('it is told', () => told.length > 0)
  expect(told).toEqual(['at key'])
  await notices.close()
})

test('after closing nothing is told', async () => {
  const { notices, keys, told } = await openNotices()
  await notices.close()
  keys.push('key')
  notices.changed()
  expect(told).toEqual([])
})
