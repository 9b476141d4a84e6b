import Type, { type Static } from 'typebox'
import { createListFile, type Placed } from '../../files/list-file.ts'
import { canBeListed, isGroup, isId, isName } from '../../identity/names.ts'
import { parseOrigin } from '../../url.ts'
import type { App } from './app-list.ts'

const entry = Type.Object(
  {
    origin: Type.String(),
    name: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    users: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  },
  { additionalProperties: false },
)

type Entry = Static<typeof entry>

const file = createListFile({ variable: 'APPS_FILE', what: 'application', plural: 'applications', entry })

/** Rejects with `ListFileError`. */
export async function readAppsFile(path: string): Promise<App[]> {
  return parseApps(await file.text(path))
}

/**
 * Reads a file of applications.
 * @param text JSON or YAML: a list of `{origin, name?, groups?, users?}`
 * @throws ListFileError
 */
export function parseApps(text: string): App[] {
  const entries = file.parse(text)
  const apps = entries.map(appOf)
  file.refuseTwins(entries, ({ origin }) => ({ origin: parseOrigin(origin) ?? origin }))
  return apps
}

function appOf(entry: Placed<Entry>): App {
  const { value, place } = entry
  const origin = parseOrigin(value.origin)
  if (origin === undefined) {
    return file.refuse(place('origin'), 'origin must be as https://app.example.com, without a path')
  }
  refuseFaults(entry)
  const { name, groups, users } = value
  return {
    origin,
    name: name?.normalize('NFC') ?? new URL(origin).host,
    ...(groups === undefined ? {} : { groups: groups.map((group) => group.normalize('NFC')) }),
    ...(users === undefined ? {} : { users }),
  }
}

const SEEN = 'be of 1 to 255 characters that can be seen, no space at its ends'

function refuseFaults({ value: { name, groups = [], users = [] }, place }: Placed<Entry>): void {
  if (name !== undefined && !isName(name)) file.refuse(place('name'), `name must ${SEEN}`)
  const badGroup = groups.findIndex((group) => !isGroup(group) || !canBeListed(group))
  if (badGroup !== -1) file.refuse(place('groups', badGroup), `group ${badGroup + 1} must ${SEEN}, without a comma`)
  const badUser = users.findIndex((user) => !isId(user))
  if (badUser === -1) return
  file.refuse(place('users', badUser), `user ${badUser + 1} must be an id: it has to ${SEEN}, in normal form C`)
}
