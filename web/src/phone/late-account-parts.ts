import { later } from '../page/later.ts'
import type { AccountParts } from './account-parts.ts'

/**
 * {@link AccountParts} that are loaded once they are to be shown: whoever has yet to sign in does not wait for them.
 * @param load rejects where they cannot be had now; the next time that they are to be shown it is tried again
 * @param onTrouble told why they are not shown
 */
export function createLateAccountParts(
  load: () => Promise<AccountParts>,
  onTrouble: (error: unknown) => void,
): AccountParts {
  const parts = later(load)
  let loaded: AccountParts | undefined
  let isShown = false
  /** Approved before they were there. */
  const approved: string[] = []

  async function bringUp(): Promise<void> {
    try {
      loaded = await parts()
      for (const login of approved.splice(0)) loaded.approved(login)
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
    approved(login) {
      approved.push(login)
    },
    forget() {
      approved.length = 0
      loaded?.forget()
    },
    async askToEndOthers() {
      await (await parts()).askToEndOthers()
    },
  }
}
