import type { FastifyReply } from 'fastify'
import { pageOf, type SiteFor, type TitledWords } from '../http/languages.ts'
import { escapeHtml as escaped, fillSlots as filled } from '../http/page-slots.ts'
import type { HeaderSets } from '../http/security-headers.ts'
import { varyBy } from '../http/site-files.ts'
import type { OAuthClient } from './client.ts'

interface OAuthPagesOptions {
  siteFor: SiteFor
  headers: HeaderSets
}

export interface OAuthPages {
  /** What stands in the way, in words of ours: nothing of what was asked is repeated. */
  trouble(reply: FastifyReply, trouble: { error: string; status: number }): FastifyReply
  /** Asks whether to sign out. */
  askSignOut(reply: FastifyReply, next: NextStop): FastifyReply
  /**
   * Has the browser post the answer to the application (OAuth 2.0 Form Post Response Mode).
   * @param location where a redirect would have led: the provider's, which checked it, and never what was asked for
   */
  post(reply: FastifyReply, location: URL): FastifyReply
  signedOut(reply: FastifyReply): FastifyReply
}

/** Where somebody goes on to once they are signed out. */
export interface NextStop {
  client: OAuthClient | undefined
  /** Checked: one that the client has registered. */
  to: string | undefined
}

/** The words for errors without their own. They are shown where nobody is sure which application is to be told. */
const OTHER = 'other'
const SIGNED_OUT = 'signed_out'
/** What an answer to an application is made of. */
const ANSWERS = ['code', 'state', 'iss', 'error', 'error_description', 'scope']

export function createOAuthPages({ siteFor, headers }: OAuthPagesOptions): OAuthPages {
  const siteOf = ({ request }: FastifyReply) => siteFor(request)
  const template = (reply: FastifyReply, name: string): string => pageOf(siteOf(reply), name).plain.body.toString()
  // The page's one form posts nothing of the visitor's. Browsers hold redirects after a form to `form-action` too.
  const policy = (headers.page['content-security-policy'] ?? '').replace("form-action 'self'", 'form-action *')
  const onForm = { ...headers.pageAsReply, 'content-security-policy': policy }

  function send(reply: FastifyReply, body: string, status = 200, headersOfPage = headers.pageAsReply): FastifyReply {
    varyBy(reply.code(status).headers(headersOfPage), 'accept-language')
    return reply.type('text/html; charset=utf-8').send(body)
  }

  function say(reply: FastifyReply, words: TitledWords | undefined, status = 200): FastifyReply {
    const kind = status === 200 ? 'done' : ''
    return send(reply, filled(template(reply, 'oauth-message.html'), { ...words, kind }), status)
  }

  return {
    trouble(reply, { error, status }) {
      const { oauth } = siteOf(reply).words
      return say(reply, oauth[error] ?? oauth[OTHER], status)
    },
    askSignOut(reply, { client, to }) {
      const from = client?.name ?? siteOf(reply).words.application.unnamed
      return send(reply, filled(template(reply, 'oauth-sign-out.html'), { from, next: to ?? '/' }))
    },
    post(reply, location) {
      const to = new URL(location)
      to.hash = ''
      // For more than a code the provider answers behind the #, where a redirect address has nothing of its own.
      const answers = location.hash === '' ? to.searchParams : new URLSearchParams(location.hash.slice(1))
      const inputs = ANSWERS.flatMap((name) => {
        const value = answers.get(name)
        answers.delete(name)
        return value === null ? [] : [`<input type="hidden" name="${name}" value="${escaped(value)}">`]
      })
      // Filled last, so that no text in the inputs is taken for a slot.
      const page = filled(template(reply, 'oauth-form-post.html'), { to: to.href }).replace('<!-- inputs -->', () =>
        inputs.join(''),
      )
      return send(reply, page, 200, onForm)
    },
    signedOut: (reply) => say(reply, siteOf(reply).words.oauth[SIGNED_OUT]),
  }
}
