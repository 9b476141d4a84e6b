import { findPart } from '../page/find-part.ts'
import { type BelongTo, createOwner } from '../page/owner.ts'
import type { Authenticator } from '../passkeys/authenticator.ts'
import type { AddPasskey } from '../passkeys/passkey-adding.ts'
import { createPasskeyList } from '../passkeys/passkey-list.ts'
import { createEventList } from '../sessions/event-list.ts'
import { createLinkedDevices } from '../sessions/linked-devices.ts'
import { createNewLinks } from '../sessions/new-links.ts'
import { passkeyChanges } from '../sessions/what-is-new.ts'
import type { Api } from '../wire/api.ts'
import type { LinkedDevice } from '../wire/session-protocol.ts'

export interface AccountListsParts {
  readonly root: ParentNode
  readonly api: Api
  readonly authenticator: Pick<Authenticator, 'missing'>
  readonly addPasskey: AddPasskey
  /** Told of the person's devices each time that they were shown. */
  readonly onDevices: (devices: readonly LinkedDevice[]) => void
  /** The person has to show anew that it is them. */
  readonly onSignInAgain: () => void
  /** The session that asks is gone. */
  readonly onSignedOut: () => void
}

/** What somebody who is signed in sees of their account: devices, passkeys, what is new and what happened. */
export interface AccountLists {
  /** Shows or hides the lists. Shown, they ask for everything anew. */
  show(isShown: boolean): void
  /** Asks again for what is shown, which may be old by now. */
  refresh(): void
  /** The person has just approved this login here, or changed a passkey (`passkey_added ID`): it is no news. */
  approved(id: string): void
  /** Says whose the lists are now. Those of anybody else are emptied at once. */
  readonly belongTo: BelongTo
  /** Asks whether all other devices are to be signed out. */
  askToEndOthers(): Promise<void>
}

export function createAccountLists(parts: AccountListsParts): AccountLists {
  const { root, api, authenticator, addPasskey, onDevices, onSignInAgain, onSignedOut } = parts
  const sections = ['#devices', '#passkeys', '#activity'].map((name) => findPart(root, name, HTMLElement))
  const devices = createLinkedDevices({
    ...{ root, api, onSignedOut },
    onLook: () => newLinks.lookAgain(),
    onList: (list) => {
      onDevices(list)
      void newLinks.onList(list)
    },
  })
  const newLinks = createNewLinks({ root, api, end: devices.end, onSignedOut })
  const events = createEventList({ root, api, onSignedOut })
  const passkeys = createPasskeyList({
    ...{ root, api, authenticator, add: addPasskey, onSignInAgain, onSignedOut },
    onRemoveUnheard: (id) => newLinks.approved(`passkey_removed ${id}`),
    onChange: (removed) => {
      if (removed !== undefined) {
        // Neither adding nor removing it is news, whoever added it.
        for (const change of passkeyChanges) newLinks.approved(`${change} ${removed}`)
      }
      void devices.refresh()
    },
  })

  let isShownNow = false
  const ask = () => {
    void devices.refresh()
    void passkeys.refresh()
    events.refresh()
  }

  return {
    show(isShown) {
      if (isShown && !isShownNow) for (const list of [devices, passkeys]) list.showAnew()
      isShownNow = isShown
      for (const section of sections) section.hidden = !isShown
      newLinks.show(isShown)
      if (isShown) ask()
    },
    refresh() {
      if (isShownNow) ask()
    },
    approved: newLinks.approved,
    belongTo: createOwner([newLinks, devices, passkeys, events]),
    askToEndOthers: devices.askToEndOthers,
  }
}
