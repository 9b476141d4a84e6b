import { later } from '../page/later.ts'
import { createOwner } from '../page/owner.ts'
import type { AccountParts } from './account-parts.ts'

/**
 * {@link AccountParts} that are loaded once they are to be shown: whoever has yet to sign in does not wait for them.
 * @param load rejects where they cannot be had now; the next time that they are to be shown, or somebody is back, it is tried again
 * @param onTrouble told why they are not shown
 */
export function createLateAccountParts(
  load: () => Promise<AccountParts>,
  onTrouble: (error: unknown) => void,
): AccountParts {
  const parts = later(load)
  let loaded: AccountParts | undefined
  let isShown = false
  let person: string | undefined
  /** Approved before they were there. */
  const approved: string[] = []
  const belongTo = createOwner([{ forget: () => void approved.splice(0) }])

  async function bringUp(): Promise<void> {
    try {
      loaded = await parts()
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
      belongTo(next)
      loaded?.belongTo(next)
    },
    async askToEndOthers() {
      await (await parts()).askToEndOthers()
    },
  }
}
