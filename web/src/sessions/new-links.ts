import { devices as deviceWords } from '#messages/devices'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { agoElement } from '../page/moment-words.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import type { Personal } from '../page/owner.ts'
import { whereWords } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import type { AccountEvent } from '../wire/event-protocol.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { nameOf } from './device-row.ts'
import { drawSigns } from './device-signs.ts'
import { type NewLink, newLinks, type Visit } from './new-link.ts'

export interface NewLinksParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'events' | 'noteVisit'>
  /** Ends a session, and has the list shown anew. Throws what stood in the way. */
  readonly end: (id: string) => Promise<void>
}

export interface NewLinksBanner extends Personal {
  /** Told of the list each time that it was shown. */
  onList(devices: readonly LinkedDevice[]): Promise<void>
  /** The person has let this in here, just now: no news. */
  approved(login: string): void
  /** @param isShown whether the page has room for it now */
  show(isShown: boolean): void
}

const freshVisit = (): Visit => ({ approved: new Set(), ended: new Set(), known: new Set(), told: new Map() })

/**
 * `#new-links`: whatever was signed in as this person since this phone was here last, with a button each that ends it.
 * It stays, over visits too, until the person has said of all of it whether it was theirs.
 */
export function createNewLinks({ root, api, end }: NewLinksParts): NewLinksBanner {
  const card = findPart(root, '#new-links', HTMLElement)
  const title = findPart(card, 'h2', HTMLElement)
  const list = findPart(card, 'ul', HTMLUListElement)
  const template = findPart(root, '#new-link-template', HTMLTemplateElement)
  const message = findPart(card, '.message', HTMLElement)
  const known = findPart(card, '#new-links-known', HTMLButtonElement)
  const said = findPart(root, '#new-links-said', HTMLElement)
  const after = findPart(root, '#devices-title', HTMLElement)
  let visit = freshVisit()
  let events: readonly AccountEvent[] | undefined
  let hasRoom = false
  let notedUntil = Number.NEGATIVE_INFINITY

  /** What has ended since is told by events alone. Without them the rest is told all the same. */
  const lookBack = async (): Promise<readonly AccountEvent[]> => {
    const ours = visit
    const past = events ?? (await api.events().catch(() => []))
    if (ours === visit) events = past
    return past
  }

  const draw = () => {
    const links = [...visit.told.values()]
    card.hidden = !hasRoom || links.length === 0
    const open = links.filter(({ state }) => state === 'live')
    known.textContent =
      open.length === 0 ? deviceWords.known.none : deviceWords.known[open.length === 1 ? 'one' : 'many']
    const focused = document.activeElement?.closest('[data-link]')?.getAttribute('data-link')
    const now = Math.max(...links.map(({ now }) => now))
    list.replaceChildren(...links.map((link) => item(link, now)))
    if (focused) (list.querySelector<HTMLElement>('button:not([hidden])') ?? title).focus()
  }

  const item = (link: NewLink, now: number): Node => {
    const copy = template.content.cloneNode(true)
    if (!(copy instanceof DocumentFragment)) return copy
    const { id, state, device, kind } = link
    findPart(copy, 'li', HTMLElement).setAttribute('data-link', id)
    drawSigns(findPart(copy, '.device-icon', HTMLElement), device.browser, kind)
    const name = nameOf(device)
    findPart(copy, '.device-name', HTMLElement).textContent = name
    findPart(copy, '.link-how', HTMLElement).textContent = kind === 'phone' ? deviceWords.signedIn : deviceWords.linked
    findPart(copy, '.link-when', HTMLElement).append(agoElement(link.createdAt, now))
    findPart(copy, '.link-where', HTMLElement).textContent = whereWords(device)
    const end = findPart(copy, '.link-end', HTMLElement)
    end.hidden = state === 'live'
    if (state !== 'live') end.textContent = deviceWords[state]
    const button = findPart(copy, 'button', HTMLButtonElement)
    button.hidden = state !== 'live'
    button.setAttribute('aria-label', `${button.textContent}: ${name}, ${device.ip}`)
    button.addEventListener('click', () => void onceAtATime(button, () => signOut(link)))
    return copy
  }

  const signOut = async ({ id }: NewLink) => {
    const ours = visit
    message.textContent = ''
    ours.ended.add(id)
    try {
      await end(id)
    } catch (error) {
      ours.ended.delete(id)
      if (ours === visit) message.textContent = wordsFor(error)
    }
  }

  /** Nobody waits for it: what is not noted is told once more. */
  const noteVisit = async (moments: readonly number[]) => {
    const until = Math.max(notedUntil, ...moments)
    if (until === notedUntil) return
    notedUntil = until
    await api.noteVisit({ until }).catch(() => undefined)
  }

  known.addEventListener('click', () => {
    const links = [...visit.told.values()]
    for (const { id } of links) visit.known.add(id)
    visit.told = new Map()
    draw()
    said.textContent = ''
    after.focus()
    void noteVisit(links.map(({ createdAt }) => createdAt))
  })

  const say = (fresh: readonly NewLink[]) => {
    if (fresh.length === 0) return
    said.textContent = deviceWords.newNow({
      devices: fresh.map(({ device }) => `${nameOf(device)}, ${whereWords(device)}`).join('; '),
    })
  }

  return {
    async onList(devices) {
      const ours = visit
      const past = await lookBack()
      if (ours !== visit) return
      const before = visit.told
      visit.told = newLinks(devices, past, visit)
      const links = [...visit.told.values()]
      say(links.filter(({ id }) => !before.has(id)))
      draw()
      if (links.some(({ state }) => state === 'live')) return
      const shown = [...links, ...devices.filter(({ isNew }) => isNew)]
      await noteVisit(shown.map(({ createdAt }) => createdAt))
    },
    approved: (login) => void visit.approved.add(login),
    forget() {
      visit = freshVisit()
      events = undefined
      notedUntil = Number.NEGATIVE_INFINITY
      for (const words of [message, said]) words.textContent = ''
      draw()
    },
    show(isShown) {
      hasRoom = isShown
      draw()
    },
  }
}
