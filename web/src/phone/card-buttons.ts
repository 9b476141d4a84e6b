import { onceAtATime, setBusy } from '../page/once-at-a-time.ts'
import { createTurns } from '../page/turns.ts'
import type { Approval } from './approval.ts'
import type { CardMessage } from './card-message.ts'

/** The buttons by which a card decides on an approval, with what becomes of that said in the card's message. */
export interface CardButtons {
  /** Makes the buttons decide on this approval, or on none. What was begun for another one changes nothing any more. */
  decideOn(next: Approval | undefined): void
  /** @param words said meanwhile */
  decide(act: (approval: Approval) => Promise<void>, words?: string): Promise<void>
  /** @returns a function that tells whether the buttons still decide on the present approval */
  still(): () => boolean
}

/** @param tell says in the message what stood in the way */
export function createCardButtons(
  buttons: readonly HTMLButtonElement[],
  message: CardMessage,
  tell: (error: unknown) => void = message.tell,
): CardButtons {
  /** A turn for each approval that the buttons decide on. */
  const turns = createTurns()
  let approval: Approval | undefined

  return {
    still: turns.begin,
    decideOn(next) {
      if (next !== approval) {
        turns.end()
        setBusy(false, ...buttons)
      }
      approval = next
      message.say('')
    },
    async decide(act, words = '') {
      const decided = approval
      if (decided === undefined) return
      // By its end the card may ask about another code, and its buttons be pressed for that one.
      const isStill = turns.begin()
      const ask = async () => {
        message.say(words)
        try {
          await act(decided)
          if (isStill()) message.say('')
        } catch (error) {
          if (isStill()) tell(error)
        }
      }
      await onceAtATime(buttons, ask, isStill)
    },
  }
}
