import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { type HeaderSets, withHeaders } from './security-headers.ts'

const PAGES = { '/': 'index.html', '/scan': 'scan.html', '/home': 'home.html' }

export interface PagesOptions {
  /** The folder of what the build made of `web/`. */
  root: string
  headers: HeaderSets
}

/** The three pages, never cached, and the files that they load. */
export function pages(app: FastifyInstance, { root, headers }: PagesOptions): void {
  app.register(async (pageScope) => {
    pageScope.addHook('onRequest', withHeaders(headers.page))
    await pageScope.register(fastifyStatic, {
      root,
      serve: false,
      cacheControl: false,
      etag: false,
      lastModified: false,
    })
    for (const [path, file] of Object.entries(PAGES)) {
      pageScope.get(path, { schema: { hide: true } }, (_request, reply) => reply.sendFile(file))
    }
  })

  app.register(async (assetScope) => {
    assetScope.addHook('onRequest', withHeaders(headers.asset))
    await assetScope.register(fastifyStatic, {
      root: join(root, 'assets'),
      prefix: '/assets/',
      decorateReply: false,
      wildcard: false,
      index: false,
      // The build gives every version of them an address of its own.
      maxAge: '1y',
      immutable: true,
    })
  })
}
