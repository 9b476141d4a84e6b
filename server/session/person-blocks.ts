import type { IndexEntry, PersonRecords } from './person-records.ts'

/**
 * Who may not come in. It stands in the record that has the list of their sessions: whoever adds to that has read it, and
 * whoever blocks has read all that were added. `of`: `personKeyHash`. Each method rejects as the person's record does.
 */
export interface PersonBlocks {
  /** From its answer on nothing is added. @returns all that is in the list */
  block(of: string): Promise<readonly IndexEntry[]>
  unblock(of: string): Promise<void>
  isBlocked(of: string): Promise<boolean>
}

interface PersonBlocksOptions {
  people: Pick<PersonRecords, 'read' | 'update'>
}

export function createPersonBlocks({ people }: PersonBlocksOptions): PersonBlocks {
  return {
    block: (of) => people.update(of, ({ sessions }) => ({ next: { sessions, isBlocked: true }, result: sessions })),
    unblock: (of) => people.update<void>(of, ({ sessions }) => ({ next: { sessions }, result: undefined })),
    isBlocked: async (of) => (await people.read(of)).isBlocked === true,
  }
}
