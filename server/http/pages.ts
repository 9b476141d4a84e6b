import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, hasCode } from '../errors.ts'
import type { BuiltWeb } from './built-web.ts'
import { installedAppRoutes } from './installed-app.ts'
import { pageOf, type Sites } from './languages.ts'
import { escapeHtml } from './page-slots.ts'
import { createPagesElsewhere, isElsewhere } from './pages-elsewhere.ts'
import { queryOf, searchOf } from './query.ts'
import { type HeaderSets, withHeaders } from './security-headers.ts'
import { sendWhole, shareBodies } from './shared-bodies.ts'
import { changedFile, type SiteFile, sendFile, sendUnlessKnown, varyBy } from './site-files.ts'

const LOGIN_PAGE = '/'
const SIGNED_IN_PAGE = '/home'
const PAGES: Readonly<Record<string, string>> = { '/scan': 'scan.html', [SIGNED_IN_PAGE]: 'home.html' }
/** The login page's element alone, for frames. */
const EMBED_PAGE = '/embed'
const NO_ENTRY_PAGE = 'no-entry.html'
const TRY_AGAIN_PAGE = 'try-again.html'
const NOT_FOUND_PAGE = 'not-found.html'
const TROUBLE_PAGE = 'trouble.html'
/** By this the phone's page knows that there is no provider to sign in at. */
const NO_PROVIDER = 'data-absent'
/** Whoever would know who somebody is does not answer. */
const AWAY: readonly ErrorCode[] = ['store_unavailable', 'identity_provider_unavailable']
/** Addresses that people type or that something adds a slash to, and the pages that they mean. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '/login': LOGIN_PAGE,
  '/login/': LOGIN_PAGE,
  '/scan/': '/scan',
  '/home/': SIGNED_IN_PAGE,
}
/** Has one address in every build: it is what notices that a page's own files are gone. */
const GUARD = 'page-guard.js'
const ASK_AGAIN = 'no-cache'
/** The script of a worker, as the build names it. */
const WORKER = /-worker-\w+\.js$/
const KEPT_FOR_GOOD = 'public, max-age=31536000, immutable'
/** A drawing may have a script in it: none runs, in a page's picture or where somebody opens the drawing itself. */
const INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

declare module 'fastify' {
  interface FastifyContextConfig {
    /** People come here by themselves: what goes wrong is told them by a page. */
    isForPeople?: boolean
  }
}

interface PagesOptions {
  web: BuiltWeb
  /** What pages load and the build does not have, by address; an address is of these very bytes. */
  moreAssets: ReadonlyMap<string, SiteFile>
  sites: Sites
  headers: HeaderSets
  publicUrl: string
  /** Whether a request's session cookie is good. Rejects with `store_unavailable` when that cannot be found out. */
  isSignedIn: (request: FastifyRequest) => Promise<boolean>
  /** A `return_to` that may be followed, or `undefined`. */
  allowedReturn: (returnTo: string | undefined) => string | undefined
}

/** Answers by a page, if it is a person who follows an address. False: it is not. */
export type AnswerNavigation = (request: FastifyRequest, reply: FastifyReply, status: number) => boolean

export interface Pages {
  /** The pages, never cached, and the files that they load. */
  routes(app: FastifyInstance): void
  /** For a request that no route takes. */
  answerNavigation: AnswerNavigation
  /** For a page's own address, and others that people come to, where something went wrong. */
  answerTrouble: AnswerNavigation
}

/** The pages out of memory, and what they load from the disk. An address that is none of them gets a page that says so. */
export function createPages(options: PagesOptions): Pages {
  const { web, sites, headers, isSignedIn, allowedReturn } = options
  const { siteFor } = sites
  const file = (name: string): SiteFile => {
    const found = web.files.get(name)
    if (found === undefined) throw new Error(`The build has left no ${name}`)
    return found
  }
  const guard = file(GUARD)
  const sendElsewhere = createPagesElsewhere({ ...options, siteFor })
  const sendPage = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply =>
    sendFile(request, varyBy(reply, 'accept-language'), pageOf(siteFor(request), name))
  /** What went wrong, to whoever followed an address on our host, or on an application's. */
  const sendTrouble = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply =>
    isElsewhere(request.url)
      ? sendElsewhere(request, reply, name)
      : sendPage(request, reply.headers(headers.pageAsReply), name)
  const refusalPage = (status: number) =>
    status >= 500 ? TROUBLE_PAGE : status === 403 ? NO_ENTRY_PAGE : TRY_AGAIN_PAGE
  const isPage = (address: string | undefined) =>
    address === LOGIN_PAGE || address === EMBED_PAGE || (address !== undefined && address in PAGES)
  const hidden = { exposeHeadRoute: true, schema: { hide: true } }

  function pageRoutes(scope: FastifyInstance): void {
    scope.addHook('onRequest', withHeaders(headers.page))
    scope.get(LOGIN_PAGE, hidden, async (request, reply) => {
      const isAnew = queryOf(request.url).has('prompt')
      const signedIn = !isAnew && (await isSignedIn(request).catch(strangerWithoutAnswer))
      if (!signedIn) return sendPage(request, reply, 'index.html')
      return redirect(reply, allowedReturn(returnToOf(request)) ?? SIGNED_IN_PAGE)
    })
    for (const [path, name] of Object.entries(PAGES)) {
      scope.get(path, hidden, (request, reply) => sendPage(request, reply, name))
    }
  }

  function embedRoute(scope: FastifyInstance): void {
    scope.addHook('onRequest', withHeaders(headers.embed))
    scope.get(EMBED_PAGE, hidden, (request, reply) => sendPage(request, reply, 'embed.html'))
  }

  function otherNames(scope: FastifyInstance): void {
    scope.addHook('onRequest', withHeaders(headers.pageAsReply))
    for (const [path, target] of Object.entries(OTHER_NAMES)) {
      scope.get(path, hidden, ({ url }, reply) => redirect(reply, target + searchOf(url)))
    }
  }

  function fileRoutes(scope: FastifyInstance): void {
    scope.addHook('onRequest', sendWhole)
    scope.addHook('onSend', async (_request, reply, payload) => {
      nameScripts(reply)
      return payload
    })
    scope.addHook('onSend', shareBodies())
    scope.get(`/${GUARD}`, hidden, (request, reply) =>
      sendUnlessKnown(request, reply.headers({ ...headers.asset, 'cache-control': ASK_AGAIN }), guard),
    )
    for (const [address, file] of options.moreAssets) {
      const kept = { ...headers.asset, 'cache-control': KEPT_FOR_GOOD, 'content-security-policy': INERT }
      scope.get(address, hidden, (request, reply) => sendUnlessKnown(request, reply.headers(kept), file))
    }
    scope.register(fastifyStatic, {
      root: web.assets,
      serve: false,
      // The build compresses each file beside itself, and gives every version of it an address of its own.
      preCompressed: true,
      maxAge: '1y',
      immutable: true,
      acceptRanges: false,
      lastModified: false,
    })
    // Only files that were there at the start are served: for other names nobody looks at the disk.
    scope.get<{ Params: { name: string } }>('/assets/:name', hidden, ({ params: { name } }, reply) => {
      if (!web.assetNames.has(name)) return reply.callNotFound()
      return reply.headers(WORKER.test(name) ? headers.worker : headers.asset).sendFile(name)
    })
  }

  return {
    routes(app) {
      app.register(async (scope) => pageRoutes(scope))
      app.register(async (scope) => embedRoute(scope))
      app.register(async (scope) => otherNames(scope))
      app.register(async (scope) => fileRoutes(scope))
      installedAppRoutes(app, { headers, file, sites })
    },
    answerNavigation(request, reply, status) {
      if (!isNavigation(request)) return false
      void sendTrouble(request, reply.code(status), NOT_FOUND_PAGE)
      return true
    },
    answerTrouble(request, reply, status) {
      const { url, config } = request.routeOptions
      // A 401 asks something of a proxy or a program, and not of a person.
      const isTold = config.isForPeople && status !== 401
      const name = isPage(url) ? TROUBLE_PAGE : isTold ? refusalPage(status) : undefined
      if (name === undefined || !isNavigation(request)) return false
      void sendTrouble(request, reply.code(status), name)
      return true
    },
  }
}

/**
 * @param provider the team's, whose `label` is on its button in place of the page's own words. Left out: there is none
 * @returns what puts that into a page which has room for it
 */
export const offerProvider =
  (provider: { label: string | undefined } | undefined) =>
  (files: ReadonlyMap<string, SiteFile>): ReadonlyMap<string, SiteFile> => {
    if (provider === undefined) return files
    const label = provider.label === undefined ? '' : `data-label="${escapeHtml(provider.label)}"`
    const offering = (file: SiteFile) => changedFile(file, (text) => text.replace(NO_PROVIDER, () => label))
    return new Map([...files].map(([name, file]) => [name, offering(file)]))
  }

/** Shows the login page also where nobody can say who it is: the page says what is the matter, and tries again. */
function strangerWithoutAnswer(error: unknown): false {
  if (hasCode(error, ...AWAY)) return false
  throw error
}

// The library has the older name of them (RFC 9239 §6).
function nameScripts(reply: FastifyReply): void {
  if (String(reply.getHeader('content-type')).startsWith('application/javascript')) {
    reply.type('text/javascript; charset=utf-8')
  }
}

// Not `reply.redirect`: its status is a default of Fastify's, and the target is one of ours or checked.
const redirect = (reply: FastifyReply, target: string): FastifyReply =>
  reply.code(302).header('location', target).send()

const returnToOf = ({ url }: FastifyRequest): string | undefined => queryOf(url).get('return_to') ?? undefined

/** A person's browser that goes somewhere, and no script that asks (Fetch Metadata §2.3; older browsers by `Accept`). */
function isNavigation({ method, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  return headers['sec-fetch-mode'] === 'navigate' || /\btext\/html\b/i.test(headers.accept ?? '')
}
