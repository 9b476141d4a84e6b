import type { FastifyRequest } from 'fastify'
import type { ClientAddresses } from './client-address.ts'
import type { RequestLabels } from './request-labels.ts'
import { type BrowserName, browserOf } from './user-agent.ts'

/** The request on which something happens: for records of what happened, and decided by nowhere. */
export interface Occasion {
  /** The client's. */
  address: string
  /** The client's own claim. */
  device: BrowserName
  labels: RequestLabels
}

export function occasionOf(
  { raw, headers, labels }: FastifyRequest,
  clientAddresses: Pick<ClientAddresses, 'of'>,
): Occasion {
  return { address: clientAddresses.of(raw).address, device: browserOf(headers['user-agent']), labels }
}
