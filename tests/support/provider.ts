import { type AccountsFile, phoneOf, writeAccounts, YUSUF, ZOFIA } from './accounts-file.ts'
import { type ClientsFile, writeClients } from './clients-file.ts'
import type { Client } from './http-client.ts'
import { type Service, startService } from './service.ts'

/** The service as an OpenID provider, with people and applications of its own. */
export interface Provider {
  accounts: AccountsFile
  clients: ClientsFile
  service: Service
  /** Zofia's, signed in. */
  phone: Client
  stop(): Promise<void>
}

export async function startProvider(
  applications: Parameters<typeof writeClients>[0],
  env: Record<string, string> = {},
): Promise<Provider> {
  const accounts = await writeAccounts([ZOFIA, YUSUF])
  const clients = writeClients(applications)
  const service = await startService({ ACCOUNTS_FILE: accounts.path, CLIENTS_FILE: clients.path, ...env })
  return {
    ...{ accounts, clients, service },
    phone: await phoneOf(ZOFIA, service.url),
    async stop() {
      await service.stop()
      accounts.remove()
      clients.remove()
    },
  }
}
