import type { FastifyError, FastifyRequest } from 'fastify'
import type { AuthenticateNativeApp } from '../identity/native-apps.ts'
import type { CurrentSession } from './current-session.ts'

interface WhoAsks {
  nativeApp: AuthenticateNativeApp
  current: Pick<CurrentSession, 'require'>
}

/**
 * For a scope's errors. Where a route needs somebody signed in, a caller who is not is told only that, and not what
 * else is wrong. Runs for requests that are wrong alone: the others reach their route, which authenticates.
 */
export function authenticateBeforeValidation({ nativeApp, current }: WhoAsks) {
  return async (error: FastifyError, request: FastifyRequest): Promise<never> => {
    const { problems = [], security = [] } = request.routeOptions.schema ?? {}
    const takes = (scheme: string) => security.some((schemes) => scheme in schemes)
    if (error.validation !== undefined && problems.includes('authentication_required') && takes('session')) {
      const app = takes('bearer') ? await nativeApp(request) : undefined
      if (app === undefined) await current.require(request)
    }
    throw error
  }
}
