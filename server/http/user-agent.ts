import Bowser from 'bowser'
import Type, { type Static } from 'typebox'

/** A browser in words that people know it by. */
export type BrowserName = Static<typeof browserRecord>

/** As stores keep it, within other records. */
export const browserRecord = Type.Object({ name: Type.String(), os: Type.String() })

export const UNKNOWN_BROWSER = 'Unknown browser'
const LONGEST_USER_AGENT = 512
const KNOWN_BROWSERS = new Set(Object.values(Bowser.BROWSER_MAP))
const KNOWN_SYSTEMS = new Set(Object.values(Bowser.OS_MAP))

/** Few programs ask, again and again, and reading a User-Agent takes half as long as making the QR's matrix. */
const MOST_REMEMBERED = 200
const remembered = new Map<string, BrowserName>()

/**
 * Reads a `User-Agent`: the client's own claim, shown to people and decided by nowhere. Only names of a closed list
 * come out, so nobody can write a sentence of their own onto somebody's phone.
 */
export function browserOf(userAgent = ''): BrowserName {
  const text = userAgent.slice(0, LONGEST_USER_AGENT)
  const known = remembered.get(text)
  if (known !== undefined) return known
  const browser = read(text)
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(text, browser)
  return browser
}

function read(userAgent: string): BrowserName {
  const parser = userAgent === '' ? undefined : Bowser.getParser(userAgent)
  const name = parser?.getBrowserName() ?? ''
  const os = parser?.getOSName() ?? ''
  return {
    name: KNOWN_BROWSERS.has(name) ? name : UNKNOWN_BROWSER,
    os: KNOWN_SYSTEMS.has(os) ? os : 'unknown system',
  }
}
