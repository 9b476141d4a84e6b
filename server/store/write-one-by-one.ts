import type { RecordStore, RecordWrite } from './record-store.ts'

/** `writeTogether` of a store that has its records in several places. */
export async function writeOneByOne(write: RecordStore['write'], writes: readonly RecordWrite[]): Promise<boolean> {
  const durable = writes.some((each) => each.durable)
  for (const { key, value, ...options } of writes) {
    if (!(await write(key, value, { ...options, durable }))) return false
  }
  return true
}
