import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import type { Static, TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import {
  Composer,
  type Document,
  isCollection,
  isNode,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  YAMLError,
  YAMLParseError,
} from 'yaml'
import { codeInBrackets } from '../errors.ts'
import { AliasError, resolveAliases } from './yaml-aliases.ts'

/** A file that cannot be used; the message says which variable names it and where, and repeats nothing of it but the place. */
export class ListFileError extends Error {
  override name = 'ListFileError'
}

/** A file of which nothing could be read: that says nothing of what is in it. */
export class UnreadableFileError extends ListFileError {
  override name = 'UnreadableFileError'
}

export interface ListFileOptions<Schema extends TObject> {
  /** The environment's, by which the file is named. */
  variable: string
  /** One entry, and several, in words. */
  what: string
  plural: string
  /** Of one entry. */
  entry: Schema
}

/** An entry, and where it stands. */
export interface Placed<Value> {
  value: Value
  /** Says for people where the value under these keys stands; without keys, or such a value, where the entry does. */
  place(...path: readonly (string | number)[]): string
}

/** A kind of file: JSON or YAML, a list of entries that are alike. */
export interface ListFile<Entry> {
  /** Rejects with `ListFileError`. */
  text(path: string): Promise<string>
  /** @throws ListFileError */
  parse(text: string): Placed<Entry>[]
  /** @throws ListFileError that says why, with nothing of what is written there */
  refuse(place: string, why: string): never
  /**
   * Refuses two entries that would be taken for one: no name of one may be a name of another, of whatever kind.
   * @param namesOf an entry's names, each by its key in the file; two are equal where one would be taken for the other
   * @throws ListFileError
   */
  refuseTwins(entries: readonly Placed<Entry>[], namesOf: (entry: Entry) => Readonly<Record<string, string>>): void
}

/**
 * Opens the way to read lists that `variable` names, in YAML or JSON. What is wrong with one is said by line and
 * entry.
 */
export function createListFile<Schema extends TObject>(options: ListFileOptions<Schema>): ListFile<Static<Schema>> {
  const { variable, what, plural, entry } = options
  const validator = Compile(entry)

  const fault = (message: string, cause?: unknown) => new ListFileError(`${variable}${message}`, { cause })

  function complaintOf(error: TLocalizedValidationError): string {
    const { keyword, instancePath, message } = error
    // Not the unknown key itself, which is what somebody wrote there.
    if (keyword === 'boolean') return `has a key that is none of ${Object.keys(entry.properties).join(', ')}`
    const field = instancePath.slice(1).replace('/', ' ')
    const why = keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : message
    return field === '' ? why : `${field} ${why}`
  }

  function refuse(place: string, why: string): never {
    throw fault(`${place}: ${why}`)
  }

  function checked(value: unknown, place: Placed<unknown>['place']): Static<Schema> {
    if (validator.Check(value)) return value
    const [first] = validator.Errors(value)
    if (first === undefined) return refuse(place(), `is no ${what}`)
    return refuse(place(...first.instancePath.slice(1).split('/')), complaintOf(first))
  }

  function parse(text: string): Placed<Static<Schema>>[] {
    const { contents, value: values, lineCounter } = readYaml(variable, text)
    if (!isSeq(contents) || !Array.isArray(values)) throw fault(`: must be array of ${plural}`)
    const nodes = contents.items
    return values.map((value: unknown, at) => {
      const place: Placed<unknown>['place'] = (...path) =>
        `: line ${lineCounter.linePos(offsetOf(nodes[at], path) ?? 0).line}, entry ${at + 1}`
      return { value: checked(value, place), place }
    })
  }

  return {
    parse,
    refuse,
    text: (path) => readText(variable, path),
    refuseTwins(entries, namesOf) {
      const taken = new Map<string, readonly Holder[]>()
      for (const [at, { value, place }] of entries.entries()) {
        for (const [what, name] of Object.entries(namesOf(value))) {
          const holders = taken.get(name) ?? []
          const twin = twinOf({ at, what }, holders)
          if (twin?.what === what) refuse(place(what), `its ${what} is taken by entry ${twin.at + 1}`)
          if (twin !== undefined) refuse(place(what), `its ${what} is the ${twin.what} of entry ${twin.at + 1}`)
          taken.set(name, [...holders, { at, what }])
        }
      }
    },
  }
}

/** Where the value under these keys begins, or what it would stand in: an alias has nothing of its own in it. */
function offsetOf(node: unknown, [key, ...rest]: readonly (string | number)[]): number | undefined {
  const within = key !== undefined && isCollection(node) ? offsetOf(node.get(key, true), rest) : undefined
  return within ?? (isNode(node) ? node.range?.[0] : undefined)
}

/** Which entry is called so, and under which word. */
interface Holder {
  at: number
  what: string
}

/** Another entry that is called the same, under the same word rather than under another. */
function twinOf({ at, what }: Holder, holders: readonly Holder[]): Holder | undefined {
  const others = holders.filter((holder) => holder.at !== at)
  return others.find((other) => other.what === what) ?? others[0]
}

/**
 * What is in a file that a variable names.
 * @throws UnreadableFileError
 */
export async function readBytes(variable: string, path: string): Promise<Buffer> {
  return readFile(path).catch((cause) => {
    // The path is left out: in its place somebody may have put what belongs into the file.
    throw new UnreadableFileError(`${variable} cannot be read${codeInBrackets(cause)}`, { cause })
  })
}

/**
 * The text of a file that a variable names.
 * @throws ListFileError
 */
export async function readText(variable: string, path: string): Promise<string> {
  const bytes = await readBytes(variable, path)
  // All invalid bytes would become one character, and so two names the same.
  if (!isUtf8(bytes)) throw new ListFileError(`${variable}: not UTF-8`)
  // Without the byte order mark of an editor: YAML would count it as a column.
  return bytes.toString().replace(/^\ufeff/, '')
}

/**
 * Reads JSON or YAML: what is in it, and where it stands.
 * @throws ListFileError
 */
export function readYaml(variable: string, text: string) {
  const lineCounter = new LineCounter()
  try {
    const document = documentOf(text, lineCounter)
    const [error] = document.errors
    if (error !== undefined) throw error
    resolveAliases(document)
    const value: unknown = document.toJS({ maxAliasCount: -1 })
    return { contents: document.contents, value, lineCounter }
  } catch (cause) {
    const offset = cause instanceof YAMLError ? cause.pos[0] : isOurs(cause) ? cause.offset : undefined
    const line = offset === undefined ? '' : `: line ${lineCounter.linePos(offset).line}`
    const isTwice = cause instanceof YAMLError && cause.code === 'DUPLICATE_KEY'
    const why = isOurs(cause) ? cause.message : isTwice ? 'a key that is there twice' : 'neither JSON nor YAML'
    throw new ListFileError(`${variable}${line}: ${why}`, { cause })
  }
}

const isOurs = (cause: unknown): cause is AliasError | DepthError =>
  cause instanceof AliasError || cause instanceof DepthError

/** Far below the depth at which the library's recursion would end the process. */
const MOST_DEEP = 200

class DepthError extends Error {
  override name = 'DepthError'
  readonly offset: number

  constructor(offset: number) {
    super(`lists in lists, more than ${MOST_DEEP} deep`)
    this.offset = offset
  }
}

/**
 * As the library's `parseDocument`, of what is not nested without end.
 * @throws DepthError
 */
function documentOf(text: string, lineCounter: LineCounter): Document.Parsed {
  const parser = new Parser(lineCounter.addNewLine)
  function* tokens() {
    lineCounter.addNewLine(0)
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme)
      if (parser.stack.length > MOST_DEEP) throw new DepthError(parser.offset)
    }
    yield* parser.end()
  }
  const [document, second] = new Composer({ lineCounter }).compose(tokens(), true, text.length)
  if (document === undefined) throw new Error('no document')
  if (second !== undefined) {
    document.errors.push(new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', 'several documents'))
  }
  return document
}
