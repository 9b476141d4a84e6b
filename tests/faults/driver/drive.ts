import { setMaxListeners } from 'node:events'
import type { LoginHistory } from '../checker/history.ts'
import { seedOf } from '../random.ts'
import { playBrowser } from './browser.ts'
import { createBrowserAsks } from './browser-asks.ts'
import { signInPhone } from './people.ts'
import type { Service } from './person.ts'
import { playPhone } from './phone.ts'
import type { PhonePool } from './phone-pool.ts'
import { type LoginPlan, type PhonePlan, planOf } from './plan.ts'
import { createRecorder } from './recorder.ts'
import { playSession } from './session.ts'
import { pause, type Story, until } from './story.ts'

export interface Drive {
  service: Service
  pool: PhonePool
  seed: number
  loginsPerSecond: number
  /** So many are there at once at the most: who comes then goes again at the door. */
  mostAtOnce: number
  /** Nobody new comes. */
  enough: AbortSignal
  /** How long those that have begun may go on afterwards. */
  patienceMs: number
  /** Milliseconds that only ever get more. */
  clock: () => number
}

/** One login as it went. */
export interface Played {
  history: LoginHistory
  /** From the phone's "confirmed" to the browser's session, in milliseconds. `undefined`: one of them was not. */
  waitMs: number | undefined
}

/** Lets people sign in, in the real world's disorder, and writes down what each saw. */
export async function drive(options: Drive): Promise<Played[]> {
  const { service, pool, seed, loginsPerSecond, mostAtOnce, enough, patienceMs, clock } = options
  const home = new AbortController()
  // Everybody listens for it.
  setMaxListeners(0, home.signal)
  const stories: Promise<Played | undefined>[] = []
  const startedAt = clock()
  let underWay = 0

  for (let at = 0; !enough.aborted; at++) {
    await pause(startedAt + (at * 1000) / loginsPerSecond - clock(), enough)
    const plan = planOf(at, { seed, people: pool.people.length, phonesOfPerson: pool.phonesOfPerson })
    if (underWay >= mostAtOnce) continue
    underWay++
    const story = play(plan, { service, clock, pool, end: home.signal }).finally(() => underWay--)
    stories.push(story)
  }
  const goHome = setTimeout(() => home.abort(), patienceMs)
  const played = await Promise.all(stories)
  clearTimeout(goHome)
  return played.filter((each) => each !== undefined)
}

interface Stage {
  service: Service
  clock: () => number
  pool: PhonePool
  end: AbortSignal
}

async function play(plan: LoginPlan, { service, clock, pool, end }: Stage): Promise<Played | undefined> {
  const recorder = createRecorder({ name: plan.name, match: plan.match, clock })
  const story: Story = {
    ...{ plan, recorder, service, clock, end },
    shown: [],
    digits: undefined,
    isConfirmed: false,
    phonesLeft: plan.phones.length,
    signedInAt: undefined,
    confirmedAt: undefined,
  }
  const asks = createBrowserAsks(story)

  async function playOne(phonePlan: PhonePlan, at: number): Promise<void> {
    // Only now: before, the pool may still sign in other phones.
    await until(() => story.shown.length > 0, end)
    const account = pool.people[phonePlan.person]
    const pooled = pool.of(account?.id ?? '', phonePlan.phone)
    const isToEnd = phonePlan.act === 'confirm and sign out' || phonePlan.act === 'confirm and be revoked'
    // A phone that will be signed out must not be used for another login.
    const phone = isToEnd && account !== undefined ? await signInPhone(service, account, end) : pooled
    const revoke = async () => pooled?.client.send('DELETE', `/sessions/${phone?.id}`)
    if (phone !== undefined) await playPhone(story, { plan: phonePlan, phone, seed: seedOf(plan.seed, 2 + at), revoke })
    story.phonesLeft--
  }

  const [session] = await Promise.all([playBrowser(story, asks), ...plan.phones.map(playOne)])
  if (session !== undefined) await playSession(story, asks, session, pool.of)
  const history = recorder.history()
  return history && { history, waitMs: waitOf(story) }
}

function waitOf({ signedInAt, confirmedAt }: Story): number | undefined {
  return signedInAt === undefined || confirmedAt === undefined ? undefined : signedInAt - confirmedAt
}
