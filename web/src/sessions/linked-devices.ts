import { devices as deviceWords } from '#messages/devices'
import { events as eventWords } from '#messages/events'
import { wordsFor } from '../page/error-words.ts'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import type { Personal } from '../page/owner.ts'
import { createTroubleLine } from '../page/trouble-line.ts'
import { createTurns } from '../page/turns.ts'
import { createUnlessTrouble, type UnlessTrouble } from '../page/unless-trouble.ts'
import { setApart, type TitledWords } from '../page/words.ts'
import type { Api } from '../wire/api.ts'
import { isProblem, isRefusal } from '../wire/api-error.ts'
import type { LinkedDevice, SessionKind } from '../wire/session-protocol.ts'
import { createDeviceList } from './device-list.ts'
import { nameOf } from './device-row.ts'
import { createQuestion } from './question.ts'
import { createRenaming } from './renaming.ts'
import { sayDone } from './say-done.ts'

export interface LinkedDevicesParts {
  readonly root: ParentNode
  readonly api: Pick<Api, 'sessions' | 'revoke' | 'revokeOthers' | 'rename'>
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
  /** Told each time that the list is asked for. */
  readonly onLook?: () => void
  /** Told of the list each time that it was shown. */
  readonly onList?: (devices: readonly LinkedDevice[]) => void
}

export interface LinkedDevices extends Personal {
  refresh(): Promise<void>
  /** The list comes back to sight: what is still said of earlier failures is removed. */
  showAnew(): void
  /** Ends one of them. Throws what stood in the way. */
  end(id: string): Promise<void>
  /** Asks whether all others are to end. */
  askToEndOthers(): Promise<void>
}

/** The list of everywhere the person is signed in, with the buttons that end it. */
export function createLinkedDevices({ root, api, onSignedOut, onLook, onList }: LinkedDevicesParts): LinkedDevices {
  const title = findPart(root, '#devices-title', HTMLElement)
  const browsers = findPart(root, '#sign-out-browsers', HTMLButtonElement)
  const others = findPart(root, '#sign-out-others', HTMLButtonElement)
  const trouble = createTroubleLine(findPart(root, '#sessions-message', HTMLElement))
  const said = findPart(root, '#sessions-said', HTMLElement)
  const questions = ['#question', '#renaming'].map((name) => findPart(root, name, HTMLDialogElement))
  const askPerson = createQuestion(root)
  const askName = createRenaming(root)
  const turns = createTurns()
  const unlessTrouble = createUnlessTrouble({ turns, onSignedOut })
  let shown: readonly LinkedDevice[] = []

  const attempt = (act: Parameters<UnlessTrouble>[0], isDone: () => boolean) => {
    trouble.say('')
    return unlessTrouble(act, (error) => trouble.say(wordsFor(error), isDone))
  }

  const refresh = async () => {
    await load()
    trouble.sayOfLook('')
  }

  const load = async () => {
    onLook?.()
    const listed = await turns.latest(() => api.sessions())
    if (listed !== undefined) show(listed)
  }

  const show = (devices: readonly LinkedDevice[]) => {
    shown = devices
    list.show(shown)
    showButtons()
    onList?.(shown)
  }

  const look = () => unlessTrouble(refresh, (error) => trouble.sayOfLook(wordsFor(error)))

  /**
   * Shows a change by its own answer: the look at the list that follows may fail. If no answer came, that look shows
   * whether the change was made. Throws what stood in the way.
   */
  const change = async <T>(ask: () => Promise<T>, after: (device: LinkedDevice) => readonly LinkedDevice[]) => {
    const isTheirs = turns.begin()
    try {
      const answer = await ask()
      if (!isTheirs()) return answer
      turns.outdate()
      show(shown.flatMap(after))
      void look()
      return answer
    } catch (error) {
      if (!isRefusal(error)) void look()
      throw error
    }
  }

  const showButtons = () => {
    const left = shown.filter(({ current }) => !current)
    others.hidden = left.length === 0
    const linked = left.filter(({ kind }) => kind === 'browser')
    // Without phones in the list both buttons would do the same.
    browsers.hidden = linked.length === 0 || linked.length === left.length
  }

  const revoke = async (id: string) => {
    try {
      await api.revoke({ id })
    } catch (error) {
      // Gone already, which is what was wanted.
      if (!isProblem(error, 'not_found')) throw error
    }
  }

  const end = (id: string) =>
    change(
      () => revoke(id),
      (device) => (device.id === id ? [] : [device]),
    )

  const rename = (device: LinkedDevice, name: string) =>
    unlessTrouble(
      async (isTheirs) => {
        const renamed = { ...device, name: name || undefined }
        await change(
          () => api.rename({ id: device.id, name }),
          (each) => [each.id === device.id ? renamed : each],
        )
        if (isTheirs()) sayDone(said, deviceWords.renamed({ name: setApart(nameOf(renamed)) }))
      },
      (error) => {
        throw error
      },
    )

  const list = createDeviceList({
    root,
    onSignOut: (device, button) =>
      void onceAtATime(button, () =>
        attempt(
          async (isTheirs) => {
            await end(device.id)
            if (isTheirs()) sayDone(said, deviceWords.ended({ name: setApart(nameOf(device)) }))
          },
          () => shown.every(({ id }) => id !== device.id),
        ),
      ),
    onRename: (device) => askName(device, (name) => rename(device, name)),
  })

  const isOther = (device: LinkedDevice, kind: SessionKind = device.kind) => !device.current && device.kind === kind
  const countOthers = (kind?: SessionKind) => shown.filter((device) => isOther(device, kind)).length

  const endOthers = (kind?: SessionKind) => onceAtATime([browsers, others], () => endAllBut(kind))
  const endAllBut = (kind?: SessionKind) =>
    attempt(
      async (isTheirs) => {
        const count = countOthers(kind)
        const here = shown.find(({ current }) => current)?.kind ?? 'browser'
        const words = kind === undefined ? endOthersWords(count, here) : endBrowsersWords(count)
        if (!(await askPerson(words))) return
        const focus = focusUnlessLeft()
        const ended = await change(
          () => api.revokeOthers({ kind }),
          (device) => (isOther(device, kind) ? [] : [device]),
        )
        if (!isTheirs()) return
        // 0: an earlier try has ended them, whose answer was lost.
        sayDone(said, eventWords.revokedMany({ count: ended || count }))
        focus(title)
      },
      () => countOthers(kind) === 0,
    )

  browsers.addEventListener('click', () => endOthers('browser'))
  others.addEventListener('click', () => endOthers())

  return {
    refresh: look,
    showAnew: () => trouble.say(''),
    end,
    askToEndOthers: () => endOthers(),
    forget() {
      turns.end()
      for (const question of questions) question.close('')
      shown = []
      list.forget()
      showButtons()
      trouble.say('')
      said.textContent = ''
    },
  }
}

const endBrowsersWords = (count: number): TitledWords => ({
  title: deviceWords.endBrowsers.title({ count }),
  more: deviceWords.endBrowsers.more,
})

const endOthersWords = (count: number, here: SessionKind): TitledWords => ({
  title: deviceWords.endOthers.title({ count }),
  more: deviceWords.endOthers.more[here],
})
