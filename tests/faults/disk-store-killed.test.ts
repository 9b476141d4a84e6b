import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createDiskStore } from '../../server/store/disk-store.ts'
import type { RecordStore } from '../../server/store/record-store.ts'
import { type DiskNeighbour, openDiskNeighbour } from '../support/disk-neighbour.ts'

const WRITES = 2000
const AT_ONCE = 50
const later = () => Date.now() + 3_600_000
/** Long enough for several pages, and known from its number: a torn one is seen. */
const textOf = (number: number) => `${number} `.repeat(number % 10 === 0 ? 2000 : 40)

let folder: string
let survivor: RecordStore

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-killed-'))
  survivor = await createDiskStore({ path: folder, keyPrefix: '', clock: Date.now })
})
afterAll(async () => {
  await survivor.close()
  rmSync(folder, { recursive: true })
})

/** Writes, many at once, until it is killed at the answer to one of them. @returns the numbers of those answered */
async function writeUntilKilled(neighbour: DiskNeighbour, round: number, killAt: number): Promise<number[]> {
  const answered: number[] = []
  const exited = once(neighbour.child, 'exit')
  let next = 0
  async function writeSome(): Promise<void> {
    while (next < WRITES && neighbour.child.connected) {
      const number = next++
      await neighbour.write(`${round}:${number}`, textOf(number), { expiresAt: later() })
      answered.push(number)
      if (answered.length === killAt) neighbour.child.kill('SIGKILL')
    }
  }
  // Nothing awaits the writers: those that wait for an answer when the process is killed wait for ever.
  for (let writer = 0; writer < AT_ONCE; writer++) void writeSome().catch(() => undefined)
  await exited
  return answered
}

test.each([1, 700, 1600])(
  'of 2,000 writes, killed at the %s., none is lost that was answered, and none torn',
  async (killAt) => {
    const round = killAt
    const answered = await writeUntilKilled(await openDiskNeighbour({ path: folder }), round, killAt)
    expect(answered.length).toBeGreaterThanOrEqual(killAt)
    expect(answered.length).toBeLessThan(WRITES)

    // Read by a process that had the store open all the time, and by one that opens it anew.
    const opened = await openDiskNeighbour({ path: folder })
    for (const store of [survivor, opened]) {
      const found = await Promise.all(
        Array.from({ length: WRITES }, async (_, number) => (await store.read(`${round}:${number}`))?.value),
      )
      expect(answered.filter((number) => found[number] === undefined)).toEqual([])
      expect(found.every((value, number) => value === undefined || value === textOf(number))).toBe(true)
    }
    // What the dead process had locked is free.
    expect(await opened.write('after', round, { expiresAt: later() })).toBe(true)
    expect(await survivor.write('after', round + 1, { expiresAt: later() })).toBe(true)
    expect((await opened.read('after'))?.value).toBe(round + 1)
    await opened.close()
  },
)
