import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { pageOf, type Sites } from './languages.ts'
import { type HeaderSets, withHeaders } from './security-headers.ts'
import { changedFile, type SiteFile, sendFile, sendUnlessKnown, varyBy } from './site-files.ts'

const MANIFEST = 'manifest.webmanifest'
const OFFLINE_PAGE = 'offline.html'
/** A worker is asked for again at its own address: it has one in every build. */
const WORKER = 'offline-worker.js'
const ASK_AGAIN = 'no-cache'
/** What a page loads by address; small pictures are in it. */
const LOADED = / (?:src|href)="(\/(?:assets\/[^"]+|page-guard\.js))"/g

interface InstalledAppOptions {
  headers: HeaderSets
  /** @throws Error where the build has left none of that name */
  file: (name: string) => SiteFile
  sites: Sites
}

/** What makes the phone's page an application of the phone: the manifest, and the page for when there is no connection. */
export function installedAppRoutes(app: FastifyInstance, { headers, file, sites }: InstalledAppOptions): void {
  const hidden = { exposeHeadRoute: true, schema: { hide: true } }
  const worker = workerFor(
    sites.all.map((site) => pageOf(site, OFFLINE_PAGE)),
    file,
  )

  app.register(async (scope) => {
    scope.addHook('onRequest', withHeaders({ ...headers.asset, 'cache-control': ASK_AGAIN }))
    scope.get(`/${MANIFEST}`, hidden, (request, reply) =>
      sendUnlessKnown(request, varyBy(reply, 'accept-language'), pageOf(sites.siteFor(request), MANIFEST)),
    )
    scope.get(`/${WORKER}`, hidden, (request, reply) =>
      // A worker lives by the policy that it came with: this one asks its own origin, and has no other business.
      sendUnlessKnown(
        request,
        reply.header('content-security-policy', "default-src 'none'; connect-src 'self'"),
        worker,
      ),
    )
  })
  app.register(async (scope) => {
    scope.addHook('onRequest', withHeaders(headers.page))
    scope.get('/offline', hidden, (request, reply) =>
      // For the worker. Whoever comes here in person is connected.
      request.headers['sec-fetch-mode'] === 'navigate'
        ? reply.code(302).header('location', '/scan').send()
        : sendFile(request, varyBy(reply, 'accept-language'), pageOf(sites.siteFor(request), OFFLINE_PAGE)),
    )
  })
}

function workerFor(offline: readonly SiteFile[], file: (name: string) => SiteFile): SiteFile {
  // The same in every language.
  const [first] = offline.map(({ plain }) => plain.body.toString())
  const loads = [...(first ?? '').matchAll(LOADED)].map(([, address = '']) => address)
  // What else it loads is named by what is in it.
  const tags = [...offline, file('page-guard.js')].map(({ plain }) => plain.etag)
  const tag = createHash('sha256').update(tags.join()).digest('hex').slice(0, 8)
  return changedFile(file(WORKER), (text) => text.replace('{{loads}}', loads.join(' ')).replace('{{tag}}', tag))
}
