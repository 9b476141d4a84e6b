import { events as eventWords } from '#messages/events'
import { copyOf } from '../page/copy-of.ts'
import { wordsFor } from '../page/error-words.ts'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { timeElement } from '../page/moment-words.ts'
import type { Personal } from '../page/owner.ts'
import { setWords } from '../page/set-words.ts'
import { createTurns } from '../page/turns.ts'
import { createUnlessTrouble } from '../page/unless-trouble.ts'
import { browserWords, whereWords } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import type { AccountEvent } from '../wire/event-protocol.ts'

export interface EventListParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'events'>
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

export interface EventList extends Personal {
  /** Asks anew for what somebody sees. */
  refresh(): void
}

/** `#activity`: what happened to the account, asked for when somebody wants to see it. */
export function createEventList({ root, api, onSignedOut }: EventListParts): EventList {
  const activity = findPart(root, '#activity', HTMLDetailsElement)
  const list = findPart(activity, '#events', HTMLUListElement)
  const template = findPart(root, '#event-template', HTMLTemplateElement)
  const message = findPart(activity, '.message', HTMLElement)

  const turns = createTurns()
  const unlessTrouble = createUnlessTrouble({ turns, onSignedOut })

  const load = async () => {
    const events = await turns.latest(() => api.events())
    if (events === undefined) return
    list.replaceChildren(...events.map(item))
    setWords(message, events.length === 0 ? eventWords.none : '')
  }

  const item = (event: AccountEvent): Node => {
    const copy = copyOf(template)
    const { by, createdAt } = event
    sayWhatHappened(findPart(copy, '.event-what', HTMLElement), event)
    findPart(copy, '.event-when', HTMLElement).append(timeElement(createdAt))
    findPart(copy, '.event-where', HTMLElement).textContent = whereWords(event)
    const doer = findPart(copy, '.event-by', HTMLElement)
    doer.hidden = by === undefined
    if (by !== undefined)
      fill(doer, (device) => eventWords.by({ device }), `${browserWords(by.browser)}, ${whereWords(by)}`)
    return copy
  }

  const refresh = () => {
    if (activity.open) void unlessTrouble(load, (error) => setWords(message, wordsFor(error)))
  }
  activity.addEventListener('toggle', refresh)

  return {
    refresh,
    forget() {
      turns.end()
      activity.open = false
      list.replaceChildren()
      message.textContent = ''
    },
  }
}

/** As a heading: with the device that it is about, or how many there were. */
function sayWhatHappened(place: HTMLElement, { type, browser, count }: AccountEvent): void {
  if (type === 'revoked' && count > 1) {
    place.textContent = eventWords.revokedMany({ count })
    return
  }
  const { signed_in, linked, denied, revoked, passkey_added, passkey_removed, other } = eventWords
  const words = { signed_in, linked, denied, revoked, passkey_added, passkey_removed }
  const say = Object.entries(words).find(([name]) => name === type)?.[1] ?? other
  fill(place, (device) => say({ device }), browserWords(browser))
}
