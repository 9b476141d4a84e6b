import type { FastifyReply } from 'fastify'
import { pageOf, type SiteFor } from '../http/languages.ts'
import { fillSlots } from '../http/page-slots.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import { varyBy } from '../http/site-files.ts'
import type { ProviderRefusalReason } from './refusal.ts'

/** What stands in the way of signing in at the provider, to whoever is on the way. */
export type SignInTrouble = ProviderRefusalReason | 'away' | 'too_many'

export interface TroublePages {
  /** A page of ours: what is the matter and what to do. Nothing of what anybody said is repeated. @param back a path of ours */
  show(reply: FastifyReply, trouble: SignInTrouble, back: string): FastifyReply
}

/** What is said of it, by its key in the catalogues (`provider` in web/messages). */
const STALE = { status: 400, words: 'stale' }
const STRANGER = { status: 403, words: 'stranger' }
const UNTRUSTED = { status: 502, words: 'untrusted' }

const SAID: Readonly<Record<SignInTrouble, { status: number; words: string }>> = {
  state: STALE,
  code: STALE,
  declined: { status: 403, words: 'declined' },
  client: UNTRUSTED,
  untrusted: UNTRUSTED,
  no_person: { status: 401, words: 'stranger' },
  not_allowed: STRANGER,
  blocked: STRANGER,
  id_taken: STRANGER,
  gone: STRANGER,
  away: { status: 503, words: 'away' },
  too_many: { status: 429, words: 'too_many' },
}

interface TroublePagesOptions {
  siteFor: SiteFor
  headers: HeaderSets
}

const FILE = 'sign-in-trouble.html'
const RETRY_AFTER_SECONDS = '60'

export function createTroublePages({ siteFor, headers }: TroublePagesOptions): TroublePages {
  return {
    show(reply, trouble, back) {
      const { status, words } = SAID[trouble]
      const site = siteFor(reply.request)
      const page = pageOf(site, FILE)
      if (status === 503 || status === 429) reply.header('retry-after', RETRY_AFTER_SECONDS)
      varyBy(reply.code(status).headers(headers.pageAsReply).type(page.type), 'accept-language')
      return reply.send(fillSlots(page.plain.body.toString(), { ...site.words.provider[words], back }))
    },
  }
}
