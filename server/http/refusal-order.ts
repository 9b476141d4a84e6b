import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Pressure, Step } from './pressure.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What a request does to a login, where that is not to go on with one. Under load new logins are refused first, and
     * what brings one to its end, or takes authority away, last. `never_refused`: it answers at any load, or its route asks.
     */
    step?: Step | 'never_refused'
  }
}

/** A hook that asks, before anything else is done for a request, whether there is too much to do for it. */
export function refuseInOrder(pressure: Pick<Pressure, 'admit'>) {
  return ({ method, routeOptions }: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    const { step = 'go_on' } = routeOptions.config
    // A preflight passes wherever it goes: its request may be one that is never refused.
    if (method !== 'OPTIONS' && step !== 'never_refused') pressure.admit(step)
    done()
  }
}
