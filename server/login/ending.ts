/** What ends a hold before its time: the client hung up, or the process shuts down. */
export interface Ending {
  readonly hasCome: boolean
  /** Calls `end` when it comes. @returns stops that; safe to call twice */
  onCome(end: () => void): () => void
}

/** The end that a process announces once. Not an `AbortSignal`: thousands wait for it, and each leaves at once. */
export interface Closing extends Ending {
  come(): void
}

export function createClosing(): Closing {
  const ends = new Set<() => void>()
  let hasCome = false
  return {
    get hasCome() {
      return hasCome
    },
    onCome(end) {
      ends.add(end)
      return () => ends.delete(end)
    },
    come() {
      hasCome = true
      for (const end of [...ends]) end()
    },
  }
}
