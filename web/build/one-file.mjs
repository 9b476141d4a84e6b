// Puts what a page's script shares with modules that come later into the page's own file. esbuild puts it into files
// between them. Each is one more request, which nobody can try again if it fails: only what comes by `import()` can
// have another address.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { build } from 'esbuild'

const STATIC = 'import-statement'
/** Stands in a name until the hash is known: files that name each other share one. */
const NO_HASH = '00000000'

/**
 * @param files of a build with `splitting`, which lie in one folder: their contents by their names
 * @param importsOf what one of the files imports: `{name, kind}` each; `exportsOf` the names that it exports;
 *   `isShared`, whether the file is no entry point, but lies between others
 * @param main the name of the page's own file
 * @returns the files, under their new names if they have one, and the name of the page's own file
 */
export async function inOneFile({ files, importsOf, exportsOf, isShared, main, settings }) {
  const needs = (name) => importsOf(name).flatMap((other) => (other.kind === STATIC ? [other.name] : []))
  const between = [...files.keys()].filter((name) => name.endsWith('.js') && isShared(name))
  const shared = reachable([main, ...between], needs).filter((name) => name !== main)
  if (shared.length === 0) return { files, main }

  const others = [...files.keys()].filter((name) => name.endsWith('.js') && !shared.includes(name))
  const importers = (name) => others.filter((other) => importsOf(other).some((imported) => imported.name === name))
  // The files whose names change: the page's own, those that take something from it, and all that name one of these.
  const changed = reachable([main, ...shared.flatMap(importers)], importers)
  const nameless = new Map(changed.map((name) => [name, name.replace(/-[^-]+\.js$/, `-${NO_HASH}.js`)]))
  const { outputFiles } = await build({
    ...settings,
    splitting: false,
    entryPoints: changed.map((name) => ({ in: name, out: nameless.get(name).slice(0, -'.js'.length) })),
    entryNames: '[name]',
    plugins: [together({ files, exportsOf, main, shared, nameless, settings })],
  })

  const hash = createHash('sha256')
  for (const { contents } of outputFiles) hash.update(contents)
  const digest = hash.digest('hex').slice(0, NO_HASH.length).toUpperCase()
  const named = (text) => text.replaceAll(`-${NO_HASH}.js`, `-${digest}.js`)
  const same = [...files].filter(([name]) => !shared.includes(name) && !nameless.has(name))
  const built = changed.map((name, at) => [named(nameless.get(name)), Buffer.from(named(outputFiles[at].text))])
  return { files: new Map([...same, ...built]), main: named(nameless.get(main)) }
}

/**
 * Makes a build take files from memory. `PAGE` is the page's file with what it shares; `TAKEN`, what others take from
 * it.
 */
function together({ files, exportsOf, main, shared, nameless, settings }) {
  const [PAGE, TAKEN, BUILT] = ['page', 'taken', 'built']
  const own = [main, ...shared]
  const exported = own.flatMap(exportsOf)
  const isUnique = (each) => exported.indexOf(each) === exported.lastIndexOf(each)
  const given = (name) =>
    exportsOf(name).map((each) => ({ each, alias: isUnique(each) ? each : `${each}_${own.indexOf(name)}` }))
  const exporting = (name, pair) => `export { ${given(name).map(pair).join(', ')} } from './${name}'\n`
  const contentsIn = {
    [PAGE]: () =>
      `import './${main}'\n${shared.map((name) => exporting(name, ({ each, alias }) => `${each} as ${alias}`)).join('')}`,
    [TAKEN]: (name) => exporting(name, ({ each, alias }) => `${alias} as ${each}`),
    [BUILT]: (name) => files.get(name),
  }
  const outside = (name) => ({ path: settings.publicPath + (nameless.get(name) ?? name), external: true })
  const resolve = ({ path, kind, importer, namespace }) => {
    const name = basename(path)
    if (kind === 'entry-point') return { path: name, namespace: name === main ? PAGE : BUILT }
    if (namespace === TAKEN) return outside(main)
    if (kind !== STATIC || !own.includes(name)) return outside(name)
    return { path: name, namespace: namespace === PAGE || own.includes(importer) ? BUILT : TAKEN }
  }
  return {
    name: 'together',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, resolve)
      for (const [namespace, contentsOf] of Object.entries(contentsIn)) {
        onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: contentsOf(path) }))
      }
    },
  }
}

/** @returns all that `next` leads to, directly or not, each once, with `from` first */
function reachable(from, next) {
  const found = new Set(from)
  for (const each of found) for (const more of next(each)) found.add(more)
  return [...found]
}
