import { devices as deviceWords } from '#messages/devices'
import { passkey as passkeyWords } from '#messages/passkey'
import { copyOf } from '../page/copy-of.ts'
import { fill } from '../page/fill.ts'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { timeElement } from '../page/moment-words.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import type { Personal } from '../page/owner.ts'
import { createTroubleLine } from '../page/trouble-line.ts'
import { createTurns } from '../page/turns.ts'
import { createUnlessTrouble, type UnlessTrouble } from '../page/unless-trouble.ts'
import { browserWords } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import { isProblem, isRefusal } from '../wire/api-error.ts'
import type { Passkey } from '../wire/passkey-protocol.ts'
import type { Authenticator } from './authenticator.ts'
import { type AddPasskey, PasskeyNameError, unlessStale } from './passkey-adding.ts'
import { passkeyErrorWords } from './passkey-error-words.ts'

export interface PasskeyListParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'passkeys' | 'removePasskey'>
  readonly authenticator: Pick<Authenticator, 'missing'>
  readonly add: AddPasskey
  /** The person has to show anew that it is them. */
  readonly onSignInAgain: () => void
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
  /** The person has asked to remove this one, and no answer came: if it is gone, that may be why. */
  readonly onRemoveUnheard: (id: string) => void
  /** Called when the person has added a passkey here, or may have; or with the id of one that they have removed. */
  readonly onChange: (removed?: string) => void
}

export interface PasskeyList extends Personal {
  refresh(): Promise<void>
  /** The list comes back to sight: what is still said of earlier failures is removed. */
  showAnew(): void
}

/** `#passkeys`: the person's passkeys, and the button that adds one of this device. */
export function createPasskeyList(parts: PasskeyListParts): PasskeyList {
  const { root, api, authenticator, add, onSignInAgain, onSignedOut, onRemoveUnheard, onChange } = parts
  const card = findPart(root, '#passkeys', HTMLElement)
  const title = findPart(card, 'h2', HTMLElement)
  const list = findPart(card, '.passkey-list', HTMLUListElement)
  const template = findPart(root, '#passkey-template', HTMLTemplateElement)
  const adding = findPart(card, '.add-passkey', HTMLElement)
  const name = findPart(adding, '#passkey-name', HTMLInputElement)
  const button = findPart(adding, '#add-passkey', HTMLButtonElement)
  const note = findPart(card, '.passkeys-note', HTMLElement)
  const trouble = createTroubleLine(findPart(card, '#passkeys-message', HTMLElement))

  adding.hidden = authenticator.missing !== undefined

  const turns = createTurns()
  const unlessTrouble = createUnlessTrouble({ turns, onSignedOut })

  const attempt = (act: Parameters<UnlessTrouble>[0], isDone: () => boolean) => {
    trouble.say('')
    return unlessTrouble(act, (error) => {
      trouble.say(passkeyErrorWords(error), isDone)
      // What was done may have reached the service without an answer.
      void look()
    })
  }

  const refresh = async () => {
    await load()
    trouble.sayOfLook('')
  }

  const look = () => unlessTrouble(refresh, (error) => trouble.sayOfLook(passkeyErrorWords(error)))

  const load = async () => {
    const passkeys = await turns.latest(() => api.passkeys())
    if (passkeys === undefined) return
    show(passkeys)
    const why = authenticator.missing === undefined ? undefined : passkeyWords[authenticator.missing]
    say(why ?? (passkeys.length === 0 ? passkeyWords.none : ''))
  }

  let shown: readonly Passkey[] = []
  const isShown = ({ id }: Passkey) => shown.some((passkey) => passkey.id === id)
  const show = (passkeys: readonly Passkey[]) => {
    // Somebody may be reading it, or have the focus in it.
    if (JSON.stringify(passkeys) === JSON.stringify(shown)) return
    shown = passkeys
    const isHeld = list.contains(document.activeElement)
    list.replaceChildren(...passkeys.map(item))
    list.hidden = passkeys.length === 0
    if (isHeld) title.focus()
  }

  const say = (words: string) => {
    note.textContent = words
    note.hidden = words === ''
  }

  const item = (passkey: Passkey): Node => {
    const copy = copyOf(template)
    const called = passkey.browser === undefined ? passkey.name : browserWords(passkey.browser)
    findPart(copy, '.passkey-name', HTMLElement).textContent = called
    findPart(copy, '.passkey-synced', HTMLElement).hidden = !passkey.backedUp
    fill(
      findPart(copy, '.passkey-added', HTMLElement),
      (time) => passkeyWords.addedAt({ time }),
      timeElement(passkey.createdAt),
    )
    const used = findPart(copy, '.passkey-used', HTMLElement)
    if (passkey.lastUsedAt === undefined) used.textContent = passkeyWords.notUsed
    else fill(used, (time) => passkeyWords.lastUsed({ time }), timeElement(passkey.lastUsedAt))
    const remove = findPart(copy, 'button', HTMLButtonElement)
    remove.setAttribute('aria-label', passkeyWords.remove({ name: called }))
    remove.addEventListener('click', () =>
      onceAtATime(remove, () =>
        attempt(
          (isTheirs) => removeIt(passkey, isTheirs),
          () => !isShown(passkey),
        ),
      ),
    )
    return copy
  }

  const removeIt = async ({ id }: Passkey, isTheirs: () => boolean) => {
    const focus = focusUnlessLeft()
    const isDone = await unlessStale(onSignInAgain, async () => {
      try {
        await api.removePasskey({ id })
      } catch (error) {
        if (!isRefusal(error)) onRemoveUnheard(id)
        // Gone already, which is what was wanted.
        if (!isProblem(error, 'not_found')) throw error
      }
    })
    if (!isDone || !isTheirs()) return
    // Shown by the answer alone: a look at the list comes after it, and may fail.
    turns.outdate()
    show(shown.filter((passkey) => passkey.id !== id))
    onChange(id)
    void look()
    focus(title)
  }

  const addOne = async (isTheirs: () => boolean) => {
    const given = name.value.trim()
    try {
      if (!(await add(given === '' ? undefined : given))) return
    } catch (error) {
      // It may have been added although no answer came.
      if (!isRefusal(error)) onChange()
      if (!(error instanceof PasskeyNameError) || !isTheirs()) throw error
      trouble.say(deviceWords.badName)
      return name.focus()
    }
    name.value = ''
    onChange()
    await look()
  }

  button.addEventListener('click', () => {
    const before = shown.length
    return onceAtATime(button, () => attempt(addOne, () => shown.length > before))
  })

  return {
    refresh: look,
    showAnew: () => trouble.say(''),
    forget() {
      turns.end()
      show([])
      say('')
      trouble.say('')
      name.value = ''
    },
  }
}
