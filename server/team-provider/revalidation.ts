import type { FastifyBaseLogger } from 'fastify'
import { type Clock, isWithin } from '../clock.ts'
import { hasCode, ScanInError } from '../errors.ts'
import type { CurrentPerson, Revalidate, User } from '../identity/identity.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { createQueues } from '../queues.ts'
import { type Schedule, scheduleByTimer } from '../schedule.ts'
import type { SessionService } from '../session/session-service.ts'
import { type Grant, type Grants, personOf } from './grants.ts'
import { createNextTokens } from './next-tokens.ts'
import { isLeftOut, type PeopleRules, personAmong } from './people.ts'
import { createProviderBreaker } from './provider-breaker.ts'
import type { ProviderClient } from './provider-client.ts'
import { ProviderRefused } from './refusal.ts'

/** Why sessions are withdrawn, for the log. */
export type WithdrawalReason = 'gone' | 'not_allowed' | 'no_person' | 'id_taken' | 'unheard' | 'signed_out'

interface RevalidationOptions {
  provider: Pick<ProviderClient, 'refresh'>
  rules: PeopleRules
  grants: Grants
  sessions: Pick<SessionService, 'withdraw'>
  currentPerson: CurrentPerson
  clock: Clock
  logger: Pick<FastifyBaseLogger, 'warn'>
  /** Lets time pass. */
  schedule?: Schedule
}

export interface Revalidation {
  revalidate: Revalidate
  /** Waits for what is asked still, for some seconds from the first call on: later calls wait for the rest of them. */
  close(): Promise<void>
}

/** The provider's word is good for so long without asking. */
export const ASK_EVERY_MS = 600_000
/** Uses of a session wait this long for the provider, and then go by its last word. The answer counts when it comes. */
const PATIENCE_MS = 2500
/** Somebody whose last word is too old to count waits longer for the provider, as after a night. */
const LONGEST_PATIENCE_MS = 15_000
/** For this long, nobody else asks about the grant: longer than a place in line and the slowest answer take. */
const LEASE_MS = 120_000
const ASK_AGAIN_MS = 60_000
/** Where its last word counts no more. */
const ASK_SOON_MS = 2000
/**
 * How long the end of the process waits for answers: a refresh token whose successor is never heard is lost. As long as
 * connections have (http/connections.ts), whose last requests may ask: after it webhooks have two seconds, and a
 * process nine in all.
 */
const CLOSE_PATIENCE_MS = 6000
const AT_ONCE = 16
const MOST_WAITING = 100
const RETRY_AFTER_SECONDS = 1

/**
 * Whether the team's provider still vouches for somebody, asked as a session of theirs is used: ten minutes after the last
 * time, once for all of a grant's sessions and instances. Where it does not answer, or not soon, its last word counts, for
 * twelve hours; then a session waits for it. Where there is no way to ask again, those twelve hours are all there are.
 */
export function createRevalidation(options: RevalidationOptions): Revalidation {
  const { provider, rules, grants, sessions, currentPerson, clock, logger, schedule = scheduleByTimer } = options
  const underWay = new Map<string, Promise<User | undefined>>()
  /** Also those that nobody waits for any more. */
  const unanswered = new Set<Promise<unknown>>()
  const nextTokens = createNextTokens({ grants, clock })
  const inLine = createQueues({ atOnce: AT_ONCE, mostWaiting: MOST_WAITING, refusal: unavailable })
  const breaker = createProviderBreaker({ isTrouble: isUnavailable, refusal: unavailable, schedule })
  let late: Promise<void> | undefined

  async function withdraw(user: User, id: string, why: WithdrawalReason): Promise<undefined> {
    await grants.end(id)
    await sessions.withdraw(user, { credential: id, reason: why })
    return undefined
  }

  /** Whether to ask now. Also if `askAt` is further ahead than it is ever set: then the clock was set back. */
  function isTimeToAsk({ askAt, refresh }: Grant): boolean {
    const longestMs = refresh === undefined ? LONGEST_SILENCE_MS : ASK_EVERY_MS
    return clock() >= askAt || askAt - clock() > longestMs + LEASE_MS
  }

  const isLastWordTooOld = (grant: Grant) => !isWithin(LONGEST_SILENCE_MS, grant.saidAt, clock())

  /** As it was last said, if that is not too long ago. */
  function asLastSaid(id: string, grant: Grant): User {
    if (isLastWordTooOld(grant)) throw unavailable()
    return personOf(id, grant)
  }

  /** Its answer, if that comes soon; else its last word. */
  function soonOrLastSaid(answer: Promise<User | undefined>, id: string, grant: Grant): Promise<User | undefined> {
    return new Promise((resolve, reject) => {
      const forget = schedule(isLastWordTooOld(grant) ? LONGEST_PATIENCE_MS : PATIENCE_MS, () => {
        breaker.noteSlow()
        // Nobody waits for the answer any more, so nobody else hears of its error.
        answer.catch((err) => {
          if (!isUnavailable(err)) logger.warn({ err }, 'what the provider said late of somebody could not be kept')
        })
        try {
          resolve(asLastSaid(id, grant))
        } catch (tooOld) {
          reject(tooOld)
        }
      })
      void answer.then(resolve, reject).finally(forget)
    })
  }

  async function askProvider(id: string, grant: Grant, token: string): Promise<Grant | undefined> {
    const keep = (next: string) => nextTokens.keep(id, grant, next)
    const claims = await breaker.ask(() => inLine('', () => provider.refresh(token, grant.user.id, keep)))
    const isSilent = Object.keys(claims).length === 0
    const user = isSilent ? grant.user : personAmong({ sub: grant.user.id, ...claims }, rules)
    if (isSilent && isLeftOut(user, rules)) throw new ProviderRefused('not_allowed')
    if (currentPerson(user) === undefined) throw new ProviderRefused('id_taken')
    const saidAt = clock()
    return grants.renew(id, grant, { user, saidAt, askAt: saidAt + ASK_EVERY_MS })
  }

  /** Claims the right to ask, if that is due and nobody else has it. `undefined`: there is no such grant any more. */
  function claim(id: string): Promise<{ grant: Grant; isMine: boolean } | undefined> {
    return grants.change(id, (now) => {
      const known = nextTokens.withNext(id, now)
      // An instance that cannot ask claims nothing: another may have the client secret that opens the token.
      const isMine = isTimeToAsk(now) && grants.refreshTokenOf(id, known) !== undefined
      const grant = isMine ? { ...known, askAt: clock() + LEASE_MS } : known
      return { next: grant === now ? undefined : grant, result: { grant, isMine } }
    })
  }

  /** Decides without a refresh token: what was said at the sign-in counts for as long as the provider may be silent. */
  async function withoutToken(user: User, id: string, grant: Grant): Promise<User | undefined> {
    if (isLastWordTooOld(grant)) return withdraw(user, id, 'unheard')
    return isLeftOut(grant.user, rules) ? withdraw(user, id, 'not_allowed') : personOf(id, grant)
  }

  /** Whether to look again: it is time to ask, or nobody can be asked and the rules of now leave the person out. */
  function isDue(grant: Grant): boolean {
    return isTimeToAsk(grant) || (grant.refresh === undefined && isLeftOut(grant.user, rules))
  }

  async function check(user: User, id: string): Promise<User | undefined> {
    const claimed = await claim(id)
    if (claimed === undefined) return withdraw(user, id, 'gone')
    const { grant, isMine } = claimed
    const token = grants.refreshTokenOf(id, grant)
    if (token === undefined) return withoutToken(user, id, grant)
    if (!isMine) return asLastSaid(id, grant)
    const answer = withToken(user, id, grant, token)
    unanswered.add(answer)
    const forget = () => unanswered.delete(answer)
    answer.then(forget, forget)
    return soonOrLastSaid(answer, id, grant)
  }

  async function withToken(user: User, id: string, grant: Grant, token: string): Promise<User | undefined> {
    try {
      const said = await askProvider(id, grant, token)
      return said && personOf(id, said)
    } catch (error) {
      if (error instanceof ProviderRefused) return withdraw(user, id, withdrawalOf(error))
      if (!isUnavailable(error)) throw error
      const pause = isLastWordTooOld(grant) ? ASK_SOON_MS : ASK_AGAIN_MS
      await grants.change(id, (now) => ({ next: { ...now, askAt: clock() + pause }, result: undefined }))
      return asLastSaid(id, grant)
    }
  }

  async function revalidate(user: User): Promise<User | undefined> {
    const id = user.credential
    if (id === undefined) return undefined
    const isToCheck = () => underWay.has(id) || nextTokens.has(id)
    const grant = isToCheck() ? undefined : await grants.find(id)
    // Somebody may have begun to ask meanwhile: then their answer is this one too.
    if (grant !== undefined && !isDue(grant) && !isToCheck()) return asLastSaid(id, grant)
    const asked = underWay.get(id) ?? check(user, id).finally(() => underWay.delete(id))
    underWay.set(id, asked)
    return asked
  }

  return {
    revalidate,
    async close() {
      late ??= new Promise((resolve) => schedule(CLOSE_PATIENCE_MS, resolve))
      await Promise.race([Promise.allSettled(unanswered), late])
    },
  }
}

const unavailable = () => new ScanInError('identity_provider_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })

const isUnavailable = (error: unknown) => hasCode(error, 'identity_provider_unavailable')

function withdrawalOf({ why }: ProviderRefused): WithdrawalReason {
  return why === 'not_allowed' || why === 'no_person' || why === 'id_taken' ? why : 'gone'
}
