import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect } from '@jest/globals'
import { ScanInError } from '../../../../server/errors.ts'
import type { User } from '../../../../server/identity/identity.ts'
import type { PollingBrowser } from '../../../../server/login/browser/browser-polls.ts'
import type { Phone } from '../../../../server/login/login.ts'
import { parseToken, type Token } from '../../../../server/login/token.ts'
import { BROWSER_AT, byToken, PHONES, type StoryPhone, signedIn } from './model.ts'
import type { World } from './world.ts'

export type Step =
  | { do: 'start' | 'rotate' | 'cancel' | 'poll' | 'pollLost' | 'use' | 'userCode'; browser: number }
  | { do: 'pollForeign'; browser: number; target: number }
  | { do: 'match'; browser: number; isRight: boolean }
  | { do: 'scan' | 'scanCode' | 'scanOld' | 'confirm' | 'deny'; phone: number; target: number }
  | { do: 'revoke'; browser: number }
  | { do: 'endPhone' | 'signInAgain'; phone: number; target: number }
  | { do: 'wait'; ms: number }

export interface Tab {
  key: string
  loginId: string
  token: Token
  oldToken: Token | undefined
  userCode: string | undefined
}

export interface Facts {
  /** People whose scan was accepted. */
  owners: Set<string>
  /** Phones that asked to scan or to confirm, whether or not they heard back. */
  scannedBy: Set<string>
  confirmedBy: Set<StoryPhone>
  hasRightMatch: boolean
  secrets: Set<string>
}

/** Two browsers and three phones, and what they have seen. What they must never see fails on the spot. */
export function createPeople(world: World) {
  const tabs: (Tab | undefined)[] = [undefined, undefined]
  const phones: StoryPhone[] = [...PHONES]
  let signIns = 0
  const facts = new Map<string, Facts>()
  const matchCodes = new Map<string, string>()
  const AT_ONCE = { seen: undefined, waitMs: 0, client: new IncomingMessage(new Socket()) }

  function factsOf(loginId: string): Facts {
    const known = facts.get(loginId) ?? {
      owners: new Set(),
      scannedBy: new Set(),
      confirmedBy: new Set(),
      hasRightMatch: false,
      secrets: new Set(),
    }
    facts.set(loginId, known)
    return known
  }

  /** A browser as the process remembers it, whatever token it comes with. */
  function waiting({ token, key }: Pick<Tab, 'token' | 'key'>): PollingBrowser {
    return { token, browserKey: key, replaces: undefined, client: world.clients.find(key), retryAfterSeconds: 0 }
  }

  /** @param askedAt when the browser asked */
  async function sawHandOver(
    tab: Tab,
    { user, sessionSecret }: { user: User; sessionSecret: string },
    askedAt: number,
  ): Promise<void> {
    const { owners, confirmedBy, hasRightMatch, secrets } = factsOf(tab.loginId)
    secrets.add(sessionSecret)
    expect(secrets.size).toBe(1)
    // Who heard "scanned" owns it; a scan whose answer got lost may own it as well, but has to have confirmed.
    expect([...confirmedBy].map((phone) => phone.user.id)).toContain(user.id)
    if (owners.size > 0) expect(owners).toEqual(new Set([user.id]))
    if (world.match() === 'code') expect(hasRightMatch).toBe(true)
    const login = await world.loginOf(tab.loginId)
    if (login !== undefined && login.status !== 'pending')
      expect(askedAt).toBeLessThan(login.phone.goodUntil ?? Number.POSITIVE_INFINITY)
  }

  async function poll(tab: Tab): Promise<void> {
    const askedAt = world.clock()
    const status = await world.browserPolls.status(waiting(tab), AT_ONCE)
    if (status.status === 'authenticated') await sawHandOver(tab, status, askedAt)
  }

  async function start(browser: number): Promise<void> {
    const started = await world.browserLogins.start({ name: 'Firefox', os: 'Linux' }, BROWSER_AT)
    const token = tokenOf(started.token)
    tabs[browser] = {
      key: started.browserKey,
      loginId: started.loginId,
      token,
      oldToken: undefined,
      userCode: undefined,
    }
  }

  async function rotate(tab: Tab): Promise<void> {
    const shown = await world.browserLogins.rotate(waiting(tab))
    if (shown === undefined) return
    expect(shown.loginId).toBe(tab.loginId)
    tab.oldToken = tab.token
    tab.token = tokenOf(shown.token)
  }

  async function scan(phone: Phone, tab: Tab, scanIt: () => Promise<unknown>): Promise<void> {
    const { owners, scannedBy } = factsOf(tab.loginId)
    scannedBy.add(phone.id)
    await scanIt()
    owners.add(phone.user.id)
    expect(owners.size).toBe(1)
  }

  async function confirm(phone: StoryPhone, tab: Tab): Promise<void> {
    const { confirmedBy, owners, scannedBy } = factsOf(tab.loginId)
    confirmedBy.add(phone)
    const confirmation = await world.approvals.confirm(tab.token, phone, { remember: false, presentedSecret: phone.id })
    expect(scannedBy).toContain(phone.id)
    if (owners.size > 0) expect(owners).toContain(phone.user.id)
    expect(confirmation.status).toBe(
      world.match() === 'code' && !factsOf(tab.loginId).hasRightMatch ? 'match_required' : confirmation.status,
    )
    if (confirmation.status === 'match_required') matchCodes.set(tab.loginId, confirmation.matchCode)
  }

  async function match(tab: Tab, isRight: boolean): Promise<void> {
    const askedAt = world.clock()
    const code = matchCodes.get(tab.loginId)
    if (isRight && code !== undefined) factsOf(tab.loginId).hasRightMatch = true
    const status = await world.browserLogins.match(waiting(tab), isRight ? (code ?? 'none') : 'wrong!')
    if (status.status === 'authenticated') await sawHandOver(tab, status, askedAt)
  }

  async function pollForeign(own: Tab, target: Tab): Promise<void> {
    if (own.loginId === target.loginId) return
    const mixed = waiting({ token: target.token, key: own.key })
    expect(await world.browserPolls.status(mixed, AT_ONCE)).toEqual({ status: 'expired' })
    expect(await world.browserLogins.rotate(mixed)).toBeUndefined()
    expect(await world.browserLogins.match(mixed, '000000')).toEqual({ status: 'expired' })
    await world.browserLogins.cancel(mixed)
  }

  async function revoke(tab: Tab): Promise<void> {
    const found = await use(tab)
    if (found !== undefined) await world.sessions.revoke(found.session.user, found.id)
  }

  async function use({ loginId }: Tab) {
    const [secret] = factsOf(loginId).secrets
    return secret === undefined ? undefined : world.sessions.authenticate(secret)
  }

  async function endPhone(phone: StoryPhone): Promise<void> {
    if (phone.secret !== undefined && (await world.sessions.revoke(phone.user, phone.id))) world.ended.add(phone.id)
  }

  /** The same person, in the same browser on the same phone. */
  async function signInAgain(at: number): Promise<void> {
    const before = phones[at] as StoryPhone
    if (before.secret === undefined) {
      phones[at] = byToken(before.user, world.clock())
      return
    }
    const after = signedIn(before.user, `phone-${at} again ${++signIns}`)
    await world.signIn(after, before.id)
    phones[at] = after
    world.ended.add(before.id)
  }

  function stepOf(step: Step): Promise<unknown> | undefined {
    if (step.do === 'wait') return void world.pass(step.ms)
    if (step.do === 'start') return start(step.browser)
    const tab = tabs['target' in step ? step.target : step.browser]
    if (tab === undefined) return undefined
    if ('phone' in step) return phoneStep(step, phones[step.phone] as StoryPhone, tab)
    return browserStep(step, tab)
  }

  async function phoneStep(
    { do: what, phone: at }: Extract<Step, { phone: number }>,
    phone: StoryPhone,
    tab: Tab,
  ): Promise<unknown> {
    if (what === 'endPhone') return endPhone(phone)
    if (what === 'signInAgain') return signInAgain(at)
    if (!(await world.isGood(phone))) return
    switch (what) {
      case 'scan':
        return scan(phone, tab, () => world.approvals.scan(tab.token, phone, world.match))
      case 'scanOld':
        return tab.oldToken && scan(phone, tab, () => world.approvals.scan(tab.oldToken as Token, phone, world.match))
      case 'scanCode':
        return tab.userCode === undefined
          ? undefined
          : scan(phone, tab, () =>
              world.approvals.scanUserCode(
                { userCode: tab.userCode as string, presentedSecret: phone.id },
                phone,
                world.match,
              ),
            )
      case 'confirm':
        return confirm(phone, tab)
      default:
        return world.approvals.deny(tab.token, phone)
    }
  }

  function browserStep(
    step: Exclude<Step, { do: 'wait' | 'start' } | { phone: number }>,
    tab: Tab,
  ): Promise<unknown> | undefined {
    switch (step.do) {
      case 'rotate':
        return rotate(tab)
      case 'cancel':
        return world.browserLogins.cancel(waiting(tab))
      case 'userCode':
        return world.browserLogins.userCode(waiting(tab)).then(({ userCode }) => {
          tab.userCode = userCode
        })
      case 'pollLost':
        // The service answered, and nobody heard it.
        return world.browserPolls.status(waiting(tab), AT_ONCE)
      case 'use':
        return use(tab)
      case 'pollForeign': {
        const own = tabs[step.browser]
        return own && pollForeign(own, tab)
      }
      case 'match':
        return match(tab, step.isRight)
      case 'revoke':
        return revoke(tab)
      default:
        return poll(tab)
    }
  }

  return {
    tabs,
    phones,
    factsOf,
    poll: (tab: Tab) => world.browserPolls.status(waiting(tab), AT_ONCE),
    /** A refusal is an answer; anything else that is thrown is a failure. */
    async live(step: Step): Promise<void> {
      try {
        await stepOf(step)
      } catch (error) {
        if (!(error instanceof ScanInError) || error.code === 'internal_error') throw error
      }
    },
  }
}

function tokenOf(text: string): Token {
  const token = parseToken(text)
  if (token === undefined) throw new Error(`no token: ${text}`)
  return token
}
