import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { cryptoRandomness } from '../../server/randomness.ts'
import type { RecordStore, StoredRecord, Version } from '../../server/store/record-store.ts'
import { createStoreProbe } from '../../server/store/store-probe.ts'
import { eventually } from '../support/eventually.ts'

export interface StoreUnderTest {
  store: RecordStore
  /** Another process's view of the same records; the same store where there is only one process. */
  neighbour: RecordStore
  /** It has its records in several places. */
  isSpread?: true
  /** Ends what `open` began, beyond closing the stores. */
  end(): Promise<void>
}

/** What every store promises, in `record-store.ts`. Time is real here: expiry is the store's own business. */
export function describeRecordStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`a record store: ${name}`, () => {
    let opened: StoreUnderTest
    let store: RecordStore
    let keys = 0
    const newKey = () => `test:${keys++}`
    const later = () => Date.now() + 60_000

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(async () => {
      await Promise.all([opened.store.close(), opened.neighbour.close()])
      await opened.end()
    })

    test('knows nothing that was not written', async () => {
      expect(await store.read(newKey())).toBeUndefined()
      expect(await store.remove(newKey())).toBe(false)
    })

    test.each([
      ['an object', { a: 1, b: [true, null, 'x'], c: { d: {} } }],
      ['an empty object', {}],
      ['text in many scripts', { text: 'Grüße 你好 🤝 \u0000 \n "quoted" \\ </script>' }],
      ['numbers at the edges', [0, -1, 1.5, 2 ** 53 - 1, 1e-9]],
      ['a bare string', 'text'],
      ['null', null],
      ['false', false],
      ['much text', { text: 'x'.repeat(200_000) }],
    ])('gives back %s as it was written', async (_name, value) => {
      const key = newKey()
      expect(await store.write(key, value, { expiresAt: later() })).toBe(true)
      expect((await store.read(key))?.value).toEqual(value)
    })

    test.each([
      ['long', ['x'.repeat(300), `${'x'.repeat(300)}y`]],
      ['longer than a page of a disk', ['y'.repeat(5000), `${'y'.repeat(5000)}z`]],
      ['with zeros in it, short', ['a\u0000b', 'a\u0000', 'a\u0000\u0000b']],
      ['with zeros in it, long', [`${'c'.repeat(64)}\u0000d`, `${'c'.repeat(64)}\u0000`, 'c'.repeat(64)]],
      ['that is like another with its zeros written out', [`e${'\u0000'.repeat(32)}`, `e${'\u0004\u0000'.repeat(32)}`]],
      ['of controls alone', ['\u0001', '\u0004', '\u001b', '\u001c', '\n']],
      ['with spaces', ['f g', 'f  g', ' f g', 'f g ']],
      ['in many scripts', ['Grüße', 'Gru\u0308ße', '你好', '🤝'.repeat(40)]],
      [
        'with half a surrogate pair',
        ['\ud800', '\udc00', '\ufffd', `h${'\ud800'.repeat(64)}`, `h${'\ud801'.repeat(64)}`],
      ],
      ['of nothing', ['']],
    ])('takes any text for a key, and no two for one: %s', async (_name, names) => {
      const { neighbour } = opened
      const told: unknown[] = []
      const stops = names.map((key, at) => neighbour.watch(key, (record) => told.push([at, record?.value])))
      for (const [at, key] of names.entries()) {
        expect(await store.write(key, `first ${at}`, { expiresAt: later(), ifVersion: null })).toBe(true)
      }
      expect(await valuesOf(neighbour, names)).toEqual(names.map((_key, at) => `first ${at}`))
      // What listens is told again of what was there before it did.
      told.length = 0
      for (const [at, key] of names.entries()) {
        const ifVersion = await versionOf(neighbour, key)
        const together = [{ key, value: `second ${at}`, expiresAt: later(), ifVersion }]
        expect(await store.writeTogether(together)).toBe(true)
        await eventually('it is told', () => told.some((each) => `${each}` === `${at},second ${at}`))
      }
      const [first = '', ...others] = names
      expect(await neighbour.remove(first, await versionOf(store, first))).toBe(true)
      expect(await valuesOf(store, names)).toEqual([undefined, ...others.map((_key, at) => `second ${at + 1}`)])
      for (const stop of stops) stop()
      await Promise.all(names.map((key) => store.write(key, 'short', { expiresAt: Date.now() + 50 })))
      await eventually('all are forgotten', async () => {
        return (await valuesOf(neighbour, names)).every((value) => value === undefined)
      })
    })

    test('hands out copies: changing what was read or written changes no record', async () => {
      const key = newKey()
      const value = { list: [1] }
      await store.write(key, value, { expiresAt: later() })
      value.list.push(2)
      const first = (await store.read(key))?.value as { list: number[] }
      first.list.push(3)
      expect((await store.read(key))?.value).toEqual({ list: [1] })
    })

    test('creates only where there is nothing', async () => {
      const key = newKey()
      expect(await store.write(key, 1, { expiresAt: later(), ifVersion: null })).toBe(true)
      expect(await store.write(key, 2, { expiresAt: later(), ifVersion: null })).toBe(false)
      expect((await store.read(key))?.value).toBe(1)
    })

    test('writes over the version that was read, and over no other', async () => {
      const key = newKey()
      await store.write(key, 'first', { expiresAt: later() })
      const version = await versionOf(store, key)
      expect(await store.write(key, 'second', { expiresAt: later(), ifVersion: version })).toBe(true)
      expect(await store.write(key, 'third', { expiresAt: later(), ifVersion: version })).toBe(false)
      expect((await store.read(key))?.value).toBe('second')
    })

    test('writes over nothing when a version is named and the record is gone', async () => {
      const key = newKey()
      await store.write(key, 'first', { expiresAt: later() })
      const version = await versionOf(store, key)
      await store.remove(key)
      expect(await store.write(key, 'second', { expiresAt: later(), ifVersion: version })).toBe(false)
      expect(await store.read(key)).toBeUndefined()
    })

    test('removes the version that was read, and no other', async () => {
      const key = newKey()
      await store.write(key, 'first', { expiresAt: later() })
      const version = await versionOf(store, key)
      await store.write(key, 'second', { expiresAt: later() })
      expect(await store.remove(key, version)).toBe(false)
      expect(await store.remove(key, await versionOf(store, key))).toBe(true)
      expect(await store.read(key)).toBeUndefined()
    })

    test('writes several records together, as each would be alone', async () => {
      const [one, other, fresh] = [newKey(), newKey(), newKey()]
      for (const key of [one, other]) await store.write(key, 'first', { expiresAt: later() })
      const told: unknown[] = []
      const stop = opened.neighbour.watch(other, (record) => told.push(record?.value))
      const together = [
        { key: one, value: 'second', expiresAt: later(), ifVersion: await versionOf(store, one) },
        { key: fresh, value: { created: true }, expiresAt: Date.now() + 400, ifVersion: null },
        { key: other, value: 'other', expiresAt: later() },
      ]
      expect(await store.writeTogether(together)).toBe(true)
      expect(await valuesOf(opened.neighbour, [one, other])).toEqual(['second', 'other'])
      await eventually('the write is told', () => told.length === 1)
      expect(told).toEqual(['other'])
      await eventually('each is forgotten at its own time', async () => (await store.read(fresh)) === undefined)
      expect(await valuesOf(store, [one, other])).toEqual(['second', 'other'])
      stop()
    })

    test.each([
      ['another version', 'first', 'no such version' as Version],
      ['nothing where there is something', 'first', null],
      ['a version where there is nothing', undefined, 'no such version' as Version],
    ])('writes nothing together from where one meets %s', async (_what, there, ifVersion) => {
      const [before, held, after] = [newKey(), newKey(), newKey()]
      if (there !== undefined) await store.write(held, there, { expiresAt: later() })
      const write = (key: string, version?: Version | null) => ({
        ...{ key, value: 'new', expiresAt: later() },
        ...(version === undefined ? {} : { ifVersion: version }),
      })
      expect(await store.writeTogether([write(before, null), write(held, ifVersion), write(after)])).toBe(false)
      expect(await valuesOf(store, [held, after])).toEqual([there, undefined])
      // What comes first is written only where it is kept elsewhere.
      expect((await store.read(before)) !== undefined).toBe(opened.isSpread === true)
      expect(await store.writeTogether([write(held, ifVersion), write(before)])).toBe(false)
      expect((await store.read(before)) !== undefined).toBe(opened.isSpread === true)
    })

    test('lets one of fifty win who write the same two records together', async () => {
      const [one, other] = [newKey(), newKey()]
      await store.write(one, 'start', { expiresAt: later() })
      const ifVersion = await versionOf(store, one)
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          (at % 2 === 0 ? store : opened.neighbour).writeTogether([
            { key: one, value: at, expiresAt: later(), ifVersion },
            { key: other, value: at, expiresAt: later(), ifVersion: null },
          ]),
        ),
      )
      expect(results.filter(Boolean)).toHaveLength(1)
      expect(await valuesOf(store, [one, other])).toEqual([results.indexOf(true), results.indexOf(true)])
    })

    test('lets one of fifty writers win, whichever process they are in', async () => {
      const key = newKey()
      await store.write(key, 'start', { expiresAt: later() })
      const version = await versionOf(store, key)
      const writers = Array.from({ length: 50 }, (_, at) =>
        (at % 2 === 0 ? store : opened.neighbour).write(key, at, { expiresAt: later(), ifVersion: version }),
      )
      const results = await Promise.all(writers)
      expect(results.filter(Boolean)).toHaveLength(1)
      expect((await opened.neighbour.read(key))?.value).toBe(results.indexOf(true))
    })

    test('lets one of fifty creators win', async () => {
      const key = newKey()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, at) => store.write(key, at, { expiresAt: later(), ifVersion: null })),
      )
      expect(results.filter(Boolean)).toHaveLength(1)
      expect((await store.read(key))?.value).toBe(results.indexOf(true))
    })

    test('forgets at the time it was told, and not before', async () => {
      const key = newKey()
      const expiresAt = Date.now() + 400
      await store.write(key, 'short', { expiresAt })
      const early = await store.read(key)
      // On a machine that took its time it may be over by now.
      if (Date.now() < expiresAt - 5) expect(early?.value).toBe('short')
      await eventually('the record is gone', async () => (await store.read(key)) === undefined)
      // Redis has a clock of its own; on one machine the two agree to a millisecond or so.
      expect(Date.now()).toBeGreaterThanOrEqual(expiresAt - 5)
      expect(await store.write(key, 'next', { expiresAt: later(), ifVersion: null })).toBe(true)
    })

    test('keeps a record that is written again until its new end', async () => {
      const key = newKey()
      const marker = newKey()
      const firstEnd = Date.now() + 200
      await store.write(key, 'short', { expiresAt: firstEnd })
      await store.write(key, 'long', { expiresAt: later() })
      await store.write(marker, 0, { expiresAt: firstEnd + 50 })
      await eventually('the first end has passed', async () => (await store.read(marker)) === undefined)
      expect((await store.read(key))?.value).toBe('long')
    })

    test('writes nothing that is already over', async () => {
      const key = newKey()
      await store.write(key, 'past', { expiresAt: Date.now() - 1000 })
      expect(await store.read(key)).toBeUndefined()
    })

    test('tells a watcher what was written, and of the removal, also those of another process', async () => {
      const key = newKey()
      const written = { text: 'with spaces,\nand a line of its own' }
      await store.write(key, 0, { expiresAt: later() })
      const told: (StoredRecord | undefined)[] = []
      const stop = store.watch(key, (record) => told.push(record))
      await opened.neighbour.write(key, written, { expiresAt: later() })
      await eventually('the write is told', () => told.length === 1)
      expect(told[0]?.value).toEqual(written)
      expect(told[0]?.version).toBe(await versionOf(store, key))
      await opened.neighbour.remove(key)
      await eventually('the removal is told', () => told.length === 2)
      expect(told[1]).toBeUndefined()
      stop()
    })

    test('tells every watcher of a key, and none of another or one that stopped', async () => {
      const [key, other] = [newKey(), newKey()]
      await store.write(key, 0, { expiresAt: later() })
      const told: string[] = []
      const stops = [
        store.watch(key, () => told.push('one')),
        store.watch(key, () => told.push('two')),
        store.watch(other, () => told.push('other')),
      ]
      const stopThird = store.watch(key, () => told.push('stopped'))
      stopThird()
      stopThird()
      await store.write(key, 1, { expiresAt: later() })
      await eventually('both are told', () => told.length === 2)
      expect(told.sort()).toEqual(['one', 'two'])
      for (const stop of stops) stop()
    })

    test('tells nobody of a write that lost', async () => {
      const [key, marker] = [newKey(), newKey()]
      await store.write(key, 0, { expiresAt: later() })
      await store.write(marker, 0, { expiresAt: later() })
      let told = 0
      let isMarkerTold = false
      const stops = [store.watch(key, () => told++), store.watch(marker, () => (isMarkerTold = true))]
      await store.write(key, 1, { expiresAt: later(), ifVersion: 'no such version' as Version })
      await store.write(marker, 1, { expiresAt: later() })
      await eventually('what came after is told', () => isMarkerTold)
      expect(told).toBe(0)
      for (const stop of stops) stop()
    })

    test('passes a probe, however many ask at once, and keeps nothing of it', async () => {
      const probe = createStoreProbe({ store, clock: Date.now, randomness: { ...cryptoRandomness, text: () => 'x' } })
      await Promise.all(Array.from({ length: 20 }, probe))
      await expect(probe()).resolves.toBeUndefined()
      expect(await store.read('probe:x')).toBeUndefined()
    })

    test('fails a probe where no notice comes, and says so', async () => {
      const deaf = { ...store, watch: () => () => undefined }
      const probe = createStoreProbe({ store: deaf, clock: Date.now, randomness: cryptoRandomness })
      await expect(probe()).rejects.toMatchObject({
        code: 'store_unavailable',
        cause: { message: expect.stringContaining('no notice') },
      })
    })

    test('is unavailable once closed, for everything', async () => {
      const closed = await open()
      await Promise.all([closed.store.close(), closed.neighbour.close()])
      const refusal = { code: 'store_unavailable' }
      await expect(closed.store.read('key')).rejects.toMatchObject(refusal)
      await expect(closed.store.write('key', 1, { expiresAt: later() })).rejects.toMatchObject(refusal)
      const together = closed.store.writeTogether([{ key: 'key', value: 1, expiresAt: later() }])
      await expect(together).rejects.toMatchObject(refusal)
      await expect(closed.store.remove('key')).rejects.toMatchObject(refusal)
      const probe = createStoreProbe({ store: closed.store, clock: Date.now, randomness: cryptoRandomness })
      await expect(probe()).rejects.toMatchObject(refusal)
      await closed.end()
    })
  })
}

function valuesOf(store: RecordStore, keys: string[]): Promise<unknown[]> {
  return Promise.all(keys.map(async (key) => (await store.read(key))?.value))
}

async function versionOf(store: RecordStore, key: string): Promise<Version> {
  const record = await store.read(key)
  if (record === undefined) throw new Error(`no record at ${key}`)
  return record.version
}
