// A process that has a disk store open and does what it is asked to by messages: disk-neighbour.ts starts it.
import { createDiskStore } from '../../server/store/disk-store.ts'

const store = await createDiskStore({ keyPrefix: '', clock: Date.now, ...JSON.parse(process.argv[2]) })

const calls = {
  read: async ({ key }) => (await store.read(key))?.version,
  write: ({ key, value, options }) => store.write(key, value, options),
  writeTogether: ({ writes }) => store.writeTogether(writes),
  remove: ({ key, ifVersion }) => store.remove(key, ifVersion),
  watch: async ({ key }) => void store.watch(key, (record) => process.send({ told: key, version: record?.version })),
}

process.on('message', ({ id, call, ...question }) => {
  calls[call](question).then(
    (value) => process.send({ id, value }),
    () => process.send({ id, isRefused: true }),
  )
})
process.on('disconnect', () => store.close())
process.send('ready')
