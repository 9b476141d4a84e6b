import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface ClientsFile {
  path: string
  /** Puts another file in its place, as editors do. */
  write(clients: unknown): void
  remove(): void
}

/** A CLIENTS_FILE in a folder of its own. */
export function writeClients(clients: unknown): ClientsFile {
  const path = join(mkdtempSync(join(tmpdir(), 'scanin-clients-')), 'clients.json')
  function write(others: unknown): void {
    writeFileSync(`${path}.new`, typeof others === 'string' ? others : JSON.stringify(others, null, 1))
    renameSync(`${path}.new`, path)
  }
  write(clients)
  return { path, write, remove: () => rmSync(dirname(path), { recursive: true, force: true }) }
}

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** Two applications and a device, at addresses where nobody listens: tests read redirects and do not follow them. */
export const WEB = {
  client_id: 'web',
  client_name: 'Web App',
  redirect_uris: ['https://web.example/cb', 'https://web.example/cb?tenant=1'],
  client_secret: 'rL4YzKbqW0tVb9tBq7mRpP3sVtYxZaBc',
  post_logout_redirect_uris: ['https://web.example/out'],
}
export const SPA = { client_id: 'spa', client_name: 'Page App', redirect_uris: ['https://spa.example/cb'] }
export const TV = {
  client_id: 'tv',
  client_name: 'Living Room TV',
  redirect_uris: [],
  grant_types: [DEVICE_GRANT, 'refresh_token'],
}
