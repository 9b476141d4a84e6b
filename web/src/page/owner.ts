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
}

export function createTurns(): Turns {
  let turn = 0
  return {
    begin() {
      const begun = turn
      return () => begun === turn
    },
    end() {
      turn += 1
    },
  }
}
