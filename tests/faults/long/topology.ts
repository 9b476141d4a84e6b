import type { Rules } from '../checker/history.ts'
import type { Fault } from '../stage/fault.ts'
import type { Instances } from '../stage/instances.ts'

/** People who sign in there. */
export const CROWD = 40

/** One way to run ScanIn: where its records are, and what may go wrong there. */
export interface Topology {
  name: string
  start(): Promise<Place>
}

export interface Place {
  instances: Instances
  faults: readonly Fault[]
  /** Once, at the end: nothing is as before after it. */
  lastFault?: Fault | undefined
  /** What else holds here. */
  rules?: Partial<Rules>
  stop(): Promise<void>
}
