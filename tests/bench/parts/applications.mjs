import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An application that signs people in by OpenID Connect. */
export const THE_WEB = {
  client_id: 'web',
  client_name: 'Web',
  redirect_uris: ['https://web.example/cb'],
  client_secret: 'a secret of thirty-two characters',
}

/** All that a service may be to applications: a provider, a door before one, tokens for back ends. */
export function writeApplications() {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-bench-'))
  const path = (name, entries) => {
    writeFileSync(join(folder, name), JSON.stringify(entries))
    return join(folder, name)
  }
  return {
    env: {
      CLIENTS_FILE: path('clients.json', [THE_WEB]),
      APPS_FILE: path('apps.json', [{ origin: 'https://wiki.example' }]),
      TOKEN_AUDIENCES: 'https://api.example',
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
