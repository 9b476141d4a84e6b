import type { Page } from 'playwright-core'

/** What somebody has of a page who does not see it: what it says by itself, and where the keyboard is. */
export interface Heard {
  /** The words that live regions came to have, in that order. The same words twice in a row count once. */
  said(): Promise<string[]>
  /**
   * What had the focus, in that order: `#id`, or the words on it. `nowhere`: what had it is gone, and whoever uses a
   * keyboard begins again at the top of the page.
   */
  focused(): Promise<string[]>
}

/** What was heard of something that somebody does. */
export async function during(
  heard: Heard,
  act: () => Promise<unknown>,
): Promise<{ said: string[]; focused: string[] }> {
  const before = { said: (await heard.said()).length, focused: (await heard.focused()).length }
  await act()
  return {
    said: (await heard.said()).slice(before.said),
    focused: (await heard.focused()).slice(before.focused),
  }
}

/** Notes it from the next page on that is opened. */
export async function hear(page: Page): Promise<Heard> {
  await page.addInitScript(listen)
  const log = (name: string) => page.evaluate((key) => [...(Reflect.get(window, key) as string[])], name)
  return { said: () => log('heardSaid'), focused: () => log('heardFocus') }
}

/** Runs in the page, by itself: it knows nothing of this file. */
function listen() {
  const LIVE = '[role="status"], [role="alert"], [aria-live]:not([aria-live="off"]), output:not([aria-live])'
  const said: string[] = []
  const focus: string[] = []
  Object.assign(window, { heardSaid: said, heardFocus: focus })
  const lastWords = new WeakMap<Element, string>()
  // What is for the eye alone is not said.
  const textOf = (node: Node): string => {
    if (!(node instanceof Element)) return node.textContent ?? ''
    if (node.getAttribute('aria-hidden') === 'true') return ''
    const words = [...node.childNodes].map(textOf).join('')
    // There is a pause after a paragraph.
    return node instanceof HTMLParagraphElement ? `${words} ` : words
  }
  const wordsOf = (element: Element) => textOf(element).replace(/\s+/g, ' ').trim()
  const note = (log: string[], words: string) => {
    if (log.at(-1) !== words) log.push(words)
  }

  const hearRegion = (region: Element) => {
    const words = region.getClientRects().length === 0 ? '' : wordsOf(region)
    if (lastWords.get(region) === words) return
    lastWords.set(region, words)
    if (words !== '') note(said, words)
  }
  const nameOf = (element: Element) => (element.id === '' ? wordsOf(element) || element.tagName : `#${element.id}`)
  const seeFocus = () => {
    const holder = document.activeElement
    if (holder !== null && holder !== document.body) note(focus, nameOf(holder))
    else if (focus.length > 0) note(focus, 'nowhere')
  }

  // A browser takes the focus from what is hidden when it draws the next picture.
  let isLooking = false
  const lookSoon = () => {
    if (isLooking) return
    isLooking = true
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        isLooking = false
        seeFocus()
      }),
    )
  }
  document.addEventListener('DOMContentLoaded', () => {
    for (const region of document.querySelectorAll(LIVE)) lastWords.set(region, wordsOf(region))
    new MutationObserver(() => {
      for (const region of document.querySelectorAll(LIVE)) hearRegion(region)
      lookSoon()
    }).observe(document.body, { attributes: true, childList: true, characterData: true, subtree: true })
  })
  document.addEventListener('focusin', seeFocus)
  document.addEventListener('focusout', lookSoon)
}
