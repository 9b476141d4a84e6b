import type { FastifyReply } from 'fastify'
import { escapeHtml as escaped, fillSlots as filled } from '../http/page-slots.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import type { SiteFile } from '../http/site-files.ts'
import type { OAuthClient } from './client.ts'

export interface OAuthPagesOptions {
  files: ReadonlyMap<string, SiteFile>
  headers: HeaderSets
}

export interface OAuthPages {
  /** What stands in the way, in words of ours: nothing of what was asked is repeated. */
  trouble(reply: FastifyReply, trouble: { error: string; status: number }): FastifyReply
  /** Asks whether to sign out. */
  askSignOut(reply: FastifyReply, next: NextStop): FastifyReply
  /** Has the browser post what the answer to the application is (OAuth 2.0 Form Post Response Mode). */
  post(reply: FastifyReply, form: { to: string; fields: URLSearchParams }): FastifyReply
  signedOut(reply: FastifyReply): FastifyReply
}

/** Where somebody goes on to once they are signed out. */
export interface NextStop {
  client: OAuthClient | undefined
  /** Checked: one that the client has registered. */
  to: string | undefined
}

interface Words {
  title: string
  more: string
}

const START_AGAIN = 'Go back to the application and start again. If that does not help, tell those who run it.'

/** For errors that cannot be told to the application, because it is not sure which one it is. */
const WORDS: Readonly<Record<string, Words>> = {
  invalid_client: { title: 'This application is not known here', more: `Nobody was signed in. ${START_AGAIN}` },
  invalid_redirect_uri: {
    title: 'This is not where the application is',
    more: `The address to go back to is not one that was set up for it, so nobody was signed in. ${START_AGAIN}`,
  },
  invalid_request: {
    title: 'This request cannot be answered',
    more: `The application asked in a way that is not valid, or too late. ${START_AGAIN}`,
  },
}
const OTHER: Words = { title: 'This did not work', more: `Nobody was signed in. ${START_AGAIN}` }
/** What an answer to an application is made of. */
const ANSWERS = ['code', 'state', 'iss', 'error', 'error_description', 'scope']
const SIGNED_OUT: Words = { title: 'You are signed out', more: 'Nobody is signed in on this browser any more.' }

export function createOAuthPages({ files, headers }: OAuthPagesOptions): OAuthPages {
  const template = (name: string): string => {
    const file = files.get(name)
    if (file === undefined) throw new Error(`The build has left no ${name}`)
    return file.plain.body.toString()
  }
  const message = template('oauth-message.html')
  const signOut = template('oauth-sign-out.html')
  const formPost = template('oauth-form-post.html')
  const onPage = { ...headers.page, 'cache-control': headers.api['cache-control'] ?? 'no-store' }
  // It has one form, and what that posts is not the visitor's. Browsers hold redirects that follow to this too.
  const policy = headers.page['content-security-policy'] ?? ''
  const onForm = { ...onPage, 'content-security-policy': policy.replace("form-action 'self'", 'form-action *') }

  function send(reply: FastifyReply, body: string, status = 200, headersOfPage = onPage): FastifyReply {
    return reply.code(status).headers(headersOfPage).type('text/html; charset=utf-8').send(body)
  }

  return {
    trouble: (reply, { error, status }) => send(reply, filled(message, { ...(WORDS[error] ?? OTHER) }), status),
    askSignOut: (reply, { client, to }) =>
      send(reply, filled(signOut, { from: client?.name ?? 'An application', next: to ?? '/' })),
    post(reply, { to, fields }) {
      const inputs = ANSWERS.flatMap((name) => {
        const value = fields.get(name)
        return value === null ? [] : [`<input type="hidden" name="${name}" value="${escaped(value)}">`]
      })
      // Last, so that nothing in them is taken for a slot.
      const page = filled(formPost, { to }).replace('<!-- inputs -->', () => inputs.join(''))
      return send(reply, page, 200, onForm)
    },
    signedOut: (reply) => send(reply, filled(message, { ...SIGNED_OUT })),
  }
}
