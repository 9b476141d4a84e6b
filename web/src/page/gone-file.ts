import { LONGEST_PATIENCE_MS, within } from '../wire/within.ts'

const MOST_TIMES = 3
// During an upgrade the page may again come from, or ask, an instance that does not have its files.
const PAUSE_MS = 3000

/** Set once the page is about to be loaded anew: a second file that is gone must not start that again. */
let isLeaving = false

/**
 * Loads the page anew if the service still has the page, but not this file: after an upgrade the build's files have
 * other names. Then it never resolves. Else it changes nothing, and resolves or rejects.
 * @param address of a file of the build: for each, the page is loaded anew no more often than by page-guard.js
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
