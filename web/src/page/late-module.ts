import { ConnectionError } from '../wire/api-error.ts'
import { LONGEST_PATIENCE_MS } from '../wire/within.ts'
import { after } from './after.ts'
import { loadAnewWhereGone } from './gone-file.ts'
import { later } from './later.ts'

/**
 * A module that comes when it is first asked for, or ahead of that; where it cannot be had now, the next that ask try anew.
 * Browsers remember for as long as a page lives that an address could not be imported, and ask no more (HTML's module map, until
 * whatwg/html#10327): so each new try has an address of its own, with something behind it that the service does not look at.
 * Rejects with ConnectionError where it has not come in ten seconds, or came and threw as it ran, which looks as if it could not
 * be had. Where the service has it no more, the page is loaded anew instead.
 * @param load does nothing but import. The build has it give the address to its parameter (`lateImports` in web/build/assets.mjs)
 */
export function lateModule<Module>(
  load: (importFrom: (address: string) => Promise<Module>) => Promise<Module>,
): () => Promise<Module> {
  let failures = 0
  let address = ''
  /** With those that were waited for long enough: on a slow line one of them comes before the next that is asked for. */
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
