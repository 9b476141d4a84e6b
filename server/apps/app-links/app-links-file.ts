import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { ListFileError, readText, readYaml } from '../../files/list-file.ts'
import { isRecord } from '../../is-record.ts'

/** What a platform asks this host for, before its camera hands our codes to the team's app. */
export interface AppLink {
  name: AppLinkName
  /** As it goes over the wire: JSON. */
  body: Buffer
}

const APP_LINK_NAMES = ['apple-app-site-association', 'assetlinks.json'] as const
export type AppLinkName = (typeof APP_LINK_NAMES)[number]

/** What the code says leads to it (`login/token.ts`). */
const SCAN_PATH = '/scan'
/** What Apple takes, uncompressed. */
const LONGEST = 128 * 1024

const apps = Type.Optional(Type.Object({ apps: Type.Array(Type.String()) }))
const appleDetail = Type.Object({
  appIDs: Type.Optional(Type.Array(Type.String())),
  appID: Type.Optional(Type.String()),
  components: Type.Optional(
    Type.Array(Type.Object({ '/': Type.Optional(Type.String()), exclude: Type.Optional(Type.Boolean()) })),
  ),
  paths: Type.Optional(Type.Array(Type.String())),
})
const appleDocument = Compile(
  Type.Object({
    applinks: Type.Optional(Type.Object({ details: Type.Array(appleDetail, { minItems: 1 }) })),
    webcredentials: apps,
    appclips: apps,
  }),
)

const statement = Type.Object({
  relation: Type.Array(Type.String(), { minItems: 1 }),
  target: Type.Object({
    namespace: Type.Enum(['android_app', 'web']),
    package_name: Type.Optional(Type.String()),
    sha256_cert_fingerprints: Type.Optional(Type.Array(Type.String())),
    site: Type.Optional(Type.String()),
  }),
})
const androidDocument = Compile(Type.Array(statement, { minItems: 1 }))

/** Ten characters of a team, and a bundle's id. */
const APPLE_APP = /^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/
const ANDROID_PACKAGE = /^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/
const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/

const refuse = (why: string): never => {
  throw new ListFileError(`APP_LINKS_FILE: ${why}`)
}

/** @throws ListFileError */
export async function readAppLinks(path: string): Promise<AppLink[]> {
  return parseAppLinks(await readText('APP_LINKS_FILE', path))
}

/**
 * Reads JSON or YAML: an object that holds, under the names that the platforms ask for, what each is answered.
 * @throws ListFileError that says where, and repeats nothing else of what is written there
 */
export function parseAppLinks(text: string): AppLink[] {
  const { value } = readYaml('APP_LINKS_FILE', text)
  if (!isRecord(value) || Object.keys(value).length === 0)
    return refuse(`must have ${APP_LINK_NAMES.join(' or ')} in it, or both`)
  const entries = Object.entries(value)
  if (entries.some(([name]) => !isName(name))) return refuse(`has a key that is none of ${APP_LINK_NAMES.join(', ')}`)
  return entries.filter((entry): entry is [AppLinkName, unknown] => isName(entry[0])).map(linkOf)
}

function isName(name: string): boolean {
  return APP_LINK_NAMES.some((known) => known === name)
}

function linkOf([name, value]: [AppLinkName, unknown]): AppLink {
  const fault = name === 'assetlinks.json' ? faultOfAndroid(value) : faultOfApple(value)
  if (fault !== undefined) return refuse(`${name}: ${fault}`)
  const body = Buffer.from(JSON.stringify(value))
  return body.length > LONGEST ? refuse(`${name}: has more than ${LONGEST} bytes`) : { name, body }
}

function faultOfApple(value: unknown): string | undefined {
  if (!appleDocument.Check(value)) return complaintOf(appleDocument, value)
  const details = value.applinks?.details ?? []
  const named = details.map(({ appIDs = [], appID }) => [...appIDs, ...(appID === undefined ? [] : [appID])])
  const nameless = named.findIndex((ids) => ids.length === 0)
  if (nameless !== -1) return `applinks details ${nameless + 1} names no app: appIDs`
  const ids = [...named.flat(), ...(value.webcredentials?.apps ?? []), ...(value.appclips?.apps ?? [])]
  if (ids.length === 0) return 'names no app'
  if (!ids.every((id) => APPLE_APP.test(id)))
    return 'an app is named by its team and bundle, as ABCDE12345.com.example.app'
  if (details.length > 0 && !details.some(leadsToScan)) return `no components of applinks lead ${SCAN_PATH} to an app`
  return undefined
}

interface Detail {
  components?: { '/'?: string; exclude?: boolean }[]
  paths?: string[]
}

/** The first that fits decides, as Apple has it. */
function leadsToScan({ components, paths = [] }: Detail): boolean {
  if (components !== undefined) {
    const first = components.find(({ '/': path = '*' }) => fits(path, SCAN_PATH))
    return first !== undefined && first.exclude !== true
  }
  const first = paths.find((path) => fits(path.replace(/^NOT /, ''), SCAN_PATH))
  return first !== undefined && !first.startsWith('NOT ')
}

/** `*` is anything, `?` one character, and a variable may be either. */
function fits(pattern: string, path: string): boolean {
  const form = pattern
    .replaceAll(/\$\([^)]*\)/g, '*')
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${form}$`).test(path)
}

function faultOfAndroid(value: unknown): string | undefined {
  if (!androidDocument.Check(value)) return complaintOf(androidDocument, value)
  for (const [at, { target }] of value.entries()) {
    const fault = target.namespace === 'web' ? undefined : faultOfPackage(target)
    if (fault !== undefined) return `statement ${at + 1}: ${fault}`
  }
  return undefined
}

interface Package {
  package_name?: string
  sha256_cert_fingerprints?: string[]
}

function faultOfPackage({
  package_name: name = '',
  sha256_cert_fingerprints: prints = [],
}: Package): string | undefined {
  if (!ANDROID_PACKAGE.test(name)) return 'package_name must be one, as com.example.app'
  const areGood = prints.length > 0 && prints.every((print) => FINGERPRINT.test(print))
  return areGood ? undefined : 'sha256_cert_fingerprints must be 32 bytes each, as keytool prints them: 14:6D:E9:…'
}

interface Validator {
  Errors(value: unknown): { instancePath: string; message: string }[]
}

/** Where, as a list of names and numbers, and what is wrong there. */
function complaintOf(validator: Validator, value: unknown): string {
  const [first] = validator.Errors(value)
  const place = first?.instancePath.slice(1).split('/').join(' ') ?? ''
  return `${place === '' ? '' : `${place} `}${first?.message ?? 'is of no known form'}`
}
