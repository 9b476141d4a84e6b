/** Tells what was begun for who, or what, was there then from what was begun for who is there now. */
export interface Turns {
  /** @returns what says later whether it is still the turn that it was when this was called */
  begin(): () => boolean
  /** As `begin`, of the next turn: that of before has ended. */
  next(): () => boolean
  end(): void
  /**
   * Of what is asked again and again, which may be answered in any order.
   * @returns the answer, or `undefined` where it is not to be shown any more: it is somebody else's turn, or what was
   * asked for after it has been answered. Rejects as `ask` does.
   */
  latest<T extends object>(ask: () => Promise<T>): Promise<T | undefined>
  /** Something was changed just now: what was asked for before is not to be shown any more, whenever it is answered. */
  outdate(): void
}

/** Begins with the turn of whoever is there now. */
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
