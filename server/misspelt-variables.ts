import { distance } from 'fastest-levenshtein'

/** A variable that starts like ours and isn't. */
export interface MisspeltVariable {
  name: string
  /** The one of ours that is nearest. */
  meant: string
}

/** Beginnings that no other program's variables are known to have. */
const OURS_ALONE = /^(PHONE|QR|POLL|RATE|TRUST|LOGIN|CONFIRM|COLLECT|REMEMBER|RETURN|DEMO|METRICS|REDIS)_/
/** The official Redis image's own, and what other programs of the same environment often read. */
const OF_OTHERS = /^(REDIS_(HOST|PORT|VERSION|DOWNLOAD_\w+)|COOKIE_SECRET)$/
/** What Kubernetes and Docker set in a container about the services beside it, whatever those are called. */
const OF_A_SERVICE_BESIDE =
  /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|PORT_START|PORT_END))?$|_ENV_/
const ADDRESS_OF_A_SERVICE_BESIDE = /^(tcp|udp|sctp):\/\//
/** Short words are near to too many others: of them only two letters that changed places are a slip. */
const SHORTEST_FUZZY = 8
const FARTHEST_SLIP = 2

/**
 * Finds variables that were meant for us and would be ignored: such as a letter off one of ours, or with its
 * words and others. Those of desktops, Kubernetes and other programs, as `SESSION_MANAGER`, are left alone.
 * @param known every variable that is read
 */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): MisspeltVariable[] {
  return Object.entries(env)
    .filter(([name, value]) => value && !isKnown(name, known) && !isOfAServiceBeside(name, value))
    .map(([name]) => ({ name, meant: nearest(withoutFile(name), known) }))
    .filter(({ name, meant }) => isMeant(name, meant, known))
}

function isKnown(name: string, known: readonly string[]): boolean {
  return known.includes(name) || (name.endsWith('_FILE') && known.includes(withoutFile(name)))
}

function isOfAServiceBeside(name: string, value: string): boolean {
  return OF_A_SERVICE_BESIDE.test(name) || (name.endsWith('_PORT') && ADDRESS_OF_A_SERVICE_BESIDE.test(value))
}

function isMeant(name: string, meant: string, known: readonly string[]): boolean {
  if (OF_OTHERS.test(name)) return false
  const bare = withoutFile(name)
  return (
    OURS_ALONE.test(name) || isSlip(bare, meant) || isSlip(name, meant) || known.some((one) => hasWordsOf(bare, one))
  )
}

function isSlip(name: string, meant: string): boolean {
  if (meant.length < SHORTEST_FUZZY) return name !== meant && hasSwappedLetters(name, meant)
  return distance(name.toUpperCase(), meant) <= FARTHEST_SLIP
}

function hasSwappedLetters(name: string, meant: string): boolean {
  return [...meant].some(
    (_, at) => name === meant.slice(0, at) + (meant[at + 1] ?? '') + (meant[at] ?? '') + meant.slice(at + 2),
  )
}

/** As `SESSION_IDLE`, or `SESSION_TIMEOUT_SECONDS`: begins alike, and the words of one are all in the other. */
function hasWordsOf(name: string, ours: string): boolean {
  const [words, others] = [name.split('_'), ours.split('_')]
  if (words[0] !== others[0] || Math.min(words.length, others.length) < 2) return false
  return words.every((word) => others.includes(word)) || others.every((word) => words.includes(word))
}

function nearest(name: string, known: readonly string[]): string {
  const rank = (one: string) => distance(name.toUpperCase(), one) - commonStart(name, one)
  return known.reduce((best, one) => (rank(one) < rank(best) ? one : best), known[0] ?? '')
}

function commonStart(name: string, other: string): number {
  const end = [...name].findIndex((letter, at) => letter !== other[at])
  return end === -1 ? name.length : end
}

function withoutFile(name: string): string {
  return name.replace(/_FILE$/, '')
}
