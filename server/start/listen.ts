import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { codeOf } from '../errors.ts'

export interface ListenOptions {
  app: FastifyInstance
  host: string
  port: number
  /** The variables that say where. */
  variables: { host: string; port: string }
}

/** An address that cannot be listened on; the message says which variable to change. */
export class ListenError extends Error {
  override name = 'ListenError'
}

/**
 * Listens.
 * @returns where, as the system has it: 0.0.0.0 is every address of this machine
 * @throws ListenError for an address that is taken, forbidden, or not this machine's
 */
export async function listen({ app, host, port, variables }: ListenOptions): Promise<AddressInfo[]> {
  try {
    await app.listen({ host, port })
    // None is a socket's path.
    return app.addresses().filter((bound) => typeof bound !== 'string')
  } catch (error) {
    const code = codeOf(error)
    const why = reasonOf(code, { host, port, variables })
    throw why === undefined ? error : new ListenError(`${why} (${code})`, { cause: error })
  }
}

function reasonOf(code: string | undefined, { host, port, variables }: Omit<ListenOptions, 'app'>): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `${variables.port}: port ${port} is taken; end what listens there, or choose another`
    case 'EACCES':
      return `${variables.port}: this user may not listen on port ${port}; choose one above 1023`
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `${variables.host}: ${host} is no address of this machine; 0.0.0.0 is all of them`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${variables.host}: ${host} is no address, and no name that leads to one; 0.0.0.0 is all of this machine's`
    default:
      return undefined
  }
}
