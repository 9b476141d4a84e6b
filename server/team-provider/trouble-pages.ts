import type { FastifyReply } from 'fastify'
import { fillSlots } from '../http/page-slots.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import type { SiteFile } from '../http/site-files.ts'
import type { RefusalReason } from './refusal.ts'

/** What stands in the way of signing in at the provider, to whoever is on the way. */
export type Trouble = RefusalReason | 'away' | 'too_many'

export interface TroublePages {
  /** A page of ours: what is the matter and what to do. Nothing of what anybody said is repeated. @param back a path of ours */
  show(reply: FastifyReply, trouble: Trouble, back: string): FastifyReply
}

interface Words {
  status: number
  title: string
  more: string
}

const ASK = 'If that does not help, ask those who run this service.'
const UNTRUSTED: Words = {
  status: 502,
  title: 'Your team’s provider could not be understood',
  more: `What it said could not be checked, so nobody was signed in. Try again. ${ASK}`,
}
const STALE: Words = {
  status: 400,
  title: 'This sign-in cannot go on',
  more: 'It took too long, was answered already, was begun in another browser, or this browser keeps no cookies. Nobody was signed in. Start again.',
}
const STRANGER: Words = {
  status: 403,
  title: 'This account cannot sign in here',
  more: 'Your team’s provider knows you, but this service is not open to that account. Sign in with another one, or ask those who run it.',
}

const WORDS: Readonly<Record<Trouble, Words>> = {
  state: STALE,
  code: STALE,
  declined: {
    status: 403,
    title: 'You were not signed in',
    more: `Your team’s provider did not let you in, or you turned back there. Try again. ${ASK}`,
  },
  client: UNTRUSTED,
  untrusted: UNTRUSTED,
  no_person: STRANGER,
  not_allowed: STRANGER,
  id_taken: STRANGER,
  gone: STRANGER,
  away: {
    status: 503,
    title: 'Your team’s provider cannot be reached',
    more: `It did not answer, so nobody was signed in. Wait a moment, then try again. ${ASK}`,
  },
  too_many: {
    status: 429,
    title: 'Too many tries just now',
    more: 'From your network too many have begun to sign in. Wait a minute, then try again.',
  },
}

export interface TroublePagesOptions {
  /** Pages, by the names of their files. */
  files: ReadonlyMap<string, SiteFile>
  headers: HeaderSets
}

const FILE = 'sign-in-trouble.html'
const RETRY_AFTER_SECONDS = '60'

export function createTroublePages({ files, headers }: TroublePagesOptions): TroublePages {
  const file = files.get(FILE)
  if (file === undefined) throw new Error(`The build has left no ${FILE}`)
  const page = file.plain.body.toString()
  const onPage = { ...headers.page, 'cache-control': headers.api['cache-control'] ?? 'no-store' }

  return {
    show(reply, trouble, back) {
      const { status, title, more } = WORDS[trouble]
      if (status === 503 || status === 429) reply.header('retry-after', RETRY_AFTER_SECONDS)
      return reply.code(status).headers(onPage).type(file.type).send(fillSlots(page, { title, more, back }))
    },
  }
}
