import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDiskStore } from '../../server/store/disk-store.ts'
import { openDiskNeighbour } from '../support/disk-neighbour.ts'
import { describeRecordStore } from './record-store.ts'

describeRecordStore('on disk, shared with another process', async () => {
  const path = mkdtempSync(join(tmpdir(), 'scanin-contract-'))
  const keyPrefix = 'a contract: '
  return {
    store: await createDiskStore({ path, keyPrefix, clock: Date.now }),
    neighbour: await openDiskNeighbour({ path, keyPrefix }),
    end: async () => rmSync(path, { recursive: true }),
  }
})
