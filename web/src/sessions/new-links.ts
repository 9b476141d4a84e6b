import { devices as deviceWords } from '#messages/devices'
import { events as eventWords } from '#messages/events'
import { copyOf } from '../page/copy-of.ts'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { later } from '../page/later.ts'
import { agoElement } from '../page/moment-words.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import type { Personal } from '../page/owner.ts'
import { createSettling } from '../page/settling.ts'
import { createTroubleLine } from '../page/trouble-line.ts'
import { createTurns } from '../page/turns.ts'
import { createUnlessTrouble } from '../page/unless-trouble.ts'
import { setApart, whereWords } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'
import { nameOf } from './device-row.ts'
import { drawSigns, makeRoomForSigns } from './device-signs.ts'
import { focusAfter, putInOrder } from './rows.ts'
import { createVisitNotes } from './visit-notes.ts'
import { type NewLink, type Visit, whatIsNew } from './what-is-new.ts'

export interface NewLinksParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'events' | 'noteVisit'>
  /** Ends a session, and has the list shown anew. Throws what stood in the way. */
  readonly end: (id: string) => Promise<void>
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

export interface NewLinksBanner extends Personal {
  /** Told of the list each time that it was shown. */
  onList(devices: readonly LinkedDevice[]): Promise<void>
  /** The person has let this login in here, or done this with a passkey (`passkey_added ID`), just now: no news. */
  approved(id: string): void
  /** Has the next list told by the events of that time. */
  lookAgain(): void
  /** @param isShown whether the page has room for it now */
  show(isShown: boolean): void
}

/** How long the banner ignores taps. It comes by itself: people have to see that, and to hold back the finger. */
const SETTLING_MS = 1000

const ROOM_BELOW_TITLE = 12

const freshVisit = (): Visit => ({ approved: new Set(), ended: new Set(), known: new Set(), told: new Map() })

/**
 * `#new-links`: whatever was signed in as this person since this phone was here last, with a button each that ends it; and what
 * was done with their passkeys, with one that leads to those.
 * It stays, over visits too, until the person has said of all of it whether it was theirs. It comes late, and so below what
 * the page is about: nothing of that moves.
 */
export function createNewLinks({ root, api, end, onSignedOut }: NewLinksParts): NewLinksBanner {
  const card = findPart(root, '#new-links', HTMLElement)
  const title = findPart(card, 'h2', HTMLElement)
  const list = findPart(card, 'ul', HTMLUListElement)
  const template = findPart(root, '#new-link-template', HTMLTemplateElement)
  const trouble = createTroubleLine(findPart(card, '.message', HTMLElement))
  const known = findPart(card, '#new-links-known', HTMLButtonElement)
  const said = findPart(root, '#new-links-said', HTMLElement)
  const after = findPart(root, '#devices-title', HTMLElement)
  const passkeys = findPart(root, '#passkeys-title', HTMLElement)
  let visit = freshVisit()
  let lookBack = later(api.events)
  /** Whether sessions that have ended since are among what is told. */
  let isWhole = false
  let hasRoom = false
  /** The times of all that was new by the last look, even of what the person need not be told. */
  let moments: readonly number[] = []
  const notes = createVisitNotes(api)
  const turns = createTurns()
  const unlessTrouble = createUnlessTrouble({ turns, onSignedOut })
  const rows = new Map<string, LinkRow>()
  makeRoomForSigns(findPart(template.content, '.device-icon', HTMLElement), root)

  const settle = createSettling(card)
  const onSize = () => {
    // Where the screen is too low for it, its title stands at the lower edge (devices.css has the rest).
    card.style.bottom = `${title.offsetTop + title.offsetHeight + ROOM_BELOW_TITLE - card.offsetHeight}px`
    settle(SETTLING_MS)
  }
  new ResizeObserver(onSize).observe(card)

  const draw = () => {
    const links = [...visit.told.values()]
    card.hidden = !hasRoom || links.length === 0
    const open = links.filter(({ state }) => state === 'live')
    known.textContent =
      open.length === 0 ? deviceWords.known.none : deviceWords.known[open.length === 1 ? 'one' : 'many']
    drawRows(links)
  }

  const drawRows = (links: readonly NewLink[]) => {
    const held = document.activeElement
    const row = held?.closest('[data-link]')
    const before = [...list.children]
    const now = Math.max(...links.map(({ now }) => now))
    for (const id of rows.keys()) if (!visit.told.has(id)) rows.delete(id)
    putInOrder(
      list,
      links.map((link) => rowOf(link.id).show(link, now)),
    )
    // Also if the row's button is gone after its press. Not another row's button: Enter may still be held down.
    if (row && (!row.isConnected || held?.closest('[data-link] [hidden]'))) focusAfter(before, row, title)
  }

  const rowOf = (id: string): LinkRow => {
    const onPress = (button: HTMLButtonElement) => {
      if (visit.told.get(id)?.passkey === undefined) void onceAtATime(button, () => signOut(id))
      else passkeys.focus()
    }
    const row = rows.get(id) ?? createLinkRow(template, id, onPress, passkeys.textContent)
    rows.set(id, row)
    return row
  }

  const signOut = (id: string) => {
    trouble.say('')
    // Kept even if the request fails: if only its answer was lost, the next look finds the session ended by it.
    visit.ended.add(id)
    return unlessTrouble(
      () => end(id),
      (error) => trouble.say(wordsFor(error), () => visit.told.get(id)?.state !== 'live'),
    )
  }

  const noteVisit = async () => {
    // Without the events there may be more up to then that the person was not told.
    if (isWhole) await notes.note(moments)
  }

  known.addEventListener('click', () => {
    for (const id of visit.told.keys()) visit.known.add(id)
    visit.told = new Map()
    draw()
    said.textContent = ''
    after.focus()
    void noteVisit()
  })

  const say = (fresh: readonly NewLink[]) => {
    if (fresh.length === 0) return
    said.textContent = deviceWords.newNow({
      devices: fresh.map((link) => `${titleOf(link)}, ${whereWords(link.device)}`).join('; '),
    })
  }

  return {
    async onList(devices) {
      // What has ended since is told by events alone. Without them the rest is told all the same.
      const past = await turns.latest(async () => ({ events: await lookBack().catch(() => undefined) }))
      // While the banner is hidden nothing is told or noted: when it is shown, everything is asked for anew.
      if (past === undefined || !hasRoom) return
      isWhole = past.events !== undefined
      const before = visit.told
      visit.told = whatIsNew(devices, past.events ?? [], visit)
      trouble.sayOfLook('')
      const links = [...visit.told.values()]
      say(links.filter(({ id }) => !before.has(id)))
      if (links.length === 0) said.textContent = ''
      draw()
      const fresh = [...devices, ...(past.events ?? [])].filter(({ isNew }) => isNew)
      moments = [...links, ...fresh].map(({ createdAt }) => createdAt)
      if (links.every(({ state }) => state !== 'live')) await noteVisit()
    },
    approved: (id) => void visit.approved.add(id),
    lookAgain() {
      lookBack = later(api.events)
    },
    forget() {
      turns.end()
      visit = freshVisit()
      lookBack = later(api.events)
      moments = []
      notes.forget()
      trouble.say('')
      said.textContent = ''
      draw()
    },
    show(isShown) {
      if (isShown && !hasRoom) trouble.say('')
      hasRoom = isShown
      draw()
    },
  }
}

/** The device; of a passkey what was done with it, and on which one. */
const titleOf = ({ kind, device }: NewLink): string =>
  kind === 'phone' || kind === 'browser' ? nameOf(device) : eventWords[kind]({ device: setApart(nameOf(device)) })

interface LinkRow {
  /** @returns the row */
  show(link: NewLink, now: number): Element
}

/** The row stays the same for as long as its link is told, and what has the focus in it keeps that. */
function createLinkRow(
  template: HTMLTemplateElement,
  id: string,
  onPress: (button: HTMLButtonElement) => void,
  passkeysTitle: string | null,
): LinkRow {
  const copy = copyOf(template)
  const row = findPart(copy, 'li', HTMLElement)
  const part = (name: string) => findPart(row, name, HTMLElement)
  const button = findPart(row, 'button', HTMLButtonElement)
  const endWords = button.textContent
  row.setAttribute('data-link', id)
  button.addEventListener('click', () => onPress(button))
  return {
    show(link, now) {
      const { state, device, kind, passkey, createdAt } = link
      const name = titleOf(link)
      const signedIn = kind === 'phone' ? deviceWords.signedIn : deviceWords.linked
      drawSigns(part('.device-icon'), device.browser, kind === 'browser' ? kind : 'phone')
      part('.device-name').textContent = name
      part('.link-how').textContent = passkey === undefined ? signedIn : passkeysTitle
      part('.link-when').replaceChildren(agoElement(createdAt, now))
      part('.link-where').textContent = whereWords(device)
      const end = part('.link-end')
      end.hidden = state === 'live'
      if (state !== 'live') end.textContent = deviceWords[state]
      button.hidden = state !== 'live'
      button.textContent = passkey === undefined ? endWords : passkeysTitle
      // Its colour is for what ends something.
      button.classList.toggle('link-button', passkey === undefined)
      button.setAttribute('aria-label', `${button.textContent}: ${name}, ${device.ip}`)
      return row
    },
  }
}
