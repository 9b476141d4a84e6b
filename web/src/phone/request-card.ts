import { passkey as passkeyWords } from '#messages/passkey'
import { request as requestWords } from '#messages/request'
import { tag } from '#messages/tag'
import { findPart } from '../page/find-part.ts'
import { focusUnlessLeft } from '../page/focus-unless-left.ts'
import { agoWords } from '../page/moment-words.ts'
import { onceAtATime } from '../page/once-at-a-time.ts'
import { applicationWords, browserWords, hostOf } from '../page/words.ts'
import { PasskeyError } from '../passkeys/authenticator.ts'
import type { AddPasskey } from '../passkeys/passkey-adding.ts'
import { passkeyErrorWords } from '../passkeys/passkey-error-words.ts'
import { drawSigns, makeRoomForSigns } from '../sessions/device-signs.ts'
import { isProblem } from '../wire/api-error.ts'
import type { ScanReply } from '../wire/protocol.ts'
import { type Approval, UnheardError } from './approval.ts'
import { createCardButtons } from './card-buttons.ts'
import { type CardMessage, createCardMessage } from './card-message.ts'
import type { TimeLeft } from './time-left.ts'

export interface RequestCard extends Pick<CardMessage, 'isBack'> {
  show(request: ScanReply, endsAt: number, approval: Approval): void
  hide(): void
}

export interface RequestCardParts {
  readonly root: ParentNode
  readonly timeLeft: TimeLeft
  readonly passkeys: {
    /** Whether the person has one. */
    has(): Promise<boolean>
    add: AddPasskey
    /** In words: why this page can have none. */
    whyNone: string | undefined
  }
}

/** `#request`: who asks, what to beware of, and the two buttons. */
export function createRequestCard({ root, timeLeft, passkeys }: RequestCardParts): RequestCard {
  const card = findPart(root, '#request', HTMLElement)
  const part = (name: string) => findPart(card, `.request-${name}`, HTMLElement)
  const confirm = findPart(card, '#confirm', HTMLButtonElement)
  const deny = findPart(card, '#deny', HTMLButtonElement)
  const message = createCardMessage(findPart(card, '#request-message', HTMLElement))
  const passkey = part('passkey')
  const addPasskey = findPart(card, '.request-add-passkey', HTMLButtonElement)
  const logo = findPart(card, '.app-sign img', HTMLImageElement)
  const letter = findPart(card, '.app-sign span', HTMLElement)
  const icon = findPart(card, '.asker-icon', HTMLElement)
  const title = findPart(card, 'h1', HTMLElement)
  const caution = part('caution')
  const ofBrowser = { heading: title.textContent, caution: caution.textContent }
  makeRoomForSigns(icon, root)

  const tell = (error: unknown) => {
    message.tell(error, whyUnheard)
    if (isAboutPasskeys(error)) sayOfPasskeys(passkeyWords.notOnThisPhone, { canAdd: true })
  }
  const buttons = createCardButtons([confirm, deny], message, tell)
  confirm.addEventListener('click', () =>
    buttons.decide((approval) => approval.confirm(), passkey.hidden ? requestWords.confirming : passkeyWords.waiting),
  )
  deny.addEventListener('click', () => buttons.decide((approval) => approval.deny()))

  const sayOfPasskeys = (words: string, { canAdd = false } = {}) => {
    passkey.textContent = passkeys.whyNone ?? words
    passkey.hidden = words === ''
    addPasskey.hidden = !canAdd || passkeys.whyNone !== undefined
  }
  const showPasskeys = async (request: ScanReply) => {
    sayOfPasskeys(request.confirm === 'passkey' ? passkeyWords.needed : '')
    if (request.confirm !== 'passkey') return
    const isStill = buttons.still()
    // If the service cannot be asked now, the person finds out by confirming.
    const hasOne = await passkeys.has().catch(() => true)
    if (!hasOne && isStill()) sayOfPasskeys(passkeyWords.neededAndNone, { canAdd: true })
  }
  const add = async () => {
    const isStill = buttons.still()
    const focus = focusUnlessLeft()
    message.say('')
    try {
      if (!(await passkeys.add()) || !isStill()) return
      sayOfPasskeys(passkeyWords.added)
      focus(confirm, { preventScroll: true })
    } catch (error) {
      if (isStill()) message.tell(error, passkeyErrorWords)
    }
  }
  addPasskey.addEventListener('click', () => void onceAtATime(addPasskey, add))

  const showNetwork = ({ sameNetwork }: ScanReply) => {
    const network = part('network')
    network.classList.toggle('is-same', sameNetwork)
    findPart(network, 'span', HTMLElement).textContent = sameNetwork
      ? requestWords.sameNetwork
      : requestWords.otherNetwork
  }
  const showAsker = ({ browser, isDevice }: ScanReply) => {
    const words = isDevice ? requestWords.device : ofBrowser
    title.textContent = words.heading
    caution.textContent = words.caution
    drawSigns(icon, browser, 'browser')
    part('browser').textContent = browserWords(browser)
  }
  const showApplication = ({ application, scopes, logo: picture }: ScanReply) => {
    part('goal').hidden = application === undefined
    logo.hidden = picture === undefined
    letter.hidden = !logo.hidden
    if (picture === undefined) logo.removeAttribute('src')
    else logo.src = picture
    letter.textContent = [...(application?.name ?? '')].at(0)?.toLocaleUpperCase() ?? ''
    const { name, place } = applicationWords(application ?? { name: '', origin: undefined })
    part('asks').hidden = scopes.length === 0
    part('scopes').textContent = scopeWords(scopes)
    part('application').replaceChildren(name, ...(place === '' ? [] : [' · ', hostPart(place)]))
  }
  const count = ({ ageSeconds, expiresInSeconds }: ScanReply, endsAt: number) =>
    timeLeft.count(endsAt, (left, words) => {
      part('expiry').textContent = words
      part('age').textContent = agoWords(ageSeconds + Math.max(0, expiresInSeconds - left))
    })

  return {
    show(request, endsAt, approval) {
      buttons.decideOn(approval)
      showAsker(request)
      part('address').textContent = request.ip
      part('where').hidden = request.place === undefined
      part('place').textContent = request.place ?? ''
      part('origin').replaceChildren(hostPart(hostOf(request.origin)))
      part('new').hidden = request.isNewBrowser !== true
      showNetwork(request)
      showApplication(request)
      part('match').hidden = request.match !== 'code'
      void showPasskeys(request)
      count(request, endsAt)
    },
    hide() {
      timeLeft.stop()
      buttons.decideOn(undefined)
    },
    isBack: message.isBack,
  }
}

const whyUnheard = (error: unknown): string =>
  error instanceof UnheardError ? requestWords.unheard : passkeyErrorWords(error)

/** Whether another passkey, or one at all, might help. */
const isAboutPasskeys = (error: unknown): boolean =>
  error instanceof PasskeyError || isProblem(error, 'passkey_required')

/** A host name, in one piece; where that is too long for a line of the card, it is broken between its labels. */
function hostPart(host: string): HTMLElement {
  const whole = document.createElement('bdi')
  for (const [at, label] of host.split('.').entries()) {
    if (at > 0) whole.append('.', document.createElement('wbr'))
    whole.append(label)
  }
  return whole
}

/** What an application learns of the person, by the scopes that it asks for. */
function scopeWords(scopes: readonly string[]): string {
  const { profile, email, groups, none } = requestWords.scopes
  const known = Object.entries({ profile, email, groups }).filter(([scope]) => scopes.includes(scope))
  return new Intl.ListFormat(tag).format(known.map(([, words]) => words)) || none
}
