import type { IndexEntry, PersonRecords } from './person-records.ts'

/**
 * Who may not sign in. The block stands in the record that lists the person's sessions: so whoever adds a session has
 * read the block, and whoever blocks has read all sessions. `of`: `personKeyHash`. Each method rejects as the person's
 * record does.
 */
export interface PersonBlocks {
  /** Once it resolves, no session is added. @returns all that is in the list */
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
