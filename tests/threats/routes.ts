import type { FastifyInstance } from 'fastify'
import { createAppList } from '../../server/apps/forward-auth/app-list.ts'
import { createClients, parseClients } from '../../server/oauth/clients-file.ts'
import { createTestApp, type TestParts } from '../support/app.ts'
import { WEB } from '../support/clients-file.ts'
import { WITH_ALL_THERE_IS } from '../support/described-api.ts'
import type { Client } from '../support/http-client.ts'

export interface Route {
  method: string
  /** With parameters in braces, as OpenAPI has them. */
  path: string
}

/** Every route that the service says it has. */
export async function documentedRoutes(client: Client): Promise<Route[]> {
  const { json } = await client.get('/openapi.json')
  return Object.entries<object>(json.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

/** What an app is made with so that it has every route there is. Its team's provider is nowhere. */
export function allThereIs(): [env: Record<string, string>, parts: TestParts] {
  const clients = createClients()
  clients.replace(parseClients(JSON.stringify([WEB])))
  const env = { ...WITH_ALL_THERE_IS, CLIENTS_FILE: 'clients.json', APPS_FILE: 'apps.json' }
  return [env, { clients, apps: createAppList() }]
}

/** All routes of an app, even those that `/openapi.json` leaves out. HEAD counts as GET. */
export async function routesOf(app: FastifyInstance): Promise<Route[]> {
  await app.ready()
  return routesIn(app.printRoutes())
}

/** All routes that a service may have. */
export async function everyRoute(): Promise<Route[]> {
  const { app } = await createTestApp(...allThereIs())
  const routes = await routesOf(app)
  await app.close()
  return routes
}

const METHODS = /\(([A-Z]+(?:, [A-Z]+)*)\)$/
const INDENT = 4

/**
 * Reads the tree of path parts that Fastify prints. Each line is one part, indented by four columns more than its
 * parent.
 */
function routesIn(tree: string): Route[] {
  const above: string[] = []
  return tree
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [, lead = '', text = ''] = /^([│├└─ ]*)(.*)$/.exec(line) ?? []
      const depth = lead.length / INDENT
      above.length = depth - 1
      above.push(text.replace(METHODS, '').trimEnd())
      const path = above.join('').replaceAll(/:(\w+)/g, '{$1}')
      const methods = METHODS.exec(text)?.[1]?.split(', ') ?? []
      return methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path }))
    })
}
