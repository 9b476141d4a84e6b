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
  let loading: Promise<AccountParts> | undefined
  let isShown = false
  /** Approved before they were there. */
  const approved: string[] = []

  async function loadOnce(): Promise<AccountParts> {
    loading ??= load()
    try {
      return await loading
    } catch (error) {
      loading = undefined
      throw error
    }
  }

  async function bringUp(): Promise<void> {
    try {
      const parts = await loadOnce()
      for (const login of approved.splice(0)) parts.approved(login)
      parts.show(isShown)
    } catch (error) {
      onTrouble(error)
    }
  }

  return {
    show(shown) {
      isShown = shown
      if (shown || loading !== undefined) void bringUp()
    },
    approved(login) {
      approved.push(login)
    },
    forget() {
      approved.length = 0
      void loading?.then((parts) => parts.forget()).catch(() => undefined)
    },
    async askToEndOthers() {
      await (await loadOnce()).askToEndOthers()
    },
  }
}
