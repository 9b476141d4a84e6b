import { passkey as passkeyWords } from '#messages/passkey'
import { phone as phoneWords } from '#messages/phone'
import { countDown } from '../page/countdown.ts'
import { findPart } from '../page/find-part.ts'
import { agoWords } from '../page/moment-words.ts'
import { applicationWords, browserWords, hostOf } from '../page/words.ts'
import { PasskeyError } from '../passkeys/authenticator.ts'
import type { AddPasskey } from '../passkeys/passkey-adding.ts'
import { passkeyErrorWords } from '../passkeys/passkey-error-words.ts'
import { ApiError } from '../wire/api-error.ts'
import type { Clock } from '../wire/clock.ts'
import type { Application, ScanReply } from '../wire/protocol.ts'
import type { Approval } from './approval.ts'

export interface RequestCard {
  show(request: ScanReply, endsAt: number, approval: Approval): void
  hide(): void
}

export interface RequestCardParts {
  readonly root: ParentNode
  readonly clock: Clock
  readonly passkeys: {
    /** Whether the person has one. */
    has(): Promise<boolean>
    add: AddPasskey
    /** In words: why this page can have none. */
    whyNone: string | undefined
  }
}

/** `#request`: who asks, what to beware of, and the two buttons. */
export function createRequestCard({ root, clock, passkeys }: RequestCardParts): RequestCard {
  const card = findPart(root, '#request', HTMLElement)
  const part = (name: string) => findPart(card, `.request-${name}`, HTMLElement)
  const confirm = findPart(card, '#confirm', HTMLButtonElement)
  const deny = findPart(card, '#deny', HTMLButtonElement)
  const remember = findPart(card, '#remember', HTMLInputElement)
  const message = findPart(card, '#request-message', HTMLElement)
  const passkey = part('passkey')
  const addPasskey = findPart(card, '.request-add-passkey', HTMLButtonElement)
  let counting = new AbortController()
  let approval: Approval | undefined

  const decide = async (act: (approval: Approval) => Promise<void>, words: string) => {
    if (approval === undefined || confirm.disabled) return
    setBusy(true)
    message.textContent = words
    try {
      await act(approval)
      message.textContent = ''
    } catch (error) {
      message.textContent = passkeyErrorWords(error)
      if (isAboutPasskeys(error)) sayOfPasskeys(passkeyWords.notOnThisPhone, { canAdd: true })
    } finally {
      setBusy(false)
    }
  }
  const setBusy = (busy: boolean) => {
    confirm.disabled = busy
    deny.disabled = busy
  }

  confirm.addEventListener('click', () =>
    decide(
      (current) => current.confirm(remember.checked),
      passkey.hidden ? phoneWords.confirming : passkeyWords.waiting,
    ),
  )
  deny.addEventListener('click', () => decide((current) => current.deny(), ''))

  const sayOfPasskeys = (words: string, { canAdd = false } = {}) => {
    passkey.textContent = passkeys.whyNone ?? words
    passkey.hidden = words === ''
    addPasskey.hidden = !canAdd || passkeys.whyNone !== undefined
  }
  const showPasskeys = async (request: ScanReply, current: Approval) => {
    sayOfPasskeys(request.confirm === 'passkey' ? passkeyWords.needed : '')
    if (request.confirm !== 'passkey') return
    // Who cannot be asked now finds out by confirming.
    const hasOne = await passkeys.has().catch(() => true)
    if (!hasOne && approval === current) sayOfPasskeys(passkeyWords.neededAndNone, { canAdd: true })
  }
  addPasskey.addEventListener('click', async () => {
    addPasskey.disabled = true
    message.textContent = ''
    try {
      if (await passkeys.add()) sayOfPasskeys(passkeyWords.added)
    } catch (error) {
      message.textContent = passkeyErrorWords(error)
    } finally {
      addPasskey.disabled = false
    }
  })

  const showApplication = (application: Application | undefined) => {
    part('goal').hidden = application === undefined
    const { name, place } = applicationWords(application ?? { name: '', origin: undefined })
    const scopes = application?.scopes ?? []
    part('asks').hidden = scopes.length === 0
    part('scopes').textContent = scopeWords(scopes)
    part('application').replaceChildren(name, ...(place === '' ? [] : [' · ', ...breakable(place)]))
  }

  const count = (endsAt: number) => {
    counting.abort()
    counting = new AbortController()
    const onSecond = (left: number) => {
      part('expiry').textContent = phoneWords.expiresIn({
        time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`,
      })
    }
    void countDown({ clock, endsAt, onSecond, signal: counting.signal })
  }

  return {
    show(request, endsAt, current) {
      approval = current
      remember.checked = false
      message.textContent = ''
      setBusy(false)
      part('browser').textContent = browserWords(request.browser)
      part('address').textContent = request.ip
      part('where').hidden = request.place === undefined
      part('place').textContent = request.place ?? ''
      part('network').textContent = request.sameNetwork ? phoneWords.sameNetwork : phoneWords.otherNetwork
      part('network').classList.toggle('caution', !request.sameNetwork)
      part('age').textContent = agoWords(request.ageSeconds)
      part('origin').replaceChildren(...breakable(hostOf(request.origin)))
      showApplication(request.application)
      part('match').hidden = request.match !== 'code'
      void showPasskeys(request, current)
      count(endsAt)
    },
    hide() {
      counting.abort()
      approval = undefined
    },
  }
}

/** Whether another passkey, or one at all, might help. */
const isAboutPasskeys = (error: unknown): boolean =>
  error instanceof PasskeyError || (error instanceof ApiError && error.code === 'passkey_required')

/** A host name with places to break it between its labels, where it is too long for a line. */
const breakable = (host: string): (string | Node)[] =>
  host.split('.').flatMap((label, at) => (at === 0 ? [label] : ['.', document.createElement('wbr'), label]))

/** What an application learns of the person, by the scopes that it asks for. */
function scopeWords(scopes: readonly string[]): string {
  const { profile, email, groups, none } = phoneWords.scopes
  const known = Object.entries({ profile, email, groups }).filter(([scope]) => scopes.includes(scope))
  return known.map(([, words]) => words).join(', ') || none
}
