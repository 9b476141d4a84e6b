import type { FastifyBaseLogger } from 'fastify'
import type { Randomness } from '../randomness.ts'
import { type ClientAddresses, createClientAddresses } from './client-address.ts'
import { createConnections } from './connections.ts'
import { createRequestIds } from './request-labels.ts'
import type { RequestLog } from './request-log.ts'
import { headerSets, withHeaders } from './security-headers.ts'
import type { TypedApp } from './typed-app.ts'
import { createWebApp, type WebAppOptions } from './web-app.ts'

export interface InnerAppOptions extends Pick<WebAppOptions, 'schemaController'> {
  randomness: Randomness
  log: RequestLog
  logger: FastifyBaseLogger
}

export interface InnerApp {
  app: TypedApp
  clientAddresses: Pick<ClientAddresses, 'of' | 'isFromProxy'>
}

/** Who asks there are few. */
const MOST_CONNECTIONS = 64
const noPage = () => false

/** An app without routes for a port that the outside does not reach: it has no cookie, no page and no other origin. */
export function createInnerApp({ logger, randomness, ...options }: InnerAppOptions): InnerApp {
  const headers = headerSets('', [])
  // Nobody stands between: what connects is who asks.
  const { of, isFromProxy } = createClientAddresses({ trustProxy: [], trustProxyHops: 1, logger })
  const clientAddresses = { of, isFromProxy, notice: () => undefined }
  const app = createWebApp({
    ...options,
    publicUrl: '',
    allowedOrigins: [],
    sessionCookieName: '',
    clientAddresses,
    headers,
    pages: { answerNavigation: noPage, answerTrouble: noPage },
    requestIds: createRequestIds({ clientAddresses, randomness }),
    connections: createConnections(MOST_CONNECTIONS),
    shortcut: noPage,
    onClosing: () => undefined,
  })
  app.addHook('onRequest', withHeaders(headers.api))
  return { app, clientAddresses }
}
