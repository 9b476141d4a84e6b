import type { AppOptions } from './app-options.ts'
import { createAppList } from './apps/forward-auth/app-list.ts'
import { createAppsRoom } from './apps/forward-auth/apps-room.ts'
import { bearersOfUnblocked, type IsBlocked } from './identity/blocked-people.ts'
import { createProofs } from './identity/dpop.ts'
import type { Revalidate } from './identity/identity.ts'
import { createNativeApps } from './identity/native-apps.ts'
import { type ApplicationOf, firstApplication } from './login/application.ts'
import { createBrowserRoom } from './login/browser/browser-room.ts'
import { createLogins, type Logins } from './login/logins.ts'
import { createPhoneRoom } from './login/phone/phone-room.ts'
import { logoOf } from './oauth/logos.ts'
import { createOAuthRoom } from './oauth/oauth-room.ts'
import { createPasskeysRoom } from './passkeys/passkeys-room.ts'
import { createSessionsRoom } from './session/sessions-room.ts'
import type { SharedParts } from './shared-parts.ts'
import { keysInStore } from './signing.ts'
import { createTeamProviderRoom, type TeamProviderRoom } from './team-provider/team-provider-room.ts'

export type Rooms = Awaited<ReturnType<typeof createRooms>>

/** The rooms, each made of what it needs of those before it. */
export async function createRooms(options: AppOptions, shared: SharedParts) {
  const { config, clients } = options
  const { audit, listeners, events } = shared
  const applications: ApplicationOf[] = []

  const logins = createLogins({ ...shared, policy: config.login, onNews: listeners.ofLogins.tell })
  const people = createPeople(options, shared, logins)
  const { nativeApp, sessions } = people
  const { service, current, signInPhone } = sessions

  const apps = createAppsRoom({
    ...shared,
    apps: options.apps ?? createAppList(),
    sessions: service,
    current,
    onNews: audit.onAppNews,
  })
  applications.push(apps.applicationOf)

  const browser = createBrowserRoom({
    ...shared,
    logins,
    sessions: service,
    applicationOf: firstApplication(applications),
  })
  const passkeys = createPasskeysRoom({
    ...shared,
    brandName: config.brand.name,
    isBlocked: service.isBlocked,
    current,
    signInPhone,
    failuresPerMinute: config.rates.signInsPerMinute,
    challengesPerMinute: config.rates.loginsPerMinute,
    onNews: listeners.ofPasskeys.tell,
  })
  const phone = createPhoneRoom({
    ...shared,
    logins,
    current,
    nativeApp,
    matchMode: config.match,
    confirmMode: config.confirm,
    passkeys: passkeys.passkeys,
    logoOf: (returnTo) => clients && logoOf(clients, returnTo),
    isNewBrowser: events.isNewBrowser,
    rememberFor: Math.floor(config.session.rememberMs / 1000),
  })

  const keys = options.signingKeys ?? keysInStore(options)
  const { collect, approver } = browser
  const oauth =
    clients &&
    keys &&
    (await createOAuthRoom({ ...shared, clients, keys, logins, collect, approver, current, sessions: service }))
  if (oauth !== undefined) {
    listeners.ofSessions.add(oauth.onSessionNews)
    applications.push(oauth.applicationOf)
  }

  return { logins, ...people, apps, browser, passkeys, phone, keys, oauth }
}

/** Who somebody is: by a session of ours, by the word of the team's provider, or by what a native app shows. */
function createPeople(options: AppOptions, shared: SharedParts, logins: Logins) {
  const { config } = options
  const { audit, listeners } = shared
  // Both call the sessions room, made below, as that takes `nativeApp`: it knows who is blocked, and notes tokens.
  const isBlocked: IsBlocked = (person) => sessions.service.isBlocked(person)
  const nativeApp = createNativeApps({
    ...shared,
    verifiers: bearersOfUnblocked(options.bearerVerifiers, isBlocked),
    checkProof: createProofs(shared),
    onAccepted: (user, issuedAt) => sessions.service.noteShownToken(user, issuedAt),
    onRefused: audit.onBearerRefused,
  })
  // Set later: the provider's room opens sessions, and the sessions room asks the provider as they are used.
  let teamProvider: TeamProviderRoom | undefined
  const revalidate: Revalidate = async (user) => teamProvider?.revalidate(user)
  const sessions = createSessionsRoom({
    ...shared,
    policy: config.session,
    openingMs: config.login.collectMs,
    nativeApp,
    revalidate,
    signInFailuresPerMinute: config.rates.signInsPerMinute,
    onFirstUse: logins.acknowledge,
    onPhoneEnd: logins.withdraw,
    onNews: listeners.ofSessions.tell,
  })
  if (config.phoneOidc !== undefined) {
    teamProvider = createTeamProviderRoom({
      ...shared,
      provider: config.phoneOidc,
      sessions: sessions.service,
      current: sessions.current,
      signInPhone: sessions.signInPhone,
      longestSessionMs: Math.max(config.session.lifeMs, config.session.rememberMs),
      authorizationsPerMinute: config.rates.loginsPerMinute,
      onNews: audit.onProviderNews,
    })
    listeners.ofSessions.add(teamProvider.onSessionNews)
  }
  return { nativeApp, sessions, teamProvider }
}
