import { distance } from 'fastest-levenshtein'

/** A variable that starts like ours and isn't. */
export interface MisspeltVariable {
  name: string
  /** The one of ours that is nearest, where one is near. */
  meant: string | undefined
}

/** Beginnings of ours: with one, a variable is meant for us unless it is known to be another program's. */
const OURS =
  /^(ACCOUNTS|ADMIN|ALLOWED|APPS|BRAND|CLIENTS|COLLECT|CONFIRM|COOKIE|DEMO|GEOIP|KEY_ROTATION|LOGIN|MATCH|METRICS|PHONE|POLL|PRIVACY|QR|RATE|REDIS|REMEMBER|RETURN|SESSION|SIGNING|STORE|TRUST|WEBHOOK)_/
/** Ours of one word, in another form. With more words it is likely another program's: `MATCHING_SERVICE_URL`. */
const OTHER_FORM = /^(CONFIRM|MATCH)(E?S|ED|ING|ATIONS?)$/
/**
 * The official Redis image's own, desktops', fastlane's, loggers' of parts of a program, where a program is in its
 * container, and what other programs of one environment often read.
 */
const OF_OTHERS =
  /^(APP_(PATH|DIR|FOLDER)|REDIS_(HOST|PORT|VERSION|DOWNLOAD_\w+)|COOKIE_SECRET|SESSION_(MANAGER|ID|NAME|TYPE|SECRET)|ADMIN_(EMAIL|USER|USERNAME|PASSWORD)|MATCH_(PASSWORD|GIT_\w+|KEYCHAIN_\w+)|LOG_LEVEL_\w+)$/
/** What Kubernetes and Docker set in a container about the services beside it, whatever those are called. */
const OF_A_SERVICE_BESIDE =
  /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|PORT_START|PORT_END))?$|_ENV_/
const ADDRESS_OF_A_SERVICE_BESIDE = /^(tcp|udp|sctp):\/\//
/** Docker's links: ours, and what the other one is called there. */
const LINK_TO_A_SERVICE_BESIDE = /^\/[\w.-]+\/[\w.-]+$/
/**
 * In a name shorter than this, only two letters that changed places are a slip: short words are near too many others. A
 * common end (`_URL`, `_FILE`) does not count: `HTTP_URL` is not `HELP_URL`.
 */
const SHORTEST_FUZZY = 8
const SHORTEST_FUZZY_PART = 5
/** From so many letters on two of them may be wrong. */
const LONG = 12
/** Up to this part of a name may be written otherwise for another one to be proposed. */
const NEAR = 1 / 4
/** Words that are said for one another. */
const SAME_WORDS = [
  ['URL', 'URI', 'ORIGIN', 'ADDRESS'],
  ['ORIGINS', 'URLS', 'HOSTS', 'DOMAINS'],
  ['SECONDS', 'MINUTES', 'HOURS', 'DAYS', 'TTL', 'TIMEOUT', 'LIFETIME', 'AGE'],
  ['FILE', 'PATH', 'DIR', 'FOLDER'],
  ['HOST', 'BIND'],
  ['SECRET', 'TOKEN', 'KEY'],
  ['SESSIONS', 'LOGINS'],
]

/**
 * Finds variables that were meant for us and would be ignored: those that begin like ours, are a letter off one of
 * ours, or have its words, or synonyms, beside others. Other programs' variables, as `SESSION_MANAGER`, are left alone.
 * @param known every variable that is read
 */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): MisspeltVariable[] {
  return Object.entries(env)
    .filter(([name, value]) => value && !isKnown(name, known) && !isOfAServiceBeside(name, value))
    .map(([name]) => name)
    .filter((name) => isMeant(name, known))
    .map((name) => ({ name, meant: nearest(name, known) }))
}

function isKnown(name: string, known: readonly string[]): boolean {
  return known.includes(name) || (name.endsWith('_FILE') && known.includes(withoutFile(name)))
}

/** Whether Kubernetes or Docker set it about a service beside this one. */
export function isOfAServiceBeside(name: string, value: string): boolean {
  return (
    OF_A_SERVICE_BESIDE.test(name) ||
    (name.endsWith('_PORT') && ADDRESS_OF_A_SERVICE_BESIDE.test(value)) ||
    (name.endsWith('_NAME') && LINK_TO_A_SERVICE_BESIDE.test(value))
  )
}

function isMeant(written: string, known: readonly string[]): boolean {
  const name = inOurForm(written)
  const bare = withoutFile(name)
  if (OF_OTHERS.test(bare)) return false
  if (OURS.test(written) || isKnown(name, known)) return true
  return known.some(
    (one) => isSlip(bare, one) || isSlip(name, one) || isWithoutItsFile(name, one) || hasWordsOf(bare, one, 2),
  )
}

/** `MATCH` for `MATCHING`. */
function inOurForm(name: string): string {
  return name.replace(OTHER_FORM, '$1')
}

function isSlip(name: string, meant: string): boolean {
  if (hasSwappedLetters(name, meant)) return name !== meant
  if (meant.length < SHORTEST_FUZZY) return false
  const [written, own] = withoutSharedEnd(name.toUpperCase(), meant)
  if (withoutPlural(written) === withoutPlural(own)) return true
  if (own.length < SHORTEST_FUZZY_PART) return false
  const wrong = distance(written, own)
  return wrong <= 1 || (wrong <= 2 && (own.length >= LONG || written.startsWith(own) || own.startsWith(written)))
}

/** Two names without the last word, where that is the same. */
function withoutSharedEnd(name: string, other: string): [string, string] {
  const end = /_[^_]+$/.exec(other)?.[0]
  if (end === undefined || !name.endsWith(end)) return [name, other]
  return [name.slice(0, -end.length), other.slice(0, -end.length)]
}

function hasSwappedLetters(name: string, meant: string): boolean {
  return [...meant].some(
    (_, at) => name === meant.slice(0, at) + (meant[at + 1] ?? '') + (meant[at] ?? '') + meant.slice(at + 2),
  )
}

/** `ACCOUNTS`, where the variable is `ACCOUNTS_FILE`. */
function isWithoutItsFile(name: string, ours: string): boolean {
  return name !== ours && name === withoutFile(ours)
}

/**
 * As `SESSION_IDLE`, or `SESSION_TIMEOUT_SECONDS`: begins alike, and the words of one are all in the other.
 * @param least how many words each has to have
 */
function hasWordsOf(name: string, ours: string, least: number): boolean {
  const [words, others] = [wordsOf(name), wordsOf(ours)]
  if (words[0] !== others[0] || Math.min(words.length, others.length) < least) return false
  return words.every((word) => others.includes(word)) || others.every((word) => words.includes(word))
}

function wordsOf(name: string): string[] {
  const [first = '', ...others] = name.split('_')
  return [first, ...others.map((word) => SAME_WORDS.find((same) => same.includes(word))?.[0] ?? word)]
}

function nearest(written: string, known: readonly string[]): string | undefined {
  const name = inOurForm(written)
  const bare = withoutFile(name)
  const rank = (one: string) => distance(bare.toUpperCase(), one) - commonStart(bare, one)
  return known.filter((one) => isNear(bare, one) || isSlip(name, one)).sort((one, other) => rank(one) - rank(other))[0]
}

function isNear(name: string, ours: string): boolean {
  return isSlip(name, ours) || hasWordsOf(name, ours, 1) || isLike(name, ours) || isLike(name, withoutFile(ours))
}

function isLike(name: string, ours: string): boolean {
  return distance(name.toUpperCase(), ours) <= NEAR * Math.max(name.length, ours.length)
}

function commonStart(name: string, other: string): number {
  const end = [...name].findIndex((letter, at) => letter !== other[at])
  return end === -1 ? name.length : end
}

function withoutFile(name: string): string {
  return name.replace(/_FILE$/, '')
}

function withoutPlural(name: string): string {
  return name.replace(/S$/, '')
}
