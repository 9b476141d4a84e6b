import type { FastifyRequest } from 'fastify'
import { ScanInError } from '../errors.ts'
import { withoutBlanks } from './blanks.ts'

/**
 * Fastify takes 0xA0 and its like for white space: `\xA0application/json` is another type to everyone else.
 * @param type in lower case
 * @throws ScanInError `unsupported_media_type` where the body is not of this type
 */
export function refuseOtherTypes({ headers }: FastifyRequest, type: string): void {
  const [named = ''] = headers['content-type']?.split(';', 1) ?? []
  if (withoutBlanks(named).toLowerCase() !== type) throw new ScanInError('unsupported_media_type')
}
