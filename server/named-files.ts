import type { FastifyBaseLogger } from 'fastify'
import { type LiveAppLinks, openAppLinksFile } from './apps/app-links/app-links.ts'
import { type LiveApps, openAppsFile } from './apps/forward-auth/live-apps.ts'
import { type Logo, readLogo } from './brand/logo.ts'
import type { Config } from './config/config.ts'
import type { EnvironmentReader } from './config/environment.ts'
import { type GeoipFile, openGeoipFile } from './files/geoip-file.ts'
import { ListFileError } from './files/list-file.ts'
import { followFile, type LiveFile } from './files/live-file.ts'
import { type LiveAccounts, openAccountsFile } from './identity/live-accounts.ts'
import type { SigningKeys } from './keys/key-set.ts'
import { openSigningKeysFile } from './keys/signing-keys-file.ts'
import { longestLoginMs } from './login/login-policy.ts'
import type { Clients, OAuthClient } from './oauth/client.ts'
import { clientsWithUnencodedSecrets, createClients, readClientsFile } from './oauth/clients-file.ts'
import { signingAlgorithms } from './signing.ts'

export interface NamedFilesOptions {
  config: Config
  /** Who has read the configuration: what it rejected is thrown with what is wrong with files. */
  reader: EnvironmentReader
  logger: FastifyBaseLogger
  /** Counts milliseconds evenly, whatever anybody sets. */
  steady: () => number
}

/** The files that the configuration names, each left out where none is named. */
export interface NamedFiles {
  logo: Logo | undefined
  accounts: LiveAccounts | undefined
  clients: LiveClients | undefined
  signingKeys: (SigningKeys & LiveFile) | undefined
  apps: LiveApps | undefined
  geoip: GeoipFile | undefined
  appLinks: LiveAppLinks | undefined
  /** Those that are read again. */
  followed: readonly LiveFile[]
}

interface LiveClients extends LiveFile {
  clients: Clients
}

/**
 * Opens all files that the configuration names.
 * @throws ConfigError that names every bad variable and every bad file, each once
 */
export async function openNamedFiles({ config, reader, logger, steady }: NamedFilesOptions): Promise<NamedFiles> {
  const faults: string[] = []
  const followed: LiveFile[] = []

  async function opened<File>(
    variable: string,
    path: string | undefined,
    open: (path: string) => File | Promise<File>,
  ) {
    if (path === undefined || reader.isRejected(variable)) return undefined
    try {
      return await open(path)
    } catch (error) {
      if (!(error instanceof ListFileError)) throw error
      faults.push(error.message)
      return undefined
    }
  }

  async function following<File extends LiveFile>(
    variable: string,
    path: string | undefined,
    open: (path: string) => Promise<File>,
  ) {
    const file = await opened(variable, path, open)
    if (file !== undefined) followed.push(file)
    return file
  }

  async function openAll(): Promise<NamedFiles> {
    const accounts = await following('ACCOUNTS_FILE', accountsPath(config), (path) =>
      openAccountsFile({ path, logger, clock: steady, longestLoginMs: longestLoginMs(config.login) }),
    )
    const files = {
      logo: await opened('BRAND_LOGO', config.brand.logoPath, readLogo),
      accounts,
      clients: await following('CLIENTS_FILE', config.clientsFile, (path) => openClientsFile(path, config, logger)),
      signingKeys: await following('SIGNING_KEYS_FILE', signingKeysPath(config), (path) =>
        openSigningKeysFile({ path, algorithms: signingAlgorithms(config), logger }),
      ),
      apps: await following('APPS_FILE', config.appsFile, (path) =>
        openAppsFile({ ...config, people: accounts, path, logger }),
      ),
      geoip: await following('GEOIP_FILE', config.geoipFile, (path) => openGeoipFile({ path, logger })),
      appLinks: await following('APP_LINKS_FILE', config.appLinksFile, (path) => openAppLinksFile(path, logger)),
      followed,
    }
    reader.throwIfBad(faults)
    return files
  }

  try {
    return await openAll()
  } catch (error) {
    for (const file of followed) file.close()
    throw error
  }
}

function accountsPath({ accounts }: Config): string | undefined {
  return accounts.kind === 'file' ? accounts.path : undefined
}

/** Where nothing is signed, they are not looked at. */
function signingKeysPath(config: Config): string | undefined {
  const { signingKeys } = config
  return signingKeys.kind === 'file' && signingAlgorithms(config).length > 0 ? signingKeys.path : undefined
}

async function openClientsFile(
  path: string,
  { tokenAudiences }: Config,
  logger: FastifyBaseLogger,
): Promise<LiveClients> {
  const clients = createClients()
  const read = (from: string) => readClientsFile(from, tokenAudiences)
  function take(given: readonly OAuthClient[]): void {
    clients.replace(given)
    for (const { id } of clientsWithUnencodedSecrets(given)) logger.warn({ client: id }, UNENCODED_SECRET)
  }
  const file = await followFile({ path, what: 'clients', logger, read, take })
  return { ...file, clients }
}

const UNENCODED_SECRET =
  'its client_secret has a + or %, which many applications send as it is: make it by openssl rand -hex 32'
