/** The end that a process announces once. Not an `AbortSignal`: those who wait for it need no event, and no reason. */
export interface Closing {
  readonly hasCome: boolean
  /** Calls `end` when it comes. */
  onCome(end: () => void): void
  come(): void
}

export function createClosing(): Closing {
  const ends: (() => void)[] = []
  let hasCome = false
  return {
    get hasCome() {
      return hasCome
    },
    onCome(end) {
      ends.push(end)
    },
    come() {
      hasCome = true
      for (const end of ends) end()
    },
  }
}
