import { createMemoryStore } from '../../server/store/memory-store.ts'
import { describeRecordStore } from './record-store.ts'

describeRecordStore('embedded', async () => {
  const store = createMemoryStore({ clock: Date.now })
  return { store, neighbour: store, end: async () => undefined }
})
