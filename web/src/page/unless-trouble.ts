import { isProblem } from '../wire/api-error.ts'
import type { Turns } from './turns.ts'

export interface UnlessTroubleParts {
  readonly turns: Turns
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

/**
 * Does something for the person who is there. What stands in the way is told to them alone, and nothing of it once somebody
 * else is there.
 * @param act told what says later whether they still are
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
