import { setTimeout } from 'node:timers/promises'

/** Something that goes wrong for a while, and is mended. */
export interface Fault<Where = void> {
  name: string
  happen(where: Where, ms: number): Promise<void>
  /** What the store may not have any more by then: everything, or the last of what it was told. */
  loses?: 'everything' | 'the last writes'
  /** Nothing goes wrong in it: nobody is excused. */
  isPeace?: boolean
}

/** Faults of one place, to happen there. */
export function faultsAt<Where>(where: Where, faults: readonly Fault<Where>[]): Fault[] {
  return faults.map((fault) => ({ ...fault, happen: (_nowhere, ms) => fault.happen(where, ms) }))
}

export const PEACE: Fault = { name: 'nothing goes wrong', isPeace: true, happen: (_nowhere, ms) => sleep(ms) }

export async function sleep(ms: number): Promise<void> {
  await setTimeout(ms)
}
