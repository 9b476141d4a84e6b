import type { Clock } from '../clock.ts'
import { ScanInError } from '../errors.ts'
import type { RequestContext } from '../http/request-context.ts'
import type { IsBlocked } from '../identity/blocked-people.ts'
import type { CurrentPerson, User } from '../identity/identity.ts'
import { isSamePerson } from '../identity/person-key.ts'
import { createTelling } from '../news/telling.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { ChallengeLimits } from './challenge-limits.ts'
import type { Challenges } from './challenges.ts'
import { type IdentifiedPasskey, type Passkey, passkeyIdOf, passkeyOwnerOf } from './passkey.ts'
import { createPasskeyAttempts } from './passkey-attempts.ts'
import type { InTurn, PasskeyGuard } from './passkey-guard.ts'
import type { PasskeyList } from './passkey-list.ts'
import type { OnPasskeyNews, PasskeyChange } from './passkey-news.ts'
import { creationOptions, requestOptions } from './passkey-options.ts'
import type { OnPasskeyChange, PasskeyRecords } from './passkey-records.ts'
import type { Assertion, Attestation, CreationOptions, RequestOptions } from './passkey-wire.ts'
import { PasskeyRefused } from './refusal.ts'
import type { RelyingParty } from './relying-party.ts'
import { challengeIn } from './spoken.ts'
import { verifyAssertion, verifyAttestation } from './verification.ts'

interface PasskeysOptions {
  party: RelyingParty
  brandName: string
  records: PasskeyRecords
  list: PasskeyList
  challenges: Challenges
  limits: ChallengeLimits
  guard: PasskeyGuard
  currentPerson: CurrentPerson
  isBlocked: IsBlocked
  clock: Clock
  onNews?: OnPasskeyNews | undefined
}

/** A person at a phone that is signed in: `id` is its session's. */
export interface PersonAtPhone {
  id: string
  user: User
}

/** A passkey that was used just now, and whose it is: as they are now. */
export interface UsedPasskey {
  passkey: Passkey
  user: User
}

/**
 * What people do with passkeys. All of it is by user verification (WebAuthn §6.2.3), with challenges that are good for one
 * try and one purpose. Every method rejects with `store_unavailable` when the store does.
 */
export interface Passkeys {
  /** For who wants to add one. */
  creationOptions(person: PersonAtPhone): Promise<CreationOptions>
  /** @throws ScanInError `passkey_refused`; `too_many_passkeys` */
  add(
    person: PersonAtPhone,
    given: Pick<Passkey, 'name' | 'browser'> & { attestation: Attestation },
    by: RequestContext,
  ): Promise<IdentifiedPasskey>
  /** A person's, the oldest first. */
  list(user: User): Promise<IdentifiedPasskey[]>
  /** @returns `false` when the person has no such passkey */
  remove(user: User, id: string, by: RequestContext): Promise<boolean>
  /** For who is not signed in: whoever has a passkey of ours picks it. */
  signInOptions(by: RequestContext): Promise<RequestOptions>
  /** @throws ScanInError `invalid_credentials` */
  signIn(assertion: Assertion, by: RequestContext): Promise<UsedPasskey>
  /**
   * For a phone that is to show whose it is.
   * @param purpose all that the answer is to be bound to, in words
   * @throws ScanInError `passkey_required`: the person has none
   */
  proofOptions(person: PersonAtPhone, purpose: string): Promise<RequestOptions>
  /** That the phone's owner is there, for just this. Left out: they did not say. @throws ScanInError `passkey_required` */
  prove(
    person: PersonAtPhone,
    assertion: Assertion | undefined,
    purpose: string,
    by: RequestContext,
  ): Promise<UsedPasskey>
}

const TO_SIGN_IN = 'sign in'

export function createPasskeys(options: PasskeysOptions): Passkeys {
  const {
    party,
    brandName,
    records,
    list,
    challenges,
    limits,
    guard,
    currentPerson,
    isBlocked,
    clock,
    onNews = () => undefined,
  } = options
  const changes = createTelling<PasskeyChange>({ clock, followUps: createFollowUps(), onNews })

  const attempt = createPasskeyAttempts({ guard, onNews })

  function telling(news: PasskeyChange): OnPasskeyChange {
    const { type, id } = news
    const name = `${type}:${id}`
    const hasHappened = async () => ((await records.find(id)) !== undefined) === (type === 'added')
    return ({ isUncertain }) => {
      if (isUncertain) changes.tellUncertain(name, news, hasHappened)
      else changes.tellCertain(name, news)
    }
  }

  /** Takes the challenge, whatever comes of it: a try that went wrong is not tried again with the same. */
  async function takeChallenge(clientData: string, type: 'webauthn.create' | 'webauthn.get', purpose: string) {
    const challenge = challengeIn(clientData, type, party)
    if (!(await challenges.take(challenge, purpose))) throw new PasskeyRefused('challenge')
    return challenge
  }

  /** @throws PasskeyRefused */
  async function use(assertion: Assertion, purpose: string, inTurn: InTurn): Promise<UsedPasskey> {
    const challenge = await takeChallenge(assertion.response.clientDataJSON, 'webauthn.get', purpose)
    const id = passkeyIdOf(assertion.id)
    const found = await records.find(id)
    const { userHandle } = assertion.response
    if (found === undefined || (userHandle && userHandle !== found.handle)) throw new PasskeyRefused('unknown')
    const { owner } = found
    const user = currentPerson(owner)
    if (user === undefined) throw new PasskeyRefused('owner', { owner })
    const said = await inTurn(() => verifyAssertion(assertion, challenge, found, party)).catch((error) => {
      throw error instanceof PasskeyRefused ? new PasskeyRefused(error.why, { owner, cause: error.cause }) : error
    })
    const passkey = await records.use(id, said)
    if (passkey === undefined) throw new PasskeyRefused('unknown')
    if (passkey === 'cloned') throw new PasskeyRefused('cloned_counter', { owner })
    return { passkey, user }
  }

  return {
    creationOptions({ id, user }) {
      return limits.byPhone.spend(id, async () => {
        const [handle, known] = await Promise.all([list.keepHandle(user), records.of(user)])
        const challenge = await challenges.issue(toAdd(id, handle))
        return creationOptions({ rp: { id: party.id, name: brandName }, user, handle, known, challenge })
      })
    },

    add(person, { attestation, ...called }, by) {
      const { id: phoneId, user } = person
      return attempt({ by, person }, 'refused', 'passkey_refused', async (inTurn) => {
        const handle = await list.handleOf(user)
        if (handle === undefined) throw new PasskeyRefused('challenge')
        const { clientDataJSON } = attestation.response
        const challenge = await takeChallenge(clientDataJSON, 'webauthn.create', toAdd(phoneId, handle))
        const made = await inTurn(() => verifyAttestation(attestation, challenge, party))
        const passkey = { owner: passkeyOwnerOf(user), rpId: party.id, handle, ...made, ...called, createdAt: clock() }
        const id = passkeyIdOf(made.credentialId)
        const outcome = await records.add(id, passkey, {
          added: telling({ type: 'added', id, user, by }),
          removed: (older) => telling({ type: 'removed', id: older, user, by }),
        })
        if (outcome === 'taken') throw new PasskeyRefused('taken')
        if (outcome === 'too_many') throw new ScanInError('too_many_passkeys')
        return { id, passkey }
      })
    },

    list: (user) => records.of(user),

    remove: (user, id, by) => records.remove(user, id, telling({ type: 'removed', id, user, by })),

    signInOptions: (by) =>
      limits.byAddress.spend(by.address, async () => requestOptions(party, await challenges.issue(TO_SIGN_IN), [])),

    signIn(assertion, by) {
      return attempt({ by }, 'sign_in_failed', 'invalid_credentials', async (inTurn) => {
        // Nobody has said yet who it is: the authenticator has to (WebAuthn §7.2, step 6).
        if (!assertion.response.userHandle) throw new PasskeyRefused('malformed')
        const found = await use(assertion, TO_SIGN_IN, inTurn)
        // A provider's people sign in there: they may be gone there by now.
        if (found.user.source !== undefined) throw new PasskeyRefused('foreign', { owner: found.user })
        if (await isBlocked(found.user)) throw new PasskeyRefused('owner', { owner: found.user })
        return found
      })
    },

    proofOptions({ id, user }, purpose) {
      return limits.byPhone.spend(id, async () => {
        const known = await records.of(user)
        // With an empty list, a browser would offer any passkey.
        if (known.length === 0) throw new ScanInError('passkey_required')
        return requestOptions(party, await challenges.issue(purpose), known)
      })
    },

    async prove(person, assertion, purpose, by) {
      const { user } = person
      if (assertion === undefined) {
        onNews({ type: 'refused', why: 'missing', user, by })
        throw new ScanInError('passkey_required')
      }
      return attempt({ by, person }, 'refused', 'passkey_required', async (inTurn) => {
        const found = await use(assertion, purpose, inTurn)
        if (!isSamePerson(found.user, user)) throw new PasskeyRefused('foreign')
        return found
      })
    },
  }
}

/** The purpose names the handle too, as the authenticator keeps it: it must still be this person's. */
function toAdd(phoneId: string, handle: string): string {
  return `add ${phoneId} ${handle}`
}
