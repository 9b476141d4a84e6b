/** What a page holds of the person who is signed in. */
export interface Personal {
  /** Somebody else is next: empties it, whatever is still on its way for the one before. */
  forget(): void
}

/** Told whose the page is now: a person's id, or nothing while nobody is known to be there. */
export type BelongTo = (person: string | undefined) => void

/** Has everything forgotten before anything of another person is shown. */
export function createOwner(parts: readonly Personal[]): BelongTo {
  let owner: string | undefined
  return (person) => {
    if (person === owner) return
    owner = person
    for (const part of parts) part.forget()
  }
}

/** Tells what was begun for the person who was there from what was begun for whoever is there now. */
export interface Turns {
  /** @returns whether the one who was there when this was called still is */
  begin(): () => boolean
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
  return {
    begin,
    end() {
      turn += 1
    },
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
