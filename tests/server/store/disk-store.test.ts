import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { open } from 'lmdb'
import { createDiskStore } from '../../../server/store/disk-store.ts'
import { openDiskTables, openTables } from '../../../server/store/disk-tables.ts'
import { createRecordLimiter } from '../../../server/store/record-limiter.ts'
import type { RecordStore } from '../../../server/store/record-store.ts'
import { updateRecord } from '../../../server/store/update-record.ts'
import { startProcess } from '../../support/child-process.ts'
import { openDiskNeighbour } from '../../support/disk-neighbour.ts'
import { ROOT } from '../../support/service.ts'

const MAX_BYTES = 2 * 1024 * 1024
const HOUR_MS = 3_600_000
const full = { code: 'store_unavailable', retryAfterSeconds: 10 }

let folder: string
let path: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-disk-'))
  path = join(folder, 'made', 'for it')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes records until one is refused. @returns how many there were room for */
async function fill(store: RecordStore, name: string, expiresAt: number, begins: boolean): Promise<number> {
  const AT_ONCE = 100
  for (let written = 0; ; ) {
    const results = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, (_, at) =>
        store.write(`${name}:${written + at}`, 'x'.repeat(300), { expiresAt, begins }),
      ),
    )
    const done = results.filter(({ status }) => status === 'fulfilled').length
    written += done
    if (done < AT_ONCE) return written
  }
}

test("the folder is its owner's alone, and so is every file in it", async () => {
  const store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
  await store.write('key', 1, { expiresAt: Date.now() + HOUR_MS })
  expect(statSync(path).mode & 0o777).toBe(0o700)
  const files = readdirSync(path)
  expect(files.sort()).toEqual(['changed', 'data.mdb', 'lock.mdb'])
  for (const file of files)
    expect({ file, mode: statSync(join(path, file)).mode & 0o777 }).toEqual({ file, mode: 0o600 })
  await store.close()
})

test('two processes that count up one record at once lose no count', async () => {
  const store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
  const neighbour = await openDiskNeighbour({ path })
  const countUp = (value: unknown) => ({
    next: { value: typeof value === 'number' ? value + 1 : 1, expiresAt: Date.now() + HOUR_MS },
    result: undefined,
  })
  const counters = Array.from({ length: 8 }, async (_, at) => {
    for (let again = 0; again < 10; again++) await updateRecord(at % 2 === 0 ? store : neighbour, 'count', countUp)
  })
  await Promise.all(counters)
  expect((await store.read('count'))?.value).toBe(80)
  await Promise.all([store.close(), neighbour.close()])
})

test('all processes count for a limit together, and a restart forgives nothing', async () => {
  const neighbour = await openDiskNeighbour({ path })
  const limiterOn = (store: RecordStore) =>
    createRecordLimiter({ store, clock: Date.now, name: 'tries', points: 3, durationSeconds: 60 })
  let store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
  expect(await limiterOn(store).get('key')).toBeNull()
  expect(await limiterOn(store).consume('key')).toMatchObject({ consumedPoints: 1, remainingPoints: 2 })
  await limiterOn(neighbour).penalty('key')
  await Promise.all([store.close(), neighbour.close()])

  store = await createDiskStore({ path, keyPrefix: '', clock: Date.now })
  const limiter = limiterOn(store)
  expect(await limiter.consume('key')).toMatchObject({ consumedPoints: 3, remainingPoints: 0 })
  const refusal = await limiter.consume('key').catch((error) => error)
  expect(refusal).toMatchObject({ consumedPoints: 4 })
  expect(refusal.msBeforeNext).toBeGreaterThan(0)
  expect(refusal.msBeforeNext).toBeLessThanOrEqual(60_000)
  expect(await limiter.reward('key', 2)).toMatchObject({ consumedPoints: 2 })
  expect(await limiter.delete('key')).toBe(true)
  expect(await limiter.get('key')).toBeNull()
  await store.close()
})

test('full, it refuses what begins, then what grows, in every process, and takes its room back when records end', async () => {
  let now = Date.now()
  const [ends, endsLater] = [now + HOUR_MS, now + 2 * HOUR_MS]
  const options = { path: join(folder, 'full'), keyPrefix: '', maxBytes: MAX_BYTES }
  const store = await createDiskStore({ ...options, clock: () => now })
  const neighbour = await openDiskNeighbour(options)

  const begun = await fill(store, 'begun', ends, true)
  await expect(neighbour.write('new', 'x'.repeat(300), { expiresAt: ends, begins: true })).rejects.toMatchObject({
    code: full.code,
  })
  const others = await fill(store, 'other', ends, false)
  expect(others).toBeGreaterThan(begun / 10)
  await expect(store.write('new', 'x'.repeat(300), { expiresAt: ends })).rejects.toMatchObject(full)
  expect(await store.write('begun:0', 'y'.repeat(300), { expiresAt: ends })).toBe(true)
  expect(await neighbour.remove('begun:1')).toBe(true)
  const { size } = statSync(join(options.path, 'data.mdb'))
  expect(size / MAX_BYTES).toBeGreaterThan(0.5)

  // Three lifetimes, each as full as the first: all of it in the same file.
  for (let life = 1; life <= 3; life++) {
    now += 2 * HOUR_MS
    expect(await fill(store, `life-${life}`, endsLater + life * 2 * HOUR_MS - HOUR_MS, false)).toBeGreaterThan(begun)
  }
  expect(statSync(join(options.path, 'data.mdb')).size / MAX_BYTES).toBeLessThan(1.5)
  await Promise.all([store.close(), neighbour.close()])
})

/** Records of a counted limit, as many as a process that is asked about people is left with. */
const ODD_KEYS = [
  `rate:wrong-codes:introspection\u0000${'a'.repeat(36)}`,
  `rate:wrong-codes:jwt\u0000${'b'.repeat(64)}`,
  `${'c'.repeat(64)}\u0000\u0006\u0007`,
  `${'d'.repeat(64)}\u0004`,
  `${'e'.repeat(64)}\u0000`,
  `f${'\ud800'.repeat(70)}`,
  'g\u0000h',
  '\u0000',
]

const writeTimes = (store: RecordStore, times: number, keyOf: (at: number) => string, expiresAt: number) =>
  Promise.all(Array.from({ length: times }, (_, at) => store.write(keyOf(at), at, { expiresAt })))

const recordsIn = async (path: string): Promise<number> => {
  const { root, records, ends } = openTables(path)
  const counts = [records, ends].map((table) => [...table.getKeys()].length)
  await root.close()
  expect(counts[0]).toBe(counts[1])
  return counts[0] ?? 0
}

test('no key holds up what ends after it: all are forgotten, and what is full takes its room back', async () => {
  let now = Date.now()
  const options = { path: join(folder, 'odd keys'), keyPrefix: 'scanin:', maxBytes: MAX_BYTES }
  const store = await createDiskStore({ ...options, clock: () => now })
  for (const key of ODD_KEYS) await store.write(key, 1, { expiresAt: now + 60_000 })
  const first = await fill(store, 'first', now + HOUR_MS, true)
  now += 2 * HOUR_MS
  // Full of what has ended.
  expect(await fill(store, 'second', now + HOUR_MS, true)).toBeGreaterThan(first * 0.9)
  now += 2 * HOUR_MS
  await writeTimes(store, first, () => 'last', now + HOUR_MS)
  await store.close()
  expect(await recordsIn(options.path)).toBe(1)
})

test('a store that an earlier version could forget nothing in any more is whole again', async () => {
  let now = Date.now()
  const options = { path: join(folder, 'stuck'), keyPrefix: 'scanin:', maxBytes: MAX_BYTES, clock: () => now }
  await (await createDiskStore(options)).close()
  // As that version wrote them: by LMDB's own encoding of keys, which does not read back what it wrote.
  const root = open<string, string>({ path: options.path, noSubdir: false, encoding: 'string', maxDbs: 4 })
  const records = root.openDB<string, string>('records', { encoding: 'string' })
  const ends = root.openDB<string, [number, string]>('ends', { encoding: 'string' })
  const state = root.openDB<string, string>('state', { encoding: 'string' })
  const put = (key: string, expiresAt: number) => {
    records.put(key, `${expiresAt} [1,${expiresAt}]`)
    ends.put([expiresAt, key], '')
  }
  await root.transaction(() => {
    for (const key of ODD_KEYS) put(`scanin:${key}`, now - HOUR_MS)
    for (let at = 0; at < 100; at++) put(`scanin:plain:${at}`, now - HOUR_MS + at)
    put('scanin:rate:logins:192.0.2.1', now + 60_000)
    // Full.
    state.put('ledger', `${MAX_BYTES} 1`)
  })
  await root.close()

  const store = await createDiskStore(options)
  expect((await store.read('rate:logins:192.0.2.1'))?.value).toEqual([1, now + 60_000])
  expect(await store.write('rate:logins:192.0.2.1', [2, now + 60_000], { expiresAt: now + 60_000 })).toBe(true)
  await writeTimes(store, 100, (at) => `plain:${at}`, now + 60_000)
  expect(await recordsIn(options.path)).toBe(101)
  now += HOUR_MS
  await writeTimes(store, 100, () => 'last', now + HOUR_MS)
  await store.close()
  expect(await recordsIn(options.path)).toBe(1)
})

test('no more than so many writes wait for the disk, and it says how many of them do', async () => {
  const options = { path: join(folder, 'waiting'), keyPrefix: '', clock: Date.now, mostWaiting: 10 }
  const store = await createDiskStore(options)
  const writes = Array.from({ length: 12 }, (_, at) => store.write(`${at}`, 1, { expiresAt: Date.now() + HOUR_MS }))
  expect(store.use()).toBe(1)
  const results = await Promise.allSettled(writes)
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  await expect(writes[11]).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(store.use()).toBe(0)
  await store.close()
})

test('the file does not grow with the generations of records, of whatever length, that come and expire', async () => {
  let now = Date.now()
  const path = join(folder, 'generations')
  const store = await createDiskStore({ path, keyPrefix: '', clock: () => now })
  const sizes: number[] = []
  for (let generation = 0; generation < 40; generation++) {
    const expiresAt = now + 2 * HOUR_MS
    const writes = Array.from({ length: 200 }, (_, at) =>
      store.write(`${generation}:${at}`, 'x'.repeat((generation * 7 + at * 13) % 700), { expiresAt }),
    )
    await Promise.all(writes)
    now += HOUR_MS
    sizes.push(statSync(join(path, 'data.mdb')).size)
  }
  await store.close()
  expect((sizes[39] ?? 0) / (sizes[9] ?? 1)).toBeLessThan(1.2)
})

test('a copy made while a service runs has what was answered before, and takes no more room than it needs', async () => {
  const [source, copy] = [join(folder, 'source'), join(folder, 'copy')]
  const store = await createDiskStore({ path: source, keyPrefix: '', clock: Date.now })
  const keys = Array.from({ length: 500 }, (_, at) => `gone:${at}`)
  await Promise.all(keys.map((key) => store.write(key, 'x'.repeat(1000), { expiresAt: Date.now() + HOUR_MS })))
  await Promise.all(keys.map((key) => store.remove(key)))
  await store.write('kept', 'here', { expiresAt: Date.now() + HOUR_MS })

  const command = `"${process.execPath}" "${join(ROOT, 'dist/server/cli.js')}" copy-store "${source}" "${copy}"`
  const copyStore = (before = '') => startProcess('sh', ['-c', `${before} exec ${command}`]).exited
  // No room: nothing is left of it, in whose way the next one would be.
  expect(await copyStore('ulimit -f 8;')).not.toBe(0)
  expect(readdirSync(copy)).toEqual([])
  expect(await copyStore()).toBe(0)
  expect(readdirSync(copy)).toEqual(['data.mdb'])
  expect(statSync(join(copy, 'data.mdb')).mode & 0o777).toBe(0o600)
  expect(statSync(join(copy, 'data.mdb')).size).toBeLessThan(statSync(join(source, 'data.mdb')).size)
  // Over nothing.
  expect(await copyStore()).toBe(1)
  await store.close()

  const copied = await createDiskStore({ path: copy, keyPrefix: '', clock: Date.now })
  expect((await copied.read('kept'))?.value).toBe('here')
  await copied.close()
})

test('a folder of another version is refused with what to do', async () => {
  const tables = await openDiskTables(path)
  await tables.state.put('format', '99')
  await tables.root.close()
  await expect(createDiskStore({ path, keyPrefix: '', clock: Date.now })).rejects.toThrow(
    /STORE_PATH .*another version of ScanIn \(format 99, not 1\).*another folder/,
  )
})
