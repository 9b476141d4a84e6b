import type { FastifyBaseLogger } from 'fastify'
import { followFile, type LiveFile } from '../../files/live-file.ts'
import { type App, type AppList, createAppList } from './app-list.ts'
import { readAppsFile } from './apps-file.ts'

export interface LiveAppsOptions {
  path: string
  publicUrl: string
  logger: FastifyBaseLogger
}

/** The applications of a file, as it is now. */
export interface LiveApps extends LiveFile {
  apps: AppList
}

/** Opens a file of applications and follows it. Rejects with `ListFileError` when it is bad from the beginning. */
export async function openAppsFile({ path, publicUrl, logger }: LiveAppsOptions): Promise<LiveApps> {
  const apps = createAppList()
  const file = await followFile<App>({
    path,
    logger,
    what: 'applications',
    read: readAppsFile,
    take(read) {
      apps.replace(read)
      for (const warning of sharedHosts(read, publicUrl)) logger.warn({ origin: warning.origin }, warning.why)
    },
  })
  return { ...file, apps }
}

/** Browsers keep cookies by host and not by port: what stands at one host can use the others' there. */
function sharedHosts(apps: readonly App[], publicUrl: string): { origin: string; why: string }[] {
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
