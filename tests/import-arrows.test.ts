import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'

/** What says nothing of ScanIn: any part of the server may import it. */
const PLAIN =
  'clock.ts copy-of.ts errors.ts hashes.ts is-record.ts queues.ts randomness.ts schedule.ts sealing.ts url.ts'
/** What a store is to the rooms, whichever it is. */
const SEAM = ['record-store', 'update-record', 'write-queues', 'in-batches', 'follow-ups'].map(
  (name) => `store/${name}.ts`,
)

/**
 * What each room may import besides itself: rooms, or single files of rooms. A row is for a folder and those below it that
 * have no row of their own; or for a file. What no row names is imported by nobody.
 */
const SERVER: Record<string, string> = {
  'sealing.ts': '',
  store: 'log',
  http: 'log store/record-limiter.ts',
  log: 'config/config.ts',
  news: 'store/follow-ups.ts',
  files: 'log http/place.ts identity/names.ts',

  keys: 'files http seam',
  identity: 'files http seam',
  session: 'identity news http seam',
  'team-provider': 'session identity http seam',
  passkeys: 'session identity news http seam',
  login: 'identity news http seam',
  'login/hold': 'login identity http seam',
  'login/browser': 'login/hold login session identity http seam',
  'login/phone': 'login/hold login passkeys session identity http seam',

  apps: 'keys login/application.ts session identity news files http seam',
  oauth: 'keys login/browser login session identity files http seam',
  admin: 'login/logins.ts session identity http seam',
  // Both are told what happens: they know the rooms' news, and whom it is about.
  events: 'login passkeys session identity http seam',
  audit: 'admin/admin-news.ts apps login passkeys session team-provider/provider-news.ts identity http',

  // A setting has the type that its room wants.
  config:
    'brand/brand.ts login/login-policy.ts login/hold session/session-opening.ts team-provider/provider-habits.ts identity/names.ts store/redis-place.ts',
  brand: 'config/environment.ts files identity/names.ts http',
  start: 'config/config.ts passkeys/relying-party.ts team-provider/provider-habits.ts',
  cli: 'cli/copy-store.ts admin/admin-wire.ts keys identity files config/environment.ts store/store-setting-error.ts',
  'cli/copy-store.ts': 'cli store',

  'service-numbers.ts': 'http store/measured-store.ts',
  'shown-numbers.ts': 'audit login/hold http',
  'signing.ts': 'config/config.ts apps/back-end-tokens.ts keys oauth/provider-configuration.ts seam',
  'named-files.ts': 'signing.ts config files apps brand/logo.ts oauth keys login/login-policy.ts identity',
  'app-options.ts': 'config/config.ts apps brand/logo.ts oauth/client.ts keys identity log http seam',
  'shared-parts.ts':
    'app-options.ts audit events brand/branded-site.ts apps oauth/paths.ts login/hold news identity log http',
  'rooms.ts':
    'app-options.ts shared-parts.ts signing.ts apps oauth login/browser login/phone login passkeys team-provider session identity',
  'app.ts':
    'app-options.ts shared-parts.ts rooms.ts shown-numbers.ts admin apps keys session identity http store/store-probe.ts',
  'service.ts':
    'app.ts app-options.ts named-files.ts service-numbers.ts start config log identity http store/open-store.ts store/measured-store.ts store/store-probe.ts store/store-troubles.ts store/store-setting-error.ts',
  'main.ts': 'service.ts start/tick-shape.ts log',
  'cli.ts': 'cli',
}

const WEB: Record<string, string> = {
  wire: '',
  page: 'wire',
  poll: 'wire',
  passkeys: 'poll page wire',
  sessions: 'poll page wire',
  desktop: 'sessions poll page wire',
  phone: 'passkeys sessions poll page wire',
}

interface Imported {
  from: string
  to: string
}

type Arrows = ReadonlyMap<string, ReadonlySet<string>>

/** @param extra what every room may import */
function arrowsOf(table: Record<string, string>, extra: readonly string[] = []): Arrows {
  const words = (row: string) => row.split(' ').flatMap((word) => (word === 'seam' ? SEAM : word))
  return new Map(Object.entries(table).map(([room, row]) => [room, new Set([...words(row), ...extra])]))
}

function roomOf(file: string, arrows: Arrows): string {
  let place = file
  while (place !== '.' && !arrows.has(place)) place = dirname(place)
  return place
}

function isAllowed({ from, to }: Imported, arrows: Arrows): boolean {
  const room = roomOf(from, arrows)
  const other = roomOf(to, arrows)
  if (room === other && other !== '.') return true
  const allowed = arrows.get(room)
  return allowed !== undefined && (allowed.has(to) || allowed.has(other))
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g

function importsOf(file: string, text: string): Imported[] {
  return [...text.matchAll(IMPORT)].map(([, path = '']) => ({ from: file, to: join(dirname(file), path) }))
}

/** What the sources below a folder import of each other, types and what is loaded later too. */
function importsBelow(root: string): Imported[] {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
}

const server = { imports: importsBelow('server'), arrows: arrowsOf(SERVER, PLAIN.split(' ')) }
const web = { imports: importsBelow('web/src'), arrows: arrowsOf(WEB) }

test.each([
  ['server', server],
  ['web/src', web],
])('in %s no room imports what its row does not name', (_root, { imports, arrows }) => {
  expect(imports.length).toBeGreaterThan(100)
  expect(imports.filter((imported) => !isAllowed(imported, arrows))).toEqual([])
})

test.each([
  ['server', SERVER, server],
  ['web/src', WEB, web],
])('the rows of %s name nothing that is not imported', (_root, table, { imports, arrows }) => {
  const used = new Set(
    imports.flatMap(({ from, to }) => [to, roomOf(to, arrows)].map((what) => `${roomOf(from, arrows)}: ${what}`)),
  )
  const named = Object.entries(table).flatMap(([room, row]) =>
    row
      .split(' ')
      .filter((word) => word !== '' && word !== 'seam')
      .map((word) => `${room}: ${word}`),
  )
  expect(named.filter((arrow) => !used.has(arrow))).toEqual([])
})

test.each([
  ['back from a room to one that uses it', 'session/session.ts', "import type { Login } from '../login/login.ts'"],
  ['what is loaded later', 'identity/names.ts', "const app = await import('../app.ts')"],
  ['a store by its name', 'login/logins.ts', "import { createMemoryStore } from '../store/memory-store.ts'"],
  ['of another room what is not offered to this one', 'audit/audit.ts', "import '../admin/operators.ts'"],
  ['the pages', 'http/pages.ts', "import { words } from '../../web/src/page/words.ts'"],
  ['a room from a folder without a row', 'new/new.ts', "import { live } from '../session/session.ts'"],
])('an import of %s is against the arrows', (_what, file, text) => {
  expect(importsOf(file, text).map((imported) => isAllowed(imported, server.arrows))).toEqual([false])
})
