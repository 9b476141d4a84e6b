import { later } from '../page/later.ts'
import { createOwner } from '../page/owner.ts'
import type { AccountLists } from './account-lists.ts'

/**
 * {@link AccountLists} that are loaded when they are first to be shown: whoever has yet to sign in does not wait for
 * them.
 * @param load rejects if they cannot be loaded now; it is tried again when they are shown next, or somebody is back
 * @param onTrouble told why they are not shown
 */
export function createLateAccountLists(
  load: () => Promise<AccountLists>,
  onTrouble: (error: unknown) => void,
): AccountLists {
  const lists = later(load)
  let loaded: AccountLists | undefined
  let isShown = false
  let person: string | undefined
  /** Approved before they were there. */
  const approved: string[] = []
  const forgetApprovedOfOthers = createOwner([{ forget: () => void approved.splice(0) }])

  async function bringUp(): Promise<void> {
    try {
      loaded = await lists()
      loaded.belongTo(person)
      for (const id of approved.splice(0)) loaded.approved(id)
      loaded.show(isShown)
    } catch (error) {
      onTrouble(error)
    }
  }

  return {
    show(shown) {
      isShown = shown
      if (shown || loaded !== undefined) void bringUp()
    },
    refresh() {
      if (loaded !== undefined) loaded.refresh()
      else if (isShown) void bringUp()
    },
    approved(id) {
      if (loaded === undefined) approved.push(id)
      else loaded.approved(id)
    },
    belongTo(next) {
      person = next
      forgetApprovedOfOthers(next)
      loaded?.belongTo(next)
    },
    async askToEndOthers() {
      await (await lists()).askToEndOthers()
    },
  }
}
