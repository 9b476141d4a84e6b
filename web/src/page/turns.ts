/** Tells what was begun for the person, or thing, that is there now from what was begun for an earlier one. */
export interface Turns {
  /** @returns a function that tells whether the turn of this call still lasts */
  begin(): () => boolean
  /** Ends the turn and begins the next one, as `begin`. */
  next(): () => boolean
  end(): void
  /**
   * For what is asked again and again, and may be answered in any order.
   * @returns the answer, or `undefined` if it must not be shown: the turn has ended, or a later request was answered
   *   before. Rejects as `ask` does.
   */
  latest<T extends object>(ask: () => Promise<T>): Promise<T | undefined>
  /** Something was changed just now: the answers to earlier requests of `latest` must not be shown any more. */
  outdate(): void
}

/** Begins with a first turn, which is that of whoever is there now. */
export function createTurns(): Turns {
  let turn = 0
  let asked = 0
  let answered = 0
  const begin = () => {
    const begun = turn
    return () => begun === turn
  }
  const end = () => {
    turn += 1
  }
  return {
    begin,
    next() {
      end()
      return begin()
    },
    end,
    async latest(ask) {
      const isTheirs = begin()
      asked += 1
      const mine = asked
      const answer = await ask()
      if (!isTheirs() || mine < answered) return undefined
      answered = mine
      return answer
    },
    outdate() {
      asked += 1
      answered = asked
    },
  }
}
