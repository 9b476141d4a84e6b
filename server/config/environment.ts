import { isIP } from 'node:net'
import { codeOf } from '../errors.ts'
import { httpUrl, parseOrigin } from '../url.ts'
import { isOfAServiceBeside, misspeltVariables } from './misspelt-variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that may have white space at their ends: a program made it, or somebody means it. */
const SECRET = /(PASSWORD|SECRET|TOKEN)$/

/** A start that cannot be: one message that names every bad variable, and every bad file. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads variables by kind and collects what is wrong with them instead of stopping at the first. A bad one reads as
 * its default, so that the rest can still be checked; `throwIfBad` then ends the start. No message repeats a value:
 * it may be a secret.
 */
export class EnvironmentReader {
  readonly #env: Environment
  readonly #readFile: (path: string) => string
  readonly #complaints = new Map<string, string>()
  readonly #asked = new Set<string>()

  constructor(env: Environment, readFile: (path: string) => string) {
    this.#env = env
    this.#readFile = readFile
  }

  /** Keeps the first complaint about a variable: that is what its owner has to know. */
  reject(name: string, why: string): void {
    if (!this.#complaints.has(name)) this.#complaints.set(name, why)
  }

  /**
   * Rejects what is missing where some of what goes together are set.
   * @param needed by variable
   * @param more what goes with them and may be left out
   */
  rejectParts(why: string, needed: Readonly<Record<string, unknown>>, more: readonly unknown[] = []): void {
    const isMeant = [...Object.values(needed), ...more].some((value) => value !== undefined)
    for (const [name, value] of Object.entries(needed)) if (isMeant && value === undefined) this.reject(name, why)
  }

  /** Call it last: what has been asked for until then is what is known. */
  refuseMisspelt(): void {
    const known = [...this.#asked]
    for (const { name, meant } of misspeltVariables(this.#env, known)) {
      this.reject(name, `not a variable of ScanIn${meant === undefined ? '' : `; did you mean ${meant}?`}`)
    }
  }

  /** Which of these are set, as other programs read them and we do not; none that tell of a service beside us. */
  setForOthers(names: readonly string[]): string[] {
    return names.filter((name) => this.#given(name) !== undefined)
  }

  isRejected(name: string): boolean {
    return this.#complaints.has(name)
  }

  /** @param ofFiles what is wrong with files that variables name: sentences that begin with the variable */
  throwIfBad(ofFiles: readonly string[] = []): void {
    const ofVariables = [...this.#complaints].map(([name, why]) => `${name} (${why})`)
    const list = [...ofVariables, ...ofFiles]
    if (list.length === 0) return
    throw new ConfigError(`${ofVariables.length === 0 ? '' : 'Bad configuration: '}${list.join('; ')}`)
  }

  /**
   * The variable, or what is in the file that `NAME_FILE` names. Empty is unset, as in a Compose file. Rejects what
   * nobody sees and nobody means: line ends of Windows, trailing blanks.
   */
  text(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (/\p{Cc}/u.test(value)) this.reject(name, 'has control characters in it, such as the end of a line')
    else if (value !== value.trim() && !SECRET.test(name)) this.reject(name, 'has white space at its ends')
    return value
  }

  #value(name: string): string | undefined {
    this.#asked.add(name)
    const value = this.#given(name)
    const path = this.#env[`${name}_FILE`] || undefined
    if (path === undefined) return value
    if (value !== undefined) {
      this.reject(name, `set both by itself and by ${name}_FILE`)
      return value
    }
    return this.#textOfFile(`${name}_FILE`, path)
  }

  /** Without what Kubernetes sets about a service beside, as `METRICS_PORT=tcp://…` for one called `metrics`. */
  #given(name: string): string | undefined {
    const value = this.#env[name] || undefined
    return value === undefined || isOfAServiceBeside(name, value) ? undefined : value
  }

  #textOfFile(name: string, path: string): string | undefined {
    try {
      const text = this.#readFile(path).replace(/^\ufeff|[\r\n]+$/g, '')
      // Whoever names a file means its content: an empty one is a secret that was not put there.
      if (text === '') this.reject(name, 'is an empty file')
      return text || undefined
    } catch (error) {
      this.reject(name, ['cannot be read', codeOf(error)].filter((part) => part !== undefined).join(': '))
      return undefined
    }
  }

  matching(name: string, form: RegExp, description: string): string | undefined {
    return this.#parsed(name, description, (text) => (form.test(text) ? text : undefined))
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const description = `one of ${choices.join(', ')}`
    return this.#parsed(name, description, (text) => choices.find((choice) => choice === text)) ?? fallback
  }

  optionalInteger(name: string, least: number, most: number): number | undefined {
    return this.#parsed(name, `a whole number from ${least} to ${most}`, (text) => {
      const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
      return number >= least && number <= most ? number : undefined
    })
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    return this.optionalInteger(name, least, most) ?? fallback
  }

  /** Whole seconds, as milliseconds. */
  seconds(name: string, fallback: number, least: number, most: number): number {
    return this.integer(name, fallback, least, most) * 1000
  }

  url(name: string): string | undefined {
    return this.explained(name, (text) => parseUrl(text))?.href
  }

  /** Scheme and authority of an address that has nothing else. */
  origin(name: string): string | undefined {
    return this.#parsed(name, 'scheme, host and port of an http:// or https:// address, and no path', parseOrigin)
  }

  origins(name: string): string[] {
    return this.#list(name, 'origins such as https://app.example.com, with commas between them', parseOrigin) ?? []
  }

  texts(name: string, form: RegExp, description: string): string[] {
    return this.#list(name, description, (text) => (form.test(text) ? text : undefined)) ?? []
  }

  cidrs(name: string): string[] {
    return this.#list(name, 'addresses or CIDRs such as 10.0.0.0/8, with commas between them', parseCidr) ?? []
  }

  /** @param parse answers a sentence about what is wrong, or the value */
  explained<Value extends object>(name: string, parse: (text: string) => Value | string): Value | undefined {
    return this.#explained(name, this.text(name), parse)
  }

  /** The same of a list, which may be on several lines. */
  explainedList<Value extends object>(name: string, parse: (text: string) => Value | string): Value | undefined {
    return this.#explained(name, this.#value(name), parse)
  }

  #explained<Value extends object>(
    name: string,
    text: string | undefined,
    parse: (text: string) => Value | string,
  ): Value | undefined {
    const value = text === undefined ? undefined : parse(text)
    if (typeof value !== 'string') return value
    this.reject(name, value)
    return undefined
  }

  #parsed<Value>(name: string, description: string, parse: (text: string) => Value | undefined): Value | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value === undefined) this.reject(name, `has to be ${description}`)
    return value
  }

  /** It may be on several lines, as in a Compose file. */
  #list<Value>(name: string, description: string, parse: (text: string) => Value | undefined): Value[] | undefined {
    return this.#explained(name, this.#value(name), (text) => {
      const parts = text.split(',').map((part) => part.trim())
      if (parts.includes('')) return 'has a comma too many'
      const good = parts.map(parse).filter((value) => value !== undefined)
      return good.length === parts.length ? good : `has to be ${description}`
    })
  }
}

/**
 * Nothing is called by an address with a password in it, and errors that are logged would repeat it.
 * @returns a sentence about what is wrong, or the address
 */
export function parseUrl(text: string, ofPassword = 'may have no user name and no password in it'): URL | string {
  const url = httpUrl(text)
  if (url === undefined) return 'has to be an http:// or https:// address'
  return url.username === '' && url.password === '' ? url : ofPassword
}

function parseCidr(text: string): string | undefined {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  // Written out, as `10` would be 0.0.0.10 to some (RFC 6943 §3.1.1); a zone would match no peer as we compare them.
  const longest = { 4: 32, 6: 128 }[isIP(address)] ?? -1
  return Number(bits ?? 0) <= longest && !address.includes('%') ? text : undefined
}
