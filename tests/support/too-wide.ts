import type { Page } from 'playwright-core'
import { assetsOfThisBuild } from './assets.ts'

/** What pages are given with the parts that come later. */
const LATE_SHEETS: Readonly<Record<string, RegExp>> = {
  '/': /^login-forms-\w+\.css$/,
  '/scan': /^(devices|request|viewfinder)-\w+\.css$/,
}

/** Opens a page with all its states at once, as the build left them: no script hides what is not its turn. */
export async function openUnscripted(page: Page, service: string, path: string): Promise<void> {
  await page.route('**/*.js', (route) => route.fulfill({ body: '', contentType: 'text/javascript' }))
  await page.goto(service + path)
  for (const name of assetsOfThisBuild()) {
    if (LATE_SHEETS[path]?.test(name)) await page.addStyleTag({ url: `/assets/${name}` })
  }
}

/**
 * @param spoken messages, for the page to show too
 * @returns the texts of what does not fit, with everything shown that a page may show
 */
export function tooWide(page: Page, spoken: readonly string[]): Promise<string[]> {
  return page.evaluate((messages) => {
    const lists = { session: '#sessions ul', event: '#events', passkey: '.passkey-list', 'new-link': '#new-links ul' }
    for (const [name, list] of Object.entries(lists)) {
      const template = document.querySelector<HTMLTemplateElement>(`#${name}-template`)
      if (template !== null) document.querySelector(list)?.append(template.content.cloneNode(true))
    }
    const number = document.querySelector('output')
    if (number !== null) number.textContent = '620153'
    for (const part of document.querySelectorAll('[hidden]')) part.removeAttribute('hidden')
    for (const part of document.querySelectorAll('details')) part.open = true
    for (const message of messages) {
      const said = document.createElement('p')
      said.className = 'message wrong'
      said.textContent = message
      document.querySelector('.card')?.append(said)
    }
    // Signs stick out of an icon, and corners out of the code.
    const parts = [...document.querySelectorAll<HTMLElement>('body *:not(.unseen, option, .device-icon, .code, svg *)')]
    const isCut = (part: HTMLElement) =>
      part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline'
    const isOut = (part: HTMLElement) =>
      part.getBoundingClientRect().right > innerWidth + 1 || part.getBoundingClientRect().left < -1
    const root = document.documentElement
    const faults = () => {
      const cut = parts.filter((part) => part.clientWidth > 0 && (isCut(part) || isOut(part)))
      const wide = root.scrollWidth > root.clientWidth ? ['the page'] : []
      return [
        ...wide,
        ...cut.map(
          (part) =>
            `${part.localName}.${part.className}#${part.id}: ${part.textContent?.trim().replace(/\s+/g, ' ').slice(0, 80)}`,
        ),
      ]
    }
    // The trouble card lies over the page, then stands in its place, and goes once the page has started.
    const over = faults()
    const trouble = document.querySelector('.start-trouble')
    trouble?.setAttribute('data-said', '')
    const inPlace = faults()
    root.setAttribute('data-started', '')
    trouble?.remove()
    return [...over, ...inPlace, ...faults()]
  }, spoken)
}
