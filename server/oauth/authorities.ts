import type { AdapterPayload, FindAccount, KoaContextWithOIDC } from 'oidc-provider'
import { type Clock, secondsUntil } from '../clock.ts'
import type { User } from '../identity/identity.ts'
import type { Person } from '../identity/person-key.ts'
import type { IdentifiedSession, Session } from '../session/session.ts'
import type { SessionService } from '../session/session-service.ts'
import { goodVisitor, stateOf } from './call-state.ts'
import { claimsOf, subOf } from './claims.ts'
import { type Clients, maySignInTo, type OAuthClient, scopesAmong } from './client.ts'
import { createDeviceGrants } from './device-grants.ts'
import type { DeviceLoginNow } from './device-logins.ts'
import { asksForLogin } from './login-request.ts'
import type { TokenFamilies } from './token-families.ts'
import type { TokenLimits } from './token-limits.ts'
import type { ToldClients } from './told-clients.ts'

export type OidcProvider = typeof import('oidc-provider')

export interface AuthorityOptions {
  oidc: OidcProvider
  clients: Clients
  clock: Clock
  sessions: Pick<SessionService, 'useFor' | 'kindOf' | 'latestEndOf' | 'withdraw'>
  /** What an account signs in by. */
  usernameOf: (person: Person) => string | undefined
  deviceLogin: DeviceLoginNow
  told: Pick<ToldClients, 'note'>
  limits: TokenLimits
  families: Pick<TokenFamilies, 'clear'>
}

export type Authorities = ReturnType<typeof createAuthorities>

/**
 * In whose name something is given, and whether that is still good. Whatever is presented is checked against our own
 * session each time: it must live, its person be one of ours, and the application be open to them.
 */
export function createAuthorities(options: AuthorityOptions) {
  const { oidc, clients, clock, sessions, usernameOf, deviceLogin, told, limits, families } = options
  const { errors } = oidc

  /** The client that somebody may be in now. */
  function openTo(user: User, clientId: string | undefined) {
    const client = clients.find(clientId ?? '')
    return client !== undefined && maySignInTo(client, user) ? client : undefined
  }

  async function sessionBehind({ sessionUid, accountId, clientId }: AdapterPayload) {
    const session = sessionUid === undefined ? undefined : await sessions.useFor(sessionUid)
    if (session === undefined || openTo(session.session.user, clientId) === undefined) return undefined
    return subOf(session.session.user) === accountId ? session : undefined
  }

  /** Of the request that is being answered. */
  const call = () => oidc.Provider.ctx && stateOf(oidc.Provider.ctx)

  /** Whole seconds to an end of the session that something is given for. */
  function secondsTo(endOf: (session: Session) => number): number {
    const state = call()
    const found = state?.found.grantingSession ?? (state && goodVisitor(state.asked))
    return found === undefined ? 1 : Math.max(1, secondsUntil(endOf(found.session), clock()))
  }

  async function grantTo(ctx: KoaContextWithOIDC, found: IdentifiedSession, client: OAuthClient, asked: string) {
    const { id, session } = found
    if (client.backchannelLogoutUri !== undefined) await told.note(id, client.id, sessions.latestEndOf(session))
    const grant = new ctx.oidc.provider.Grant({ accountId: subOf(session.user), clientId: client.id })
    grant.addOIDCScope(scopesAmong(client, asked))
    return grant
  }

  return {
    call,
    ...createDeviceGrants({ oidc, sessions, deviceLogin, call, openTo, grantTo }),

    /**
     * Looks for the session that a record was given in the name of, each time that it is presented, and notes it.
     * @returns whether what the record gives is still somebody's to use
     */
    async noteGrantingSession(payload: AdapterPayload): Promise<boolean> {
      const session = await sessionBehind(payload)
      const state = call()
      if (state !== undefined && session !== undefined) state.found.grantingSession = session
      else if (state !== undefined) state.found.isEnded = true
      return session !== undefined
    },

    /**
     * The last look, once all is made and used up. If the session has ended meanwhile, its application may have been
     * told so already: it would take an ID token for a new sign-in, of whose end nobody tells it. Where the store does
     * not answer, what is made is given: it was good a moment ago, and asking again would be refused.
     */
    async refuseEnded(session: IdentifiedSession | undefined): Promise<void> {
      if (session === undefined || (await sessions.kindOf(session.id).catch(() => 'unknown')) !== undefined) return
      // Again, as the session's end may have cleared before this sign-in was noted.
      await families.clear(session.id)
      throw new errors.InvalidGrant('its session has ended')
    },

    /** Refuses what was used before. Two at once, of whom one may be a thief. */
    refuseReplay: (): Error => new errors.InvalidGrant('used before'),

    /**
     * To the end of the session that is asked for, but no more than half of the time that it may rest: the other half
     * is left for whoever comes for the next token when this one is over.
     */
    secondsInUse: () =>
      secondsTo(({ endsAt, idleMs }) => (idleMs === undefined ? endsAt : Math.min(endsAt, clock() + idleMs / 2))),

    /** To the latest end of that session: it may yet be kept, and is looked up each time that this is presented. */
    secondsAtMost: () => secondsTo(sessions.latestEndOf),

    /** A session that is good goes straight through: the applications are the team's own, and so is their consent. */
    async loadExistingGrant(ctx: KoaContextWithOIDC) {
      const { asked } = stateOf(ctx)
      const visitor = goodVisitor(asked)
      if (visitor === undefined || asksForLogin(ctx.oidc)) return undefined
      const { user } = visitor.session
      if (asked.isMeant?.(subOf(user)) === false) throw new errors.LoginRequired()
      const client = openTo(user, ctx.oidc.client?.clientId)
      if (client === undefined) throw new errors.AccessDenied('not open to this person')
      return limits.code(asked.isFramed ?? false)(visitor, async () => {
        const grant = await grantTo(ctx, visitor, client, [...ctx.oidc.requestParamScopes].join(' '))
        await grant.save()
        return grant
      })
    },

    /** Whether this request is for a code. Nobody counts yet on what is stored for it: see `begins`. */
    isAskedForCode: () => oidc.Provider.ctx?.oidc.route === 'authorization',
    /** Whether a token is shown to be given back: it need not be good at the moment for that. */
    isGivenBack: () => oidc.Provider.ctx?.oidc.route === 'revocation',

    /**
     * Counts what is about to be used up, against the session that it was given in the name of, which was looked up
     * already. Rejects where that is too much.
     */
    inLimits(use: () => Promise<void>): Promise<void> {
      const session = call()?.found.grantingSession
      return session === undefined ? use() : limits.tokens(session, use)
    },

    findAccount: (async (ctx, sub, token) => {
      const state = stateOf(ctx)
      // A used-up token is looked up only to be refused: nobody is given anything for it.
      if (Object(token).consumed !== undefined) return { accountId: sub, claims: async () => ({ sub }) }
      const found = token === undefined ? goodVisitor(state.asked) : state.found.grantingSession
      if (found === undefined || subOf(found.session.user) !== sub) return undefined
      const claims = { ...claimsOf(found.session.user, usernameOf(found.session.user)), sub }
      return { accountId: sub, claims: async (use) => (use === 'id_token' ? { ...claims, sid: found.id } : claims) }
    }) satisfies FindAccount,
  }
}
