import { ConnectionError } from '../wire/api-error.ts'
import { LONGEST_PATIENCE_MS } from '../wire/within.ts'
import { after } from './after.ts'
import { loadAnewWhereGone } from './gone-file.ts'
import { later } from './later.ts'

/**
 * Loads a module once: when it is first asked for, or ahead of that. After a failure the next call tries again.
 * Browsers remember for a page's life that an address could not be imported, and ask no more (HTML's module map, until
 * whatwg/html#10327). So each new try adds to the address what the service ignores. Rejects with ConnectionError if the
 * module has not come in ten seconds, or threw as it ran, which looks the same. If the service has it no more, the page
 * is loaded anew instead.
 * @param load only imports. The build has it give the address to its parameter (`lateImports` in web/build/assets.mjs)
 */
export function lateModule<Module>(
  load: (importFrom: (address: string) => Promise<Module>) => Promise<Module>,
): () => Promise<Module> {
  let failures = 0
  let address = ''
  /** All tries under way, even those given up: on a slow line an earlier one comes before the newest. */
  const coming: Promise<Module>[] = []
  const importFrom = (from: string): Promise<Module> => {
    address = from
    return import(from + (failures === 0 ? '' : `?again=${failures}`))
  }
  return later(async () => {
    coming.push(load(importFrom))
    try {
      const module = await Promise.race([Promise.any(coming), after(LONGEST_PATIENCE_MS)])
      if (module) return module
    } catch {
      coming.length = 0
      await loadAnewWhereGone(address).catch(() => undefined)
    }
    failures += 1
    throw new ConnectionError()
  })
}
