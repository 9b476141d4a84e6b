import type { Clock } from '../clock.ts'
import { LONGEST_SILENCE_MS } from '../identity/longest-silence.ts'
import { createShortMemory } from '../identity/short-memory.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { Grant, Grants } from './grants.ts'

/** Refresh tokens on their way into the store. The provider gave each for another one, which may be good no more. */
export interface NextTokens {
  /** Puts one into the grant. Never rejects: what the store does not take is tried again, and `withNext` has it. */
  keep(id: string, grant: Grant, token: string): Promise<void>
  /** Whether there is one of this grant that the store may not have. */
  has(id: string): boolean
  /** The grant with the next one; the same where it has that or a later one. */
  withNext(id: string, grant: Grant): Grant
}

interface NextTokensOptions {
  grants: Pick<Grants, 'change' | 'sealRefreshToken'>
  clock: Clock
}

export function createNextTokens({ grants, clock }: NextTokensOptions): NextTokens {
  /** As they stand in grants, sealed. */
  const left = createShortMemory<{ before: string | undefined; next: string }>(clock)
  const followUps = createFollowUps()

  /** Writes also where the store has it already: only what is written again is certainly on replicas. */
  async function write(id: string): Promise<boolean> {
    const tokens = left.get(id)
    if (tokens === undefined) return true
    const { before, next } = tokens
    const change = (now: Grant) => {
      const isOpen = now.refresh === before || now.refresh === next
      return { next: isOpen ? { ...now, refresh: next } : undefined, result: undefined }
    }
    await grants.change(id, change, { durable: true })
    if (left.get(id) === tokens) left.forget(id)
    return left.get(id) === undefined
  }

  return {
    async keep(id, { refresh: before }, token) {
      left.set(id, { before, next: grants.sealRefreshToken(id, token) }, LONGEST_SILENCE_MS)
      await write(id).catch(() => followUps.begin(id, () => write(id)))
    },
    has: (id) => left.get(id) !== undefined,
    withNext(id, grant) {
      const tokens = left.get(id)
      return tokens !== undefined && grant.refresh === tokens.before ? { ...grant, refresh: tokens.next } : grant
    },
  }
}
