import type { FastifyBaseLogger } from 'fastify'
import { followFile, type LiveFile } from '../../files/live-file.ts'
import { type AppLink, type AppLinkName, readAppLinks } from './app-links-file.ts'

/** What each platform is answered now. `undefined`: nothing. */
export type FindAppLink = (name: AppLinkName) => Buffer | undefined

export interface LiveAppLinks extends LiveFile {
  find: FindAppLink
}

/** Opens a file of app links and follows it. Rejects with `ListFileError` when it is bad from the beginning. */
export async function openAppLinksFile(path: string, logger: FastifyBaseLogger): Promise<LiveAppLinks> {
  let links: readonly AppLink[] = []
  const file = await followFile<AppLink>({
    path,
    what: 'app links',
    logger,
    read: readAppLinks,
    take(read) {
      links = read
    },
  })
  return { ...file, find: (name) => links.find((link) => link.name === name)?.body }
}
