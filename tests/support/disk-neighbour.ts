import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ScanInError } from '../../server/errors.ts'
import type { RecordStore, RecordWrite, StoredRecord, Version, WriteOptions } from '../../server/store/record-store.ts'
import { TextRecord } from '../../server/store/text-record.ts'

/** A store on the same folder in a process of its own. */
export interface DiskNeighbour extends RecordStore {
  child: ChildProcess
}

/** What the process is asked to do. */
export type Ask =
  | { call: 'read'; key: string }
  | { call: 'write'; key: string; value: unknown; options: WriteOptions }
  | { call: 'writeTogether'; writes: readonly RecordWrite[] }
  | { call: 'remove'; key: string; ifVersion: Version | undefined }
  | { call: 'watch'; key: string }

/** `told`: of a key that is watched; a record goes as its version. */
type Answer = { id: number; value?: unknown; isRefused?: true } | { told: string; version?: Version }

/** Starts the process, and asks it by messages. */
export async function openDiskNeighbour(options: {
  path: string
  keyPrefix?: string
  maxBytes?: number
}): Promise<DiskNeighbour> {
  const child = fork(join(import.meta.dirname, 'disk-neighbour-process.mjs'), [JSON.stringify(options)], {
    execArgv: ['--import', new URL('typescript.mjs', import.meta.url).href],
  })
  const waiting = new Map<number, (answer: { value?: unknown; isRefused?: true }) => void>()
  const watching = new Map<string, Set<(record?: StoredRecord) => void>>()
  let asked = 0
  await once(child, 'message')
  child.on('message', (answer: Answer) => {
    if ('told' in answer) {
      const record = answer.version === undefined ? undefined : new TextRecord(answer.version)
      for (const onChange of watching.get(answer.told) ?? []) onChange(record)
    } else {
      waiting.get(answer.id)?.(answer)
      waiting.delete(answer.id)
    }
  })

  async function ask(question: Ask): Promise<unknown> {
    if (!child.connected) throw new ScanInError('store_unavailable')
    const id = asked++
    const answered = new Promise<{ value?: unknown; isRefused?: true }>((resolve) => waiting.set(id, resolve))
    child.send({ id, ...question })
    const { value, isRefused } = await answered
    if (isRefused) throw new ScanInError('store_unavailable')
    return value
  }

  return {
    child,
    async read(key) {
      const version = await ask({ call: 'read', key })
      return typeof version === 'string' ? new TextRecord(version) : undefined
    },
    write: async (key, value, writeOptions) =>
      (await ask({ call: 'write', key, value, options: writeOptions })) === true,
    writeTogether: async (writes) => (await ask({ call: 'writeTogether', writes })) === true,
    remove: async (key, ifVersion) => (await ask({ call: 'remove', key, ifVersion })) === true,
    watch(key, onChange) {
      const watchers = watching.get(key) ?? new Set()
      watching.set(key, watchers.add(onChange))
      void ask({ call: 'watch', key })
      return () => watchers.delete(onChange)
    },
    async close() {
      if (!child.connected) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
