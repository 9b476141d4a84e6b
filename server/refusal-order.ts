import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Pressure, Step } from './http/pressure.ts'
import type { AuthenticateNativeApp } from './identity/native-apps.ts'
import type { CurrentSession } from './session/current-session.ts'

/**
 * What a request does to a login, by its route, where that is not to go on with one. Under load new logins are refused
 * first, and what brings one to its end, or takes authority away, last.
 */
const STEPS: Readonly<Record<string, Step | 'never refused'>> = {
  // Who keeps to their pace is never refused: the pace gets slower.
  'GET /login/status/:token': 'never refused',
  'GET /login/scan/:token': 'never refused',
  'GET /healthz': 'never refused',
  'GET /readyz': 'never refused',
  // It begins a login or goes on with one: only its body says.
  'POST /login': 'never refused',
  'POST /login/confirm': 'finish',
  'POST /login/confirm/options': 'finish',
  'POST /login/deny': 'finish',
  'POST /login/match': 'finish',
  'DELETE /login/:token': 'finish',
  'POST /sign-out': 'finish',
  'POST /sign-in/oidc/backchannel-logout': 'finish',
  'DELETE /sessions': 'finish',
  'DELETE /sessions/:id': 'finish',
  'DELETE /passkeys/:id': 'finish',
  'GET /session': 'finish',
  'GET /auth/verify': 'finish',
  'GET /auth/forward': 'finish',
  'GET /.scanin/sign-out': 'finish',
  'POST /.scanin/sign-out': 'finish',
  'POST /oauth/device_authorization': 'begin',
  'POST /oauth/token': 'finish',
  'POST /oauth/revoke': 'finish',
  'POST /oauth/introspect': 'finish',
  'GET /oauth/userinfo': 'finish',
  'POST /oauth/userinfo': 'finish',
  'GET /oauth/logout': 'finish',
  'POST /oauth/logout': 'finish',
  'POST /session/token': 'finish',
  'GET /.well-known/openid-configuration': 'finish',
  'GET /.well-known/oauth-authorization-server': 'finish',
  'GET /.well-known/jwks.json': 'finish',
}

/** A hook that asks, before anything else is done for a request, whether there is too much to do for it. */
export function refuseInOrder(pressure: Pick<Pressure, 'admit'>) {
  return ({ method, routeOptions }: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    const step = stepOf(method, routeOptions.url)
    if (step !== 'never refused') pressure.admit(step)
    done()
  }
}

function stepOf(method: string, route: string | undefined): Step | 'never refused' {
  // What is asked before a request of another origin, wherever that goes: it may be one that is never refused.
  if (method === 'OPTIONS') return 'never refused'
  // HEAD is as GET is, and what probes may send instead.
  return STEPS[`${method === 'HEAD' ? 'GET' : method} ${route}`] ?? 'go_on'
}

export interface WhoAsks {
  nativeApp: AuthenticateNativeApp
  current: Pick<CurrentSession, 'require'>
}

/**
 * For a scope's errors: where somebody has to be signed in, who is not is told that, and not what else is wrong with what
 * they sent. Who they are is asked here only once something is: what is right goes to its route, which asks.
 */
export function refuseStrangersFirst({ nativeApp, current }: WhoAsks) {
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
