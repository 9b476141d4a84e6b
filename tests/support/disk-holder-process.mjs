// A process that is stopped in the middle of a commit to a disk store: it has the one lock that writes need, until it is killed.
import { openTables } from '../../server/store/disk-tables.ts'

const { root } = openTables(process.argv[2])
root.transactionSync(() => {
  process.send('holding')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
