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
