import type { ErrorCode } from '../../errors.ts'

declare module 'fastify' {
  /** What a route says of itself in `/openapi.json`; `tests/server/http/openapi.test.ts` finds what is left out. */
  interface FastifySchema {
    /** No part of the API: pages, and what they load. */
    hide?: boolean
    /** Clients' functions are named by it: it stays as it is. */
    operationId?: string
    tags?: readonly string[]
    summary?: string
    description?: string
    /** Any one of these is enough, and each is all of its schemes (`security-schemes.ts`). `[]`: open to everybody. */
    security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
    /** With which codes the route refuses, beside those of all routes (`problem-replies.ts`). */
    problems?: readonly ErrorCode[]
    /** What its replies say in headers that not all have: by status, by name. */
    replyHeaders?: Readonly<Record<number, Readonly<Record<string, string>>>>
  }
}

/** A route as it was registered, as far as the document tells of it. */
export interface DescribedRoute {
  method: string
  /** `/login/:token` */
  url: string
  schema: import('fastify').FastifySchema
  isPoll: boolean
}
