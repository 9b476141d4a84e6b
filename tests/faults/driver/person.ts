import type { Random } from '../random.ts'
import type { Wire, WireReply, WireRequest } from './wire.ts'

/** Where the service is, and how it is asked. */
export interface Service {
  wire: Wire
  /** The instances' origins: each request goes to any of them. */
  instances: readonly string[]
  publicUrl: string
}

/** Somebody with a browser: keeps cookies, comes from an address, and now and then hears nothing. */
export interface Person {
  cookies: Map<string, string>
  send(
    method: WireRequest['method'],
    path: string,
    options?: { body?: object; signal?: AbortSignal },
  ): Promise<WireReply | undefined>
}

export interface PersonOptions {
  service: Service
  /** As the proxy in front of the service would say it. */
  address: string
  random: Random
  losses: number
}

export function createPerson({ service, address, random, losses }: PersonOptions): Person {
  const cookies = new Map<string, string>()

  function keep({ setCookies }: WireReply): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0(;|$)/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
  }

  return {
    cookies,
    async send(method, path, options = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = {
        'x-forwarded-for': address,
        ...(method === 'GET' ? {} : { origin: service.publicUrl }),
        ...(cookie === '' ? {} : { cookie }),
      }
      const origin = service.instances[random.integer(service.instances.length)] ?? ''
      const isDropped = random.chance(losses)
      const reply = await service.wire.send(origin, { method, path, headers, isDropped, ...options })
      if (reply !== undefined) keep(reply)
      return reply
    },
  }
}
