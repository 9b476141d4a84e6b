import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folders.mjs'

/** An application that signs people in by OpenID Connect. */
export const THE_WEB = {
  client_id: 'web',
  client_name: 'Web',
  redirect_uris: ['https://web.example/cb'],
  client_secret: 'a secret of thirty-two characters',
}

/**
 * The environment of a service that is all it can be to applications: OpenID provider, forward auth, tokens for back
 * ends.
 */
export function applicationsEnv() {
  const folder = temporaryFolder()
  const path = (name, entries) => {
    writeFileSync(join(folder, name), JSON.stringify(entries))
    return join(folder, name)
  }
  return {
    CLIENTS_FILE: path('clients.json', [THE_WEB]),
    APPS_FILE: path('apps.json', [{ origin: 'https://wiki.example' }]),
    TOKEN_AUDIENCES: 'https://api.example',
  }
}
