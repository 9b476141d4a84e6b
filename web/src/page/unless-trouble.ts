import { isProblem } from '../wire/api-error.ts'
import type { Turns } from './turns.ts'

export interface UnlessTroubleParts {
  readonly turns: Turns
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

/**
 * Does something for the person who is there, and tells them what stood in the way. Once somebody else is there,
 * nothing of it is told.
 * @param act gets a function that tells whether the same person is still there
 */
export type UnlessTrouble = (
  act: (isTheirs: () => boolean) => Promise<void>,
  tell: (error: unknown) => void,
) => Promise<void>

export const createUnlessTrouble =
  ({ turns, onSignedOut }: UnlessTroubleParts): UnlessTrouble =>
  async (act, tell) => {
    const isTheirs = turns.begin()
    try {
      await act(isTheirs)
    } catch (error) {
      if (!isTheirs()) return
      if (isProblem(error, 'authentication_required')) onSignedOut()
      else tell(error)
    }
  }
