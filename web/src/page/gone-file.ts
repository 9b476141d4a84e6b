import { LONGEST_PATIENCE_MS, within } from '../wire/within.ts'

const MOST_TIMES = 3
// The next page may meet the instance that has not its files, while an upgrade is under way.
const PAUSE_MS = 3000

/** Once a page is to be left nothing else leaves it: two files may be gone at once, and be asked for twice. */
let isLeaving = false

/**
 * Loads the page anew where the service answers and has the page, but this file no more: an upgrade came between, and its build
 * has files of other names. It never resolves then; else nothing has changed, and it resolves or rejects.
 * @param address of a file of the build: by each the page is loaded anew no more often than by page-guard.js
 */
export async function loadAnewWhereGone(address: string): Promise<void> {
  // In the history's state, which a reload keeps also where storage is blocked.
  const times = history.state?.[address] ?? 0
  if (times === MOST_TIMES || !(await isGone(address))) return
  await new Promise(() => {
    if (isLeaving) return
    isLeaving = true
    setTimeout(() => {
      history.replaceState({ ...history.state, [address]: times + 1 }, '')
      location.reload()
    }, times * PAUSE_MS)
  })
}

/** A connection that hangs says nothing of the file. */
const isGone = (address: string): Promise<boolean> =>
  within(LONGEST_PATIENCE_MS, async (signal) => {
    const ask = (what: string) => fetch(what, { method: 'HEAD', cache: 'no-store', signal })
    // A proxy that has lost sight of the service says 404 to the page as well.
    return (await ask(address)).status === 404 && (await ask(location.href)).ok
  })
