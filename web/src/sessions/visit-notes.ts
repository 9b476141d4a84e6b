import type { Api } from '../wire/api.ts'

/** What the service is told that the person was shown on this device. */
export interface VisitNotes {
  /**
   * Says that they were shown all that is new up to the latest of these moments, unless that was said: the list as it was is
   * shown once more where one of it is changed. Nobody waits for it: what is not noted is told once more.
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
