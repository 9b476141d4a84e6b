import type { BrowserAsks } from './browser-asks.ts'
import { type Heard, sessionCookie } from './recorder.ts'
import { type Backoff, createBackoff, pause, type Story, until } from './story.ts'

/** How long somebody looks for digits before the page asks again. */
const GLANCE_AT_PHONE_MS = 1000

const FINAL = new Set(['authenticated', 'denied', 'expired'])

/** Plays the browser of one login, from its QR to its end. @returns its session's secret, once signed in */
export async function playBrowser(story: Story, asks: BrowserAsks): Promise<string | undefined> {
  const { plan, clock, end } = story
  const left = new AbortController()
  const over = AbortSignal.any([end, left.signal])
  let underWay = new AbortController()
  let session: string | undefined
  let seen = 'pending'
  let paceMs = 1000
  let isOver = false
  let wrongDigits = plan.browser.wrongDigits
  let typed: string | undefined

  function hear(heard: Heard | undefined): void {
    if (heard === undefined || heard.answer.status >= 400) return
    const { answer, reply } = heard
    seen = answer.said ?? seen
    if (typeof reply.body['interval'] === 'number') paceMs = reply.body['interval'] * 1000
    isOver ||= FINAL.has(seen)
    if (answer.session === undefined) return
    session = sessionCookie(reply)
    story.signedInAt ??= answer.at
  }

  async function type(): Promise<void> {
    const glance = AbortSignal.any([over, AbortSignal.timeout(GLANCE_AT_PHONE_MS)])
    await until(() => story.digits !== undefined && story.digits !== typed, glance)
    // The browser's other tab may be in by now, and the key that it asks with gone.
    if (story.digits === undefined || isOver) return
    const code = wrongDigits-- > 0 ? withOneWrong(story.digits) : story.digits
    typed = code
    hear(await asks.match(code))
  }

  async function poll(isHeld: boolean, backoff: Backoff): Promise<void> {
    const [began, before] = [clock(), seen]
    const heard = await asks.poll(AbortSignal.any([over, underWay.signal]), isHeld ? seen : undefined)
    hear(heard)
    if (heard === undefined || heard.answer.status >= 400) return backoff.pause()
    backoff.reset()
    if (seen === before && !isOver) await pause(paceMs - (clock() - began), over)
  }

  async function race(isHeld: boolean): Promise<void> {
    const backoff = createBackoff(over)
    while (!isOver && !over.aborted) {
      // No phone is left that could confirm: this is one last look.
      const isLast = story.phonesLeft === 0 && !story.isConfirmed
      if (seen === 'match_required' && isHeld) await type()
      if (!isOver) await poll(isHeld, backoff)
      if (isLast) return
    }
  }

  async function after(ms: number | undefined, what: () => unknown): Promise<void> {
    if (ms === undefined) return
    await pause(ms, over)
    if (!isOver && !over.aborted) await what()
  }

  async function reload(): Promise<void> {
    underWay.abort()
    underWay = new AbortController()
    await asks.rotate()
  }

  async function leave(): Promise<void> {
    left.abort()
    await asks.leave()
  }

  if (!(await asks.start(over))) return undefined
  const { racers, rotatesAfterMs, reloadsAfterMs, leavesAfterMs, vanishesAfterMs } = plan.browser
  await Promise.all([
    race(true),
    racers === 2 && race(false),
    after(rotatesAfterMs, asks.rotate),
    after(reloadsAfterMs, reload),
    after(leavesAfterMs, leave),
    after(vanishesAfterMs, () => left.abort()),
  ])
  return session
}

function withOneWrong(code: string): string {
  return code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10)
}
