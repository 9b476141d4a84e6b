import type { Page } from 'playwright-core'

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
    for (const part of document.querySelectorAll('[hidden]')) part.removeAttribute('hidden')
    for (const part of document.querySelectorAll('details')) part.open = true
    for (const message of messages) {
      const said = document.createElement('p')
      said.className = 'message wrong'
      said.textContent = message
      document.querySelector('.card')?.append(said)
    }
    const parts = [...document.querySelectorAll<HTMLElement>('body *:not(.unseen, option, .device-icon, svg *)')]
    const isCut = (part: HTMLElement) =>
      part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline'
    const isOut = (part: HTMLElement) =>
      part.getBoundingClientRect().right > innerWidth + 1 || part.getBoundingClientRect().left < -1
    const cut = parts.filter((part) => part.clientWidth > 0 && (isCut(part) || isOut(part)))
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth ? ['the page'] : []
    return [
      ...wide,
      ...cut.map((part) => `${part.localName}.${part.className}#${part.id}: ${part.textContent?.trim()}`),
    ]
  }, spoken)
}
