/** A process of its own: reads a store on disk to its end, and ends badly where that cannot be done. */
import { openTables } from './disk-tables.ts'

const [path = ''] = process.argv.slice(2)
const { root, records, ends, changes, state } = openTables(path)
for (const table of [records, ends, changes, state]) for (const _row of table.getRange());
await root.close()
