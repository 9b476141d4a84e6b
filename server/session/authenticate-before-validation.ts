import type { FastifyError, FastifyRequest } from 'fastify'
import type { AuthenticateNativeApp } from '../identity/native-apps.ts'
import type { CurrentSession } from './current-session.ts'

interface WhoAsks {
  nativeApp: AuthenticateNativeApp
  current: Pick<CurrentSession, 'require'>
}

/**
 * For a scope's errors: where somebody has to be signed in, who is not is told that, and not what else is wrong with what
 * they sent. Who they are is asked here only once something is: what is right goes to its route, which asks.
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
