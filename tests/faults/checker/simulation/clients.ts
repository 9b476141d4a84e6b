import type { Random } from '../../random.ts'
import type { Answer, Ask, AskingPhone } from '../history.ts'

/** Somebody who asks one thing at a time. */
export interface Client {
  isBusy: boolean
  /** `undefined`: nothing at the moment. */
  ask(random: Random): Ask | undefined
  hear(ask: Ask, answer: Answer): void
}

/** What the people around one login have seen. */
interface Knowledge {
  /** The QR's secrets, the newest last. */
  secrets: string[]
  session: string | undefined
  digits: string | undefined
}

const PHONES: readonly AskingPhone[] = [
  { id: 'phone-1', person: 'zofia' },
  { id: 'phone-2', person: 'zofia' },
  { id: 'phone-3', person: 'yusuf' },
]

/** Two tabs' worth of polls of one browser, its new session, and three phones of two people. */
export function clients(secret: string): readonly Client[] {
  const known: Knowledge = { secrets: [secret], session: undefined, digits: undefined }
  const hear: Client['hear'] = (_ask, { secret: fresh, session, matchCode }) => {
    if (fresh !== undefined) known.secrets.push(fresh)
    known.session = session ?? known.session
    known.digits = matchCode ?? known.digits
  }
  const client = (ask: Client['ask']): Client => ({ isBusy: false, ask, hear })
  const browsers = [client((random) => browserAsks(known, random)), client((random) => browserAsks(known, random))]
  const session = client((random) => sessionAsks(known, random))
  const phones = PHONES.map((phone) => client((random) => phoneAsks(known, phone, random)))
  return [...browsers, session, ...phones]
}

function browserAsks({ secrets, digits }: Knowledge, random: Random): Ask {
  const secret = secretOf(secrets, random)
  const what = random.weighted([...BROWSER_ASKS, ['match', digits === undefined ? 0.2 : 8] as const], 'poll')
  if (what !== 'match') return { do: what, secret }
  return { do: what, secret, code: digits !== undefined && random.chance(0.6) ? digits : 'wrong' }
}

const BROWSER_ASKS: readonly (readonly ['poll' | 'rotate' | 'leave' | 'match', number])[] = [
  ['poll', 16],
  ['rotate', 2.5],
  ['leave', 0.3],
]

function sessionAsks({ session }: Knowledge, random: Random): Ask | undefined {
  if (session === undefined) return undefined
  return {
    do: random.weighted([['use', 5] as const, ['sign out', 1] as const, ['revoke', 1] as const], 'use'),
    session,
  }
}

function phoneAsks({ secrets }: Knowledge, phone: AskingPhone, random: Random): Ask | undefined {
  // People take their time.
  if (random.chance(phone.person === 'yusuf' ? 0.8 : 0.3)) return undefined
  if (random.chance(0.04)) return { do: 'end phone', phone }
  return { do: random.weighted(PHONE_ASKS, 'scan'), secret: secretOf(secrets, random), phone }
}

const PHONE_ASKS: readonly (readonly ['scan' | 'confirm' | 'deny' | 'watch', number])[] = [
  ['scan', 5],
  ['confirm', 5],
  ['deny', 0.5],
  ['watch', 2],
]

/** Mostly the newest. */
function secretOf(secrets: readonly string[], random: Random): string {
  return (random.chance(0.8) ? secrets.at(-1) : secrets[random.integer(secrets.length)]) ?? ''
}
