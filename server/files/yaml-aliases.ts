import { type Alias, type Document, isAlias, isCollection, isNode, isPair, type Node } from 'yaml'

/** An alias that is not followed. */
export class AliasError extends Error {
  override name = 'AliasError'
  /** In the document's text, where the alias begins. */
  readonly offset: number

  constructor(why: string, { range }: Alias) {
    super(why)
    this.offset = range?.[0] ?? 0
  }
}

interface Anchored {
  node: Node
  /** How many values are in it, written out; `undefined` within itself. */
  size: number | undefined
}

/** What a few lines of aliases of aliases stand for could fill the memory. */
const MOST_VALUES = 1_000_000

/**
 * Resolves each alias before the library makes values of a document. For each, the library would search among all the
 * others, and it bounds how often an anchor is used instead of how many values come of it.
 * @throws AliasError: it leads nowhere or into itself, or all of them stand for more than a million values
 */
export function resolveAliases({ contents }: Document): void {
  const anchors = new Map<string, Anchored>()
  let values = 0

  function sizeOfAlias(alias: Alias): number {
    const anchored = anchors.get(alias.source)
    if (anchored === undefined) throw new AliasError('an alias that leads nowhere', alias)
    const { node, size } = anchored
    if (size === undefined) throw new AliasError('an alias of what it is in', alias)
    values += size
    if (values > MOST_VALUES) throw new AliasError(`aliases of more than ${MOST_VALUES} values`, alias)
    alias.resolve = () => node as ReturnType<Alias['resolve']>
    return size
  }

  function sizeOf(part: unknown): number {
    if (isPair(part)) return sizeOf(part.key) + sizeOf(part.value)
    if (!isNode(part)) return 0
    if (isAlias(part)) return sizeOfAlias(part)
    const anchored: Anchored = { node: part, size: undefined }
    if (part.anchor !== undefined) anchors.set(part.anchor, anchored)
    const items: readonly unknown[] = isCollection(part) ? part.items : []
    const size = items.reduce<number>((sum, item) => sum + sizeOf(item), 1)
    anchored.size = size
    return size
  }

  sizeOf(contents)
}
