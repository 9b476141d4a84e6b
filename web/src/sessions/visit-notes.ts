import type { Api } from '../wire/api.ts'

/** What the service is told that the person was shown on this device. */
export interface VisitNotes {
  /**
   * Tells the service that the person was shown all that is new up to the latest of these moments, unless it was told:
   * a list that is shown once more, after a change, brings the same ones. Nobody waits for it: if it fails, the news is
   * told again.
   */
  note(moments: readonly number[]): Promise<void>
  /** Whoever comes next was shown nothing yet. */
  forget(): void
}

export function createVisitNotes(api: Pick<Api, 'noteVisit'>): VisitNotes {
  let notedUntil = Number.NEGATIVE_INFINITY
  return {
    async note(moments) {
      const until = Math.max(notedUntil, ...moments)
      if (until === notedUntil) return
      notedUntil = until
      await api.noteVisit({ until }).catch(() => undefined)
    },
    forget() {
      notedUntil = Number.NEGATIVE_INFINITY
    },
  }
}
