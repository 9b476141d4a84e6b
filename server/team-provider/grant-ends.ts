import type { FastifyBaseLogger } from 'fastify'
import type { User } from '../identity/identity.ts'
import { isEnd, type OnSessionNews } from '../session/session-news.ts'
import type { SessionService } from '../session/session-service.ts'
import { createFollowUps } from '../store/follow-ups.ts'
import type { Grants } from './grants.ts'

interface GrantEndsOptions {
  grants: Pick<Grants, 'end'>
  sessions: Pick<SessionService, 'list'>
  logger: Pick<FastifyBaseLogger, 'warn'>
}

/** Ends a grant once its last session has ended: it vouches for nobody any more. Neither waits nor throws. */
export function createGrantEnds({ grants, sessions, logger }: GrantEndsOptions): OnSessionNews {
  /** Grants that are looked at, and whether another session of theirs has ended since. */
  const looking = new Map<string, boolean>()
  const followUps = createFollowUps()

  async function look(user: User, id: string): Promise<true> {
    try {
      do {
        looking.set(id, false)
        const live = await sessions.list(user)
        if (!live.some(({ session }) => session.user.credential === id)) await grants.end(id)
      } while (looking.get(id))
      return true
    } finally {
      looking.delete(id)
    }
  }

  return (news) => {
    if (!isEnd(news)) return
    const { user } = news.session
    const { source, credential: id } = user
    if (source !== 'oidc' || id === undefined) return
    // Where a thousand sessions end at once, their list is not read a thousand times.
    if (looking.has(id)) return void looking.set(id, true)
    look(user, id).catch((error: unknown) => {
      logger.warn({ err: error }, 'what vouched for an ended session is kept until the store answers')
      followUps.begin(id, () => look(user, id))
    })
  }
}
