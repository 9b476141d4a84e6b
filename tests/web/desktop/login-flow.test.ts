import { getEventListeners } from 'node:events'
import { describe, expect, test } from '@jest/globals'
import { createLoginFlow } from '../../../web/src/desktop/login-flow.ts'
import type { LoginView } from '../../../web/src/desktop/login-view.ts'
import type { Connection } from '../../../web/src/poll/poller.ts'
import { ApiError } from '../../../web/src/wire/api-error.ts'
import type { BrowserReply } from '../../../web/src/wire/protocol.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeLoginApi, loginIds, reply, tokenOf } from '../support/fake-login-api.ts'
import { createFakeWake } from '../support/fake-wake.ts'
import { dropped, refusal } from '../support/polling.ts'

const [first, second] = loginIds

/** What a tab has put down as its page went. */
function createFakeKept(token?: string) {
  const kept = { token, isLastTrySent: false }
  return {
    kept,
    take: () => (kept.token === undefined ? undefined : { ...kept, token: kept.token }),
    keep: (next: string, isLastTrySent: boolean) => {
      kept.token = next
      kept.isLastTrySent = isLastTrySent
    },
    forget: () => {
      kept.token = undefined
    },
  }
}

interface TabOptions {
  failing?: unknown
  /** Its first code waits to be let go. */
  held?: boolean
  lifeSeconds?: number
  /** Whoever is signed in is to sign in once more. */
  isAnew?: boolean
  /** A tab before this one, whose page was reloaded. */
  after?: { server: ReturnType<typeof createFakeLoginApi>; kept: ReturnType<typeof createFakeKept> }
}

function open({ failing, held = false, lifeSeconds = 300, isAnew = false, after }: TabOptions = {}) {
  const clock = createFakeClock()
  const wake = createFakeWake()
  const server = after?.server ?? createFakeLoginApi({ lifeSeconds })
  const kept = after?.kept ?? createFakeKept()
  server.fail(failing)
  const views: LoginView[] = []
  const connections: Connection[] = []
  const page = { hidden: false }
  const controller = new AbortController()
  const flow = createLoginFlow({
    api: server.api,
    clock,
    random: () => 0,
    wake,
    isHidden: () => page.hidden,
    returnTo: undefined,
    isAnew,
    kept,
    onView: (view) => views.push(view),
    onConnection: (connection) => connections.push(connection),
    signal: controller.signal,
  })
  const letGo = held ? server.holdStarts() : () => {}
  void flow.run()
  const rotations = () => server.calls.filter((call) => call.startsWith('rotate'))
  return {
    flow,
    clock,
    wake,
    server,
    kept,
    page,
    connections,
    rotations,
    kinds: () => views.map(({ kind }) => kind),
    last: () => views.at(-1),
    shownToken: () => {
      const last = views.findLast((view) => view.kind === 'pending')
      return last?.kind === 'pending' ? last.login.token : undefined
    },
    letGo,
    signal: controller.signal,
    close: () => controller.abort(),
  }
}

describe('the QR', () => {
  test('is renewed every refresh_in, keeping the login', async () => {
    const tab = open()
    await tab.clock.pass(61_000)
    expect(tab.rotations()).toEqual([`rotate ${tokenOf(first, 0)}`, `rotate ${tokenOf(first, 1)}`])
    expect(tab.shownToken()).toBe(tokenOf(first, 2))
    expect(tab.server.calls.at(-1)).toBe(`status ${tokenOf(first, 2)}`)
    tab.close()
  })

  test('is not renewed once a phone has scanned it', async () => {
    const tab = open()
    await tab.clock.pass(10_000)
    tab.server.set(first, reply('scanned', 120))
    await tab.clock.pass(100_000)
    expect(tab.rotations()).toEqual([])
    expect(tab.kinds()).toEqual(['starting', 'pending', 'scanned'])
    tab.close()
  })

  test('rests in a hidden tab, and is renewed as soon as the tab is shown', async () => {
    const tab = open()
    await settle()
    tab.page.hidden = true
    await tab.clock.pass(200_000)
    expect(tab.rotations()).toEqual([])
    tab.page.hidden = false
    await tab.wake.wake()
    expect(tab.rotations()).toHaveLength(1)
    tab.close()
  })

  test('that could not be renewed is tried again, no sooner than Retry-After', async () => {
    const tab = open()
    await tab.clock.pass(29_000)
    tab.server.fail(refusal(429, 'slow_down', 20))
    await tab.clock.pass(15_000)
    expect(tab.rotations()).toHaveLength(1)
    tab.server.fail(undefined)
    await tab.clock.pass(10_000)
    expect(tab.rotations()).toHaveLength(2)
    expect(tab.shownToken()).toBe(tokenOf(first, 1))
    tab.close()
  })
})

describe('a renewal whose answer is on its way', () => {
  async function openAtRenewal() {
    const tab = open()
    await tab.clock.pass(29_000)
    const letGo = tab.server.holdStarted()
    await tab.clock.pass(5000)
    return { ...tab, letGo }
  }

  test('is waited for before a code that is good no longer is said to be over', async () => {
    const tab = await openAtRenewal()
    expect(tab.kinds()).toEqual(['starting', 'pending'])
    tab.letGo()
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'pending'])
    expect(tab.shownToken()).toBe(tokenOf(first, 1))
    expect(tab.connections).toEqual([])
    tab.close()
  })

  test('is waited for by whoever asks for a code to type', async () => {
    const tab = await openAtRenewal()
    const asked = tab.flow.userCode()
    await settle()
    tab.letGo()
    expect((await asked).userCode).toBe('WDJB-MJHT')
    tab.close()
  })
})

describe('a renewal that comes too late', () => {
  test('is not made: a login that is over would be another', async () => {
    const tab = open({ lifeSeconds: 20 })
    await tab.clock.pass(30_000)
    expect(tab.rotations()).toEqual([])
    tab.close()
  })

  test('takes a new login of which nothing is held against it that was so before', async () => {
    const tab = open()
    await tab.clock.pass(10_000)
    tab.server.fail(dropped())
    await tab.clock.pass(3000)
    tab.server.fail(undefined)
    await tab.clock.pass(16_500)
    expect(tab.connections).toEqual(['reconnecting', 'steady'])
    tab.server.remove(first)
    await tab.clock.pass(5000)
    expect(tab.shownToken()).toBe(tokenOf(second, 0))
    tab.server.forgetCookies()
    await tab.clock.pass(5000)
    expect(tab.kinds().at(-1)).toBe('displaced')
  })

  test('keeps the login that a phone has scanned, and drops the new one', async () => {
    const tab = open()
    await tab.clock.pass(29_500)
    tab.server.set(first, reply('scanned', 120))
    await tab.clock.pass(700)
    expect(tab.server.calls).toContain(`drop ${tokenOf(second, 0)}`)
    expect(tab.kinds().at(-1)).toBe('scanned')
    await tab.clock.pass(10_000)
    expect(tab.server.calls.at(-1)).toBe(`status ${tokenOf(first, 0)}`)
    tab.close()
  })

  test('goes on by the very reply that says the browser is in', async () => {
    const tab = open()
    await tab.clock.pass(29_500)
    tab.server.set(first, { status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    await tab.clock.pass(700)
    expect(tab.kinds().at(-1)).toBe('authenticated')
    expect(tab.server.calls).toContain(`drop ${tokenOf(second, 0)}`)
    tab.close()
  })

  test('takes the new login where the old one is no more', async () => {
    const tab = open()
    await tab.clock.pass(29_500)
    tab.server.remove(first)
    await tab.clock.pass(700)
    expect(tab.shownToken()).toBe(tokenOf(second, 0))
    await tab.clock.pass(10_000)
    expect(tab.kinds()).not.toContain('expired')
    tab.close()
  })

  test('whose answer was lost does not end the login', async () => {
    const tab = open()
    await tab.clock.pass(29_000)
    tab.server.loseStarts(true)
    await tab.clock.pass(1500)
    tab.server.loseStarts(false)
    await tab.clock.pass(10_000)
    expect(tab.kinds()).not.toContain('expired')
    expect(tab.kinds().at(-1)).toBe('pending')
    expect(tab.connections.at(-1)).not.toBe('reconnecting')
    tab.close()
  })
})

describe('the start', () => {
  test('that fails is tried again, and says so', async () => {
    const tab = open({ failing: refusal(503, 'store_unavailable', 3) })
    await tab.clock.pass(2900)
    expect(tab.server.calls).toEqual(['start'])
    expect(tab.kinds()).toEqual(['starting', 'start_failed'])
    tab.server.fail(undefined)
    await tab.clock.pass(200)
    expect(tab.kinds().at(-1)).toBe('pending')
    tab.close()
  })

  test('that is refused is not tried again', async () => {
    const tab = open({ failing: refusal(400, 'invalid_request') })
    await tab.clock.pass(60_000)
    expect(tab.server.calls).toEqual(['start'])
    expect(tab.kinds()).toEqual(['starting', 'start_failed'])
  })
})

describe('the end', () => {
  test('comes when the server says expired, and nothing is asked after it', async () => {
    const tab = open()
    tab.server.set(first, reply('pending', 4))
    await tab.clock.pass(5000)
    tab.server.remove(first)
    await tab.clock.pass(2000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired'])
    const asked = tab.server.calls.length
    await tab.clock.pass(600_000)
    expect(tab.server.calls).toHaveLength(asked)
  })

  test.each<[string, (tab: ReturnType<typeof open>) => Promise<void>]>([
    [
      'has come',
      async ({ clock, server }) => {
        server.set(first, reply('pending', 4))
        await clock.pass(5000)
        server.remove(first)
        await clock.pass(2000)
      },
    ],
    ['the person has begun anew', ({ flow }) => flow.drop()],
  ])('leaves nothing at the signal of whoever began it, once it %s', async (_what, end) => {
    const tab = open()
    await settle()
    expect(getEventListeners(tab.signal, 'abort')).not.toEqual([])
    await end(tab)
    expect(getEventListeners(tab.signal, 'abort')).toEqual([])
    expect(tab.signal.aborted).toBe(false)
  })

  test('comes by itself when nobody can be reached any more', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.server.fail(dropped())
    await tab.clock.pass(400_000)
    expect(tab.kinds().at(-1)).toBe('expired')
    await tab.clock.pass(200_000)
    expect(tab.connections).toEqual(['reconnecting', 'steady'])
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired'])
    const asked = tab.server.calls.length
    await tab.clock.pass(600_000)
    expect(tab.server.calls).toHaveLength(asked)
    expect(tab.kept.kept.token).toBeUndefined()
  })

  test('is a way on when the right number was typed', async () => {
    const tab = open()
    await tab.clock.pass(1000)
    tab.server.set(first, { status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    await tab.flow.match('482913')
    expect(tab.kinds().at(-1)).toBe('authenticated')
    const asked = tab.server.calls.length
    await tab.clock.pass(60_000)
    expect(tab.server.calls).toHaveLength(asked)
  })

  test.each([
    ['was lost', dropped()],
    ['is none', refusal(503, 'store_unavailable')],
  ])('is a way on, and at once, when the answer to the right number %s', async (_what, error) => {
    const tab = open()
    await tab.clock.pass(2500)
    // Who has just come back has had the one poll that this brings.
    await tab.wake.wake()
    await tab.clock.pass(100)
    tab.server.onDigits(() => {
      tab.server.set(first, { status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
      return Promise.reject(error)
    })
    await expect(tab.flow.match('482913')).rejects.toThrow()
    await tab.clock.pass(0)
    expect(tab.kinds().at(-1)).toBe('authenticated')
  })

  test('of the tab stops everything', async () => {
    const tab = open()
    await tab.clock.pass(1000)
    tab.close()
    const asked = tab.server.calls.length
    await tab.clock.pass(600_000)
    expect(tab.server.calls).toHaveLength(asked)
    expect(tab.wake.listeners()).toBe(0)
  })
})

describe('the time that is left', () => {
  const states: Record<string, (expiresInSeconds: number) => BrowserReply> = {
    scanned: (expiresInSeconds) => reply('scanned', expiresInSeconds),
    match_required: (expiresInSeconds) => ({
      ...{ status: 'match_required', triesLeft: 5, expiresInSeconds },
      ...{ intervalSeconds: 2, holdSeconds: 0 },
    }),
  }

  test.each(Object.entries(states))(
    'at %s is put right where the device slept, and its own clock stood still',
    async (kind, state) => {
      const tab = open()
      await tab.clock.pass(1000)
      tab.server.set(first, state(120))
      await tab.clock.pass(2000)
      // It was long on its way, and its seconds are whole.
      tab.server.set(first, state(121))
      await tab.clock.pass(2000)
      expect(tab.kinds()).toEqual(['starting', 'pending', kind])
      tab.clock.sleepThrough(60_000)
      tab.server.set(first, state(40))
      await tab.clock.pass(2000)
      const view = tab.last()
      const span = view?.kind === 'scanned' || view?.kind === 'match_required' ? view.span : undefined
      expect([view?.kind, span?.wholeSeconds]).toEqual([kind, 120])
      expect(span?.endsAt).toBeLessThanOrEqual(tab.clock.now() + 40_000)
      tab.close()
    },
  )
})

describe('a login that is over by the page’s clock alone', () => {
  /** The page has heard that it ends in four seconds. */
  async function openNearTheEnd(state: BrowserReply = reply('pending', 5)) {
    const tab = open({ lifeSeconds: 5 })
    await tab.clock.pass(1000)
    tab.server.set(first, state)
    await tab.clock.pass(2000)
    return tab
  }

  test('is said to be expired, and goes on where it has got to once the service can be reached', async () => {
    const tab = await openNearTheEnd()
    tab.server.fail(dropped())
    tab.server.set(first, reply('scanned', 120))
    await tab.clock.pass(10_000)
    expect([tab.kinds().at(-1), tab.connections.at(-1)]).toEqual(['expired', 'steady'])
    tab.server.fail(undefined)
    await tab.clock.pass(30_000)
    expect([tab.kinds().at(-1), tab.connections.at(-1)]).toEqual(['scanned', 'steady'])
    tab.server.set(first, { status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired', 'scanned', 'authenticated'])
  })

  test('ends anew by the time that it has then', async () => {
    const tab = await openNearTheEnd()
    tab.server.fail(dropped())
    tab.server.set(first, reply('scanned', 120))
    await tab.clock.pass(10_000)
    tab.server.fail(undefined)
    await tab.clock.pass(20_000)
    tab.server.fail(dropped())
    await tab.clock.pass(125_000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired', 'scanned', 'expired'])
    tab.close()
  })

  test('is over once the service has said so, and nothing is asked after it', async () => {
    const tab = await openNearTheEnd()
    tab.server.fail(dropped())
    await tab.clock.pass(10_000)
    tab.server.remove(first)
    tab.server.fail(undefined)
    expect(tab.kept.kept.token).toBe(tokenOf(first, 0))
    await tab.clock.pass(30_000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired'])
    expect(tab.kept.kept.token).toBeUndefined()
    const asked = tab.server.calls.length
    await tab.clock.pass(600_000)
    expect(tab.server.calls).toHaveLength(asked)
  })

  test('goes on by the answer of a poll that was under way', async () => {
    const tab = await openNearTheEnd()
    const letGo = tab.server.holdPolls()
    await tab.clock.pass(10_000)
    expect(tab.kinds().at(-1)).toBe('expired')
    tab.server.set(first, reply('scanned', 120))
    letGo()
    await tab.clock.pass(1000)
    expect(tab.kinds().at(-1)).toBe('scanned')
    tab.close()
  })

  test('waits for the answer to digits that were sent before', async () => {
    const matching = { status: 'match_required', triesLeft: 5, expiresInSeconds: 5 } as const
    const tab = await openNearTheEnd({ ...matching, intervalSeconds: 2, holdSeconds: 0 })
    let answer = (_reply: BrowserReply) => {}
    tab.server.onDigits(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    tab.server.fail(dropped())
    const typed = tab.flow.match('482913')
    await tab.clock.pass(10_000)
    expect(tab.kinds().at(-1)).toBe('match_required')
    answer({ status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    await typed
    expect(tab.kinds().at(-1)).toBe('authenticated')
  })
})

describe('a login that was begun anew', () => {
  /** The login page, where "Start over" was pressed, with the login that is kept from then on. */
  async function startOver(tab: ReturnType<typeof open>) {
    await tab.flow.drop()
    tab.kept.keep('the next one', false)
  }

  test('is not kept in place of the next when it is renewed late, and the renewed one is dropped', async () => {
    const tab = open()
    await tab.clock.pass(29_000)
    const letGo = tab.server.holdStarts()
    await tab.clock.pass(2000)
    await startOver(tab)
    letGo()
    await settle()
    expect(tab.kept.kept.token).toBe('the next one')
    expect(tab.server.calls.at(-1)).toBe(`drop ${tokenOf(second, 0)}`)
  })

  test('is not kept where its first code comes late', async () => {
    const tab = open({ held: true })
    await settle()
    await startOver(tab)
    tab.letGo()
    await tab.clock.pass(60_000)
    expect(tab.kept.kept.token).toBe('the next one')
    expect(tab.server.calls).toEqual(['start', `drop ${tokenOf(first, 0)}`])
  })

  test('is dropped, and not kept, where “Try again” was pressed as its first code was on its way', async () => {
    const tab = open({ held: true })
    await settle()
    tab.close()
    tab.kept.keep('the next one', false)
    tab.letGo()
    await tab.clock.pass(60_000)
    expect(tab.kept.kept.token).toBe('the next one')
    expect(tab.server.calls).toEqual(['start', `drop ${tokenOf(first, 0)}`])
  })

  test('has the next kept, whatever comes of its digits', async () => {
    const tab = open()
    await tab.clock.pass(1000)
    let answer = (_reply: BrowserReply) => {}
    tab.server.onDigits(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const matched = tab.flow.match('482913')
    await startOver(tab)
    answer({ status: 'authenticated', userName: 'Ada', redirectTo: '/home' })
    await matched
    expect(tab.kept.kept.token).toBe('the next one')
  })
})

describe('the fifth wrong number', () => {
  const matching: BrowserReply = {
    ...{ status: 'match_required', triesLeft: 1, expiresInSeconds: 100 },
    ...{ intervalSeconds: 2, holdSeconds: 0 },
  }
  const triesUsed = new ApiError({
    ...{ code: 'wrong_match_code', status: 422 },
    ...{ retryAfterSeconds: undefined, triesLeft: 0 },
  })

  async function openAtLastTry() {
    const tab = open()
    await tab.clock.pass(1000)
    tab.server.set(first, matching)
    await tab.clock.pass(2000)
    return tab
  }

  test('is said to be that, also where a poll brings the end of the login before the answer', async () => {
    const tab = await openAtLastTry()
    let answer = () => {}
    tab.server.onDigits(
      () =>
        new Promise((_resolve, reject) => {
          answer = () => reject(triesUsed)
        }),
    )
    const typed = tab.flow.match('482913')
    tab.server.set(first, { status: 'denied' })
    await tab.clock.pass(2000)
    expect(tab.kinds().at(-1)).toBe('match_required')
    answer()
    await typed
    await tab.clock.pass(10_000)
    expect(tab.kinds().slice(-2)).toEqual(['match_required', 'tries_used'])
    // After a reload too, once.
    const reloaded = open({ after: tab })
    await reloaded.clock.pass(1000)
    expect(reloaded.kinds()).toEqual(['starting', 'tries_used'])
    const later = open({ after: reloaded })
    await later.clock.pass(1000)
    expect(later.kinds()).toEqual(['starting', 'pending'])
    later.close()
  })

  test('is said to be that where the page was reloaded before its answer came', async () => {
    const tab = await openAtLastTry()
    tab.server.onDigits(() => new Promise(() => undefined))
    void tab.flow.match('482913')
    tab.close()
    tab.server.set(first, { status: 'denied' })
    const reloaded = open({ after: tab })
    await reloaded.clock.pass(1000)
    expect(reloaded.kinds()).toEqual(['starting', 'tries_used'])
  })

  test('is not what ends a login that is begun after it', async () => {
    const tab = await openAtLastTry()
    tab.server.onDigits(() => Promise.reject(dropped()))
    await expect(tab.flow.match('482913')).rejects.toThrow()
    tab.close()
    tab.server.remove(first)
    const reloaded = open({ after: tab })
    await reloaded.clock.pass(1000)
    expect(reloaded.kept.kept.isLastTrySent).toBe(false)
    reloaded.server.set(second, { status: 'denied' })
    await reloaded.clock.pass(4000)
    expect(reloaded.kinds()).toEqual(['starting', 'pending', 'denied'])
  })

  test('is said to be that where its answer is lost', async () => {
    const tab = await openAtLastTry()
    tab.server.onDigits(() => Promise.reject(dropped()))
    await expect(tab.flow.match('482913')).rejects.toThrow()
    tab.server.set(first, { status: 'denied' })
    await tab.clock.pass(4000)
    expect(tab.kinds().at(-1)).toBe('tries_used')
  })

  test('is not what ended a login that the phone refused before it', async () => {
    const tab = await openAtLastTry()
    tab.server.set(first, { status: 'denied' })
    await tab.clock.pass(4000)
    expect(tab.kinds().at(-1)).toBe('denied')
  })
})

describe('a reloaded page', () => {
  test('goes on with its login where the page before was not told of its newest code', async () => {
    const tab = open()
    await tab.clock.pass(1000)
    tab.server.loseStarts(true)
    await tab.clock.pass(30_000)
    tab.close()
    tab.server.loseStarts(false)
    const reloaded = open({ after: tab })
    await reloaded.clock.pass(1000)
    expect(reloaded.kinds()).toEqual(['starting', 'pending'])
    expect(reloaded.shownToken()).toMatch(first)
    reloaded.server.set(first, reply('scanned'))
    await reloaded.clock.pass(4000)
    expect(reloaded.kinds().at(-1)).toBe('scanned')
    reloaded.close()
  })

  test('shows a new QR of the same login', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.close()
    const tab = open({ after: before })
    await tab.clock.pass(5000)
    expect(tab.shownToken()).toBe(tokenOf(first, 1))
    expect(tab.server.calls.filter((call) => call === 'start')).toHaveLength(1)
    tab.close()
  })

  test.each<BrowserReply>([
    reply('scanned', 120),
    { status: 'match_required', triesLeft: 3, expiresInSeconds: 120, intervalSeconds: 2, holdSeconds: 0 },
  ])('goes on at $status, and to the end', async (state) => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, state)
    before.close()
    const tab = open({ after: before })
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', state.status])
    tab.server.set(first, { status: 'authenticated', userName: 'Demo', redirectTo: '/home' })
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', state.status, 'authenticated'])
    expect(tab.server.calls.filter((call) => call === 'start')).toHaveLength(1)
    tab.close()
  })

  test('goes on to the redirect when the browser is in', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, { status: 'authenticated', userName: 'Demo', redirectTo: '/home' })
    before.close()
    const tab = open({ after: before })
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', 'authenticated'])
    expect(tab.kept.kept.token).toBeUndefined()
    tab.close()
  })

  test('says once more that the phone refused, and then starts anew', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, { status: 'denied' })
    await before.clock.pass(5000)
    expect(before.kinds()).toEqual(['starting', 'pending', 'denied'])
    const tab = open({ after: before })
    await tab.clock.pass(600_000)
    expect(tab.kinds()).toEqual(['starting', 'denied'])
    expect(tab.server.calls.filter((call) => call === 'start')).toHaveLength(1)
    const later = open({ after: tab })
    await later.clock.pass(1000)
    expect(later.kinds()).toEqual(['starting', 'pending'])
    later.close()
  })

  test('says that the phone refused meanwhile, once', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, { status: 'denied' })
    before.close()
    const tab = open({ after: before })
    await tab.clock.pass(1000)
    expect(tab.kinds()).toEqual(['starting', 'denied'])
    const later = open({ after: tab })
    await later.clock.pass(1000)
    expect(later.kinds()).toEqual(['starting', 'pending'])
    later.close()
  })

  test('starts anew when its login is over', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.remove(first)
    before.close()
    const tab = open({ after: before })
    await tab.clock.pass(1000)
    expect(tab.shownToken()).toBe(tokenOf(second, 0))
    expect(tab.kept.kept.token).toBe(tokenOf(second, 0))
    tab.close()
  })

  test('waits for a server that is away, and then goes on', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, reply('scanned', 120))
    before.close()
    const tab = open({ after: before, failing: dropped() })
    await tab.clock.pass(1500)
    tab.server.fail(undefined)
    await tab.clock.pass(10_000)
    expect(tab.kinds()).toEqual(['starting', 'start_failed', 'start_failed', 'scanned'])
    tab.close()
  })
})

describe('the person who does not wait for the next try', () => {
  test('gets on with the login of the page before, which may have been confirmed meanwhile', async () => {
    const before = open()
    await before.clock.pass(5000)
    before.server.set(first, reply('scanned', 120))
    before.close()
    const tab = open({ after: before, failing: dropped() })
    await tab.clock.pass(20_000)
    tab.server.set(first, { status: 'authenticated', userName: 'Demo', redirectTo: '/home' })
    tab.server.fail(undefined)
    const asked = tab.server.calls.length
    tab.flow.tryNow()
    await settle()
    expect(tab.server.calls.slice(asked)).toEqual([`status ${tokenOf(first, 0)}`])
    expect(tab.kinds().slice(-2)).toEqual(['starting', 'authenticated'])
    tab.close()
  })

  test('has a first code asked for at once, also where the server asked for some time', async () => {
    const tab = open({ failing: refusal(503, 'store_unavailable', 30) })
    await tab.clock.pass(1000)
    tab.flow.tryNow()
    await settle()
    expect(tab.kinds()).toEqual(['starting', 'start_failed', 'starting', 'start_failed'])
    tab.server.fail(undefined)
    tab.flow.tryNow()
    await settle()
    expect(tab.kinds().at(-1)).toBe('pending')
    expect(tab.server.calls.filter((call) => call === 'start')).toHaveLength(3)
    tab.close()
  })
})

describe('a login whose cookie does not come back', () => {
  test('is said to need cookies, and nothing is started by itself', async () => {
    const tab = open()
    tab.server.forgetCookies()
    await tab.clock.pass(100_000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'cookies_needed'])
    expect(tab.server.calls).toEqual(['start', `status ${tokenOf(first, 0)}`])
    expect(tab.kept.kept.token).toBeUndefined()
    tab.close()
  })

  test('is said to have made way for newer ones where it did before, and nothing is started by itself', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.server.forgetCookies()
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'displaced'])
    const asked = tab.server.calls.length
    await tab.clock.pass(600_000)
    expect(tab.server.calls).toHaveLength(asked)
    expect(tab.kept.kept.token).toBeUndefined()
    tab.close()
  })

  test('is a code that has expired where the device slept past its end, and its own clock stood still', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.clock.sleepThrough(600_000)
    tab.server.remove(first)
    await tab.clock.pass(5000)
    expect(tab.kinds()).toEqual(['starting', 'pending', 'expired'])
    tab.close()
  })

  test('is a code that has expired where the server was away: it may have lost the login', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.server.fail(dropped())
    await tab.clock.pass(5000)
    tab.server.fail(undefined)
    tab.server.remove(first)
    await tab.clock.pass(20_000)
    expect(tab.kinds().at(-1)).toBe('expired')
    tab.close()
  })

  test('is none where the answer that brought the session broke off: its cookies had come', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    await breakOff(tab)
    expect(tab.last()).toEqual({ kind: 'authenticated', userName: 'Ada Lovelace', redirectTo: '' })
    expect(tab.kinds()).not.toContain('expired')
    expect(tab.kept.kept.token).toBeUndefined()
  })

  test('is none where it was the answer to the right digits that broke off', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.server.set(first, {
      status: 'match_required',
      expiresInSeconds: 60,
      triesLeft: 5,
      intervalSeconds: 2,
      holdSeconds: 0,
    })
    await tab.clock.pass(5000)
    tab.server.onDigits(() => {
      tab.server.signIn('Ada Lovelace')
      tab.server.remove(first)
      return Promise.reject(dropped())
    })
    await expect(tab.flow.match('123456')).rejects.toThrow('dropped')
    await tab.clock.pass(20_000)
    expect(tab.last()).toEqual({ kind: 'authenticated', userName: 'Ada Lovelace', redirectTo: '' })
    expect(tab.connections).not.toContain('reconnecting')
  })

  test('is one where somebody was signed in before, and is to sign in anew', async () => {
    const tab = open({ isAnew: true })
    await tab.clock.pass(5000)
    await breakOff(tab)
    expect(tab.kinds().at(-1)).toBe('expired')
    expect(tab.server.calls).not.toContain('session')
  })

  test('is not asked about twice where every answer came', async () => {
    const tab = open()
    await tab.clock.pass(5000)
    tab.server.remove(first)
    await tab.clock.pass(20_000)
    expect(tab.kinds().at(-1)).toBe('displaced')
    expect(tab.server.calls).not.toContain('session')
  })
})

/** A poll's answer whose headers came, with the session, and whose body did not. */
async function breakOff({ server, clock }: ReturnType<typeof open>): Promise<void> {
  server.fail(dropped())
  await clock.pass(3000)
  server.fail(undefined)
  server.signIn('Ada Lovelace')
  server.remove(first)
  await clock.pass(20_000)
}
