import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refuseOtherTypes } from './media-type.ts'

export const FORM_TYPE = 'application/x-www-form-urlencoded'
/** Tokens and whole requests come in them. */
const MOST_FORM_BYTES = 16_384

/** Takes forms where the rest of the API has JSON, as OAuth and OpenID Connect do. Routes check the `Buffer`. */
export function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    FORM_TYPE,
    { parseAs: 'buffer', bodyLimit: MOST_FORM_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      refuseOtherTypes(request, FORM_TYPE)
      return body
    },
  )
}
