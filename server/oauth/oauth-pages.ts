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

/** Errors that cannot be told to the application, because it is not sure which one it is, have words by their codes. */
const OTHER = 'other'
const SIGNED_OUT = 'signed_out'
/** What an answer to an application is made of. */
const ANSWERS = ['code', 'state', 'iss', 'error', 'error_description', 'scope']

export function createOAuthPages({ siteFor, headers }: OAuthPagesOptions): OAuthPages {
  const siteOf = ({ request }: FastifyReply) => siteFor(request)
  const template = (reply: FastifyReply, name: string): string => pageOf(siteOf(reply), name).plain.body.toString()
  // It has one form, and what that posts is not the visitor's. Browsers hold redirects that follow to this too.
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
      // To who asks for more than a code the provider answers as that would be: behind the #, where nothing of theirs can be.
      const answers = location.hash === '' ? to.searchParams : new URLSearchParams(location.hash.slice(1))
      const inputs = ANSWERS.flatMap((name) => {
        const value = answers.get(name)
        answers.delete(name)
        return value === null ? [] : [`<input type="hidden" name="${name}" value="${escaped(value)}">`]
      })
      // Last, so that nothing in them is taken for a slot.
      const page = filled(template(reply, 'oauth-form-post.html'), { to: to.href }).replace('<!-- inputs -->', () =>
        inputs.join(''),
      )
      return send(reply, page, 200, onForm)
    },
    signedOut: (reply) => say(reply, siteOf(reply).words.oauth[SIGNED_OUT]),
  }
}
