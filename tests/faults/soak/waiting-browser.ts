import { createLoginFlow } from '../../../web/src/desktop/login-flow.ts'
import type { LoginView } from '../../../web/src/desktop/login-view.ts'
import { createApi } from '../../../web/src/wire/api.ts'
import { pageClock } from '../../../web/src/wire/clock.ts'
import type { Fetch } from '../../../web/src/wire/request.ts'
import { createPerson, type Service } from '../driver/person.ts'
import type { WireReply } from '../driver/wire.ts'
import type { Random } from '../random.ts'
import type { Tally } from './tally.ts'

/** `expires_in` is whole seconds. */
const SLACK_MS = 1000
/** Of tabs that wait, most are behind others: they poll, and do not renew their code. */
const HIDDEN = 0.75

export interface WaitingBrowserOptions {
  service: Service
  /** As the proxy in front of the service would say it. */
  address: string
  random: Random
  tally: Tally
  /** It is closed, without a word. */
  signal: AbortSignal
}

/** A login page that nobody scans: the web client's own loops, over HTTP as the driver speaks it. Begins anew whenever a login ends. */
export async function waitForNobody({ service, address, random, tally, signal }: WaitingBrowserOptions): Promise<void> {
  const person = createPerson({ service, address, random, losses: 0 })
  let askedAt = 0
  /** A new code may have replaced the shown one without the page knowing: the reply was not read. */
  let mayBeRenewed = false
  const asked = fetchBy(person.send, tally)
  const api = createApi({
    async fetch(path, options) {
      if (options?.method !== 'POST') return asked(path, options)
      askedAt = pageClock.now()
      mayBeRenewed = true
      const reply = await asked(path, options)
      mayBeRenewed = reply.status >= 500
      return reply
    },
  })
  const isHidden = random.chance(HIDDEN)
  while (!signal.aborted) {
    let kept: string | undefined
    let last: LoginView | undefined
    let endsAt = 0

    function onView(view: LoginView): void {
      last = view
      if (view.kind !== 'pending') return
      if (endsAt === 0) tally.began()
      // Counted from the request: the reply may have been long on its way.
      endsAt = askedAt + view.login.expiresInSeconds * 1000
    }

    const flow = createLoginFlow({
      ...{ api, clock: pageClock, random: random.next, signal, onView },
      wake: { onWake: () => () => undefined },
      isHidden: () => isHidden,
      returnTo: undefined,
      isAnew: false,
      kept: {
        keep: (token) => {
          kept = token
        },
        take: () => (kept === undefined ? undefined : { token: kept, isLastTrySent: false }),
        forget: () => {
          kept = undefined
        },
      },
      onConnection: () => undefined,
    })
    await flow.run()
    if (signal.aborted) return
    const early = endsAt - pageClock.now()
    // Nobody scans it, so only its time ends it. To a page that was told of its end late, that looks early.
    if ((last?.kind === 'expired' || last?.kind === 'displaced') && early < SLACK_MS) tally.ended()
    else if (mayBeRenewed) tally.outdated()
    else tally.lost(`${last?.kind} ${Math.round(early / 1000)} s before its end, at ${moment()}`)
  }
}

/** To be found in the log of faults: seconds since the crowd's process began. */
function moment(): string {
  return `${Math.round(performance.now() / 1000)} s`
}

function fetchBy(send: ReturnType<typeof createPerson>['send'], tally: Tally): Fetch {
  return async (path, { method, body, signal } = {}) => {
    const reply = await send(method === 'POST' || method === 'DELETE' ? method : 'GET', String(path), {
      ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}),
      ...(signal ? { signal } : {}),
    })
    tally.heard(reply)
    if (reply === undefined) throw new TypeError('no reply')
    return responseOf(reply)
  }
}

function responseOf({ status, body, retryAfterSeconds }: WireReply): Response {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers })
}
