/** What a page holds of the person who is signed in. */
export interface Personal {
  /** Somebody else is next: empties this part, and ignores answers that are on their way for the person before. */
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
