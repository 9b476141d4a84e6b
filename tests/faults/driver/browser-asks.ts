import { createRandom, seedOf } from '../random.ts'
import { createPerson, type Person } from './person.ts'
import type { Heard } from './recorder.ts'
import { createBackoff, type Story } from './story.ts'

export const HOLD_SECONDS = 2

/** What the browser of one login can ask. */
export interface BrowserAsks {
  client: Person
  /** Insists until there is a login. `false`: everybody went home before. */
  start(over: AbortSignal): Promise<boolean>
  /** One after the other: of two at once nobody knows which QR is the newest. */
  rotate(): Promise<void>
  poll(signal: AbortSignal, seen?: string): Promise<Heard | undefined>
  match(code: string): Promise<Heard | undefined>
  leave(): Promise<void>
  /** Asks once more as if no reply had come, with all that it had before: even the key that the sign-in took away. */
  replay(): Promise<void>
}

export function createBrowserAsks({ plan, recorder, service, shown, clock }: Story): BrowserAsks {
  const random = createRandom(seedOf(plan.seed, 1))
  const client = createPerson({ service, address: plan.addresses.browser, random, losses: plan.browser.losses })
  let turn = Promise.resolve()
  let keyCookie: [string, string] | undefined

  const newest = () => shown.at(-1) ?? ''

  async function rotateOnce(): Promise<void> {
    const token = newest()
    const ask = { do: 'rotate', secret: recorder.qr(token) } as const
    const heard = await recorder.call(ask, () => client.send('POST', '/login', { body: { token } }))
    const fresh = heard?.reply.body['token']
    if (heard?.answer.secret !== undefined && typeof fresh === 'string') shown.push(fresh)
  }

  return {
    client,

    async start(over) {
      const backoff = createBackoff(over)
      while (!over.aborted) {
        const from = clock()
        const reply = await client.send('POST', '/login', { body: {} })
        const token = reply?.body['token']
        if (reply?.status === 201 && typeof token === 'string') {
          recorder.started({ from, until: clock() }, token)
          shown.push(token)
          keyCookie = [...client.cookies].at(-1)
          return true
        }
        await backoff.pause()
      }
      return false
    },

    rotate() {
      turn = turn.then(rotateOnce)
      return turn
    },

    poll(signal, seen) {
      const token = newest()
      const hold = seen === undefined ? '' : `?seen=${seen}&wait=${HOLD_SECONDS}`
      const ask = { do: 'poll', secret: recorder.qr(token) } as const
      return recorder.call(ask, () => client.send('GET', `/login/status/${token}${hold}`, { signal }))
    },

    match(code) {
      const token = newest()
      const ask = { do: 'match', secret: recorder.qr(token), code } as const
      return recorder.call(ask, () => client.send('POST', '/login/match', { body: { token, match_code: code } }))
    },

    async leave() {
      const token = newest()
      const ask = { do: 'leave', secret: recorder.qr(token) } as const
      await recorder.call(ask, () => client.send('DELETE', `/login/${token}`))
    },

    async replay() {
      if (keyCookie !== undefined) client.cookies.set(...keyCookie)
      const token = newest()
      const ask = { do: 'poll', secret: recorder.qr(token) } as const
      await recorder.call(ask, () => client.send('GET', `/login/status/${token}`))
    },
  }
}
