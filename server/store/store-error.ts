/** Errors of a store that we find out ourselves, and have words for (redis-trouble.ts, embedded-trouble.ts). */
export type StoreErrorKind =
  /** No answer came, or the store was not asked because it does not answer. */
  | 'no_answer'
  /** Others are before it, and its turn came too late. */
  | 'crowded'
  /** Right after connecting. */
  | 'time_unknown'
  /** It never will say its time. */
  | 'no_time'
  /** It answers, and takes too long for it. */
  | 'slow'
  | 'no_notice'
  /** A record was gone as soon as it was written. */
  | 'forgets_at_once'
  /** It makes room by forgetting. */
  | 'evicts'
  | 'too_few_replicas'
  /** In protected mode. */
  | 'protected'
  /** No node of the Cluster is known that takes the key. */
  | 'no_node'

interface StoreErrorOptions extends ErrorOptions {
  /** Left out: its cause has one, or nobody has words for it. */
  kind?: StoreErrorKind
}

/** An error of ours, known by its kind whatever its text. Errors of Redis and of libraries have their text alone. */
export class StoreError extends Error {
  readonly kind: StoreErrorKind | undefined

  constructor(message: string, { kind, cause }: StoreErrorOptions = {}) {
    super(message, { cause })
    this.kind = kind
  }
}

/** An error, and all that it came from. */
export function originsOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return []
  const inner = [
    error.cause,
    // Of a Cluster's client: what the last node said.
    'lastNodeError' in error ? error.lastNodeError : undefined,
    // Of a host with several addresses.
    ...(error instanceof AggregateError ? error.errors : []),
  ]
  return [error, ...inner.flatMap(originsOf)]
}

/** The first kind among them. `undefined`: all are others' errors. */
export function kindOf(origins: readonly Error[]): StoreErrorKind | undefined {
  for (const error of origins) if (error instanceof StoreError && error.kind !== undefined) return error.kind
  return undefined
}
