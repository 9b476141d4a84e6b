import type { Clock } from '../clock.ts'
import { hashSecret } from '../hashes.ts'
import { isRecord } from '../is-record.ts'
import { type Claims, completedBy, textOf } from './oidc-claims.ts'
import { askUserinfo, jsonIn } from './provider-request.ts'
import { createShortMemory } from './short-memory.ts'

/**
 * Adds what the person is called to a token's claims, where they lack it: those of access tokens mostly do.
 * @returns `undefined`: userinfo spoke of somebody else (OpenID Connect Core §5.3.2)
 * @throws ScanInError `identity_provider_unavailable`
 */
export type FillInNames = (token: string, claims: Claims) => Promise<Claims | undefined>

interface UserinfoNamesOptions {
  /** The provider's userinfo endpoint, as it is known by now. `undefined`: nobody is asked. */
  url: () => string | undefined
  clock: Clock
}

/** Why a token is refused of which `FillInNames` answers nothing. */
export const OF_SOMEBODY_ELSE = 'userinfo tells of somebody else'

/** What is asked for, as OpenID Connect Core §5.1 calls it, and `groups`. */
const TOLD = ['name', 'preferred_username', 'email', 'email_verified', 'groups'] as const
/** How long names are kept: for this long, somebody who is gone at the provider may still go by theirs here. */
const TOLD_FOR_MS = 600_000
/** A token that userinfo does not take, as it is for us and not for it, is not shown to it again for so long. */
const REFUSED_FOR_MS = 60_000

/** Asks userinfo for names: once a token, and only where its claims have none. */
export function createUserinfoNames({ url, clock }: UserinfoNamesOptions): FillInNames {
  const known = createShortMemory<Promise<Claims>>(clock)

  function toldOf(token: string, from: string): Promise<Claims> {
    const hash = hashSecret(token)
    const found = known.get(hash)
    if (found !== undefined) return found
    const told = ask(from, token)
    known.set(hash, told, TOLD_FOR_MS)
    told.then(
      (claims) => {
        if (claims['sub'] === undefined) known.set(hash, told, REFUSED_FOR_MS)
      },
      () => known.forget(hash),
    )
    return told
  }

  return async (token, claims) => {
    const from = url()
    // For a token that is bound to a key, userinfo would want a proof by that key, which only the phone can make.
    if (from === undefined || textOf(claims['name']) !== undefined || claims['cnf'] !== undefined) return claims
    const told = await toldOf(token, from)
    if (told['sub'] === undefined) return claims
    return told['sub'] === claims['sub'] ? completedBy(claims, only(TOLD, told)) : undefined
  }
}

/** @returns no claims where userinfo does not know the token, which may still be good here */
async function ask(url: string, token: string): Promise<Claims> {
  const reply = await askUserinfo(url, token)
  const told = reply.status === 200 ? await jsonIn(reply) : undefined
  return isRecord(told) ? told : {}
}

function only(names: readonly string[], claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => names.includes(name)))
}
