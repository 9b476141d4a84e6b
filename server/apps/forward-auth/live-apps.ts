import type { FastifyBaseLogger } from 'fastify'
import { followFile, type LiveFile } from '../../files/live-file.ts'
import type { Accounts } from '../../identity/accounts.ts'
import { type App, type AppList, createAppList } from './app-list.ts'
import { readAppsFile } from './apps-file.ts'

type People = Pick<Accounts, 'accountOf' | 'usernameOf'>

interface Warning {
  origin: string
  why: string
}

interface LiveAppsOptions {
  path: string
  publicUrl: string
  /** Our own people, as they are now. Left out: nobody has a user name. */
  people?: People | undefined
  logger: FastifyBaseLogger
}

/** The applications of a file, as it is now. */
export interface LiveApps extends LiveFile {
  apps: AppList
}

/** Opens a file of applications and follows it. Rejects with `ListFileError` when it is bad from the beginning. */
export async function openAppsFile({ path, publicUrl, people, logger }: LiveAppsOptions): Promise<LiveApps> {
  const apps = createAppList()
  const file = await followFile<App>({
    path,
    logger,
    what: 'applications',
    read: readAppsFile,
    take(read) {
      apps.replace(read)
      const warnings = [...sharedHosts(read, publicUrl), ...(people === undefined ? [] : usersByName(read, people))]
      for (const { origin, why } of warnings) logger.warn({ origin }, why)
    },
  })
  return { ...file, apps }
}

/** Browsers keep cookies by host and not by port: what stands at one host can use the others' there. */
function sharedHosts(apps: readonly App[], publicUrl: string): Warning[] {
  const hosts = new Set<string>()
  return apps.flatMap(({ origin }) => {
    const { hostname } = new URL(origin)
    const isTaken = hosts.has(hostname)
    hosts.add(hostname)
    if (hostname === new URL(publicUrl).hostname) {
      return [
        { origin, why: "an application has PUBLIC_URL's host: browsers send it ScanIn's cookies. Give it another" },
      ]
    }
    return isTaken ? [{ origin, why: 'two applications have one host: each can use the cookie of the other' }] : []
  })
}

/** Warns of an entry that is a user name, and so nobody's id, wherever people come from: nobody enters by it. */
function usersByName(apps: readonly App[], { accountOf, usernameOf }: People): Warning[] {
  const isUsername = (id: string) => accountOf(id) !== undefined && usernameOf({ id }) === undefined
  return apps.flatMap(({ origin, users = [] }) => {
    const at = users.findIndex(isUsername)
    return at === -1 ? [] : [{ origin, why: `user ${at + 1} is a user name, and lets nobody in: users are ids` }]
  })
}
