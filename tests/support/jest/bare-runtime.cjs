// Loads test files as Node loads modules. Jest gives each file a world of its own, into which it reads, compiles and links
// hundreds of modules anew: that was most of what the tests cost. Here a worker has them once, for all its files.
const { register } = require('node:module')
const { pathToFileURL } = require('node:url')
const { default: Runtime } = require('jest-runtime')

for (const hooks of ['../typescript-hooks.mjs', './bare-hooks.mjs']) register(hooks, pathToFileURL(__filename))

const hasRun = new Set()

module.exports = class BareRuntime extends Runtime {
  /** What each file begins with anew: what is known of its tests. */
  requireInternalModule(path) {
    delete require.cache[path]
    return require(path)
  }

  setGlobalsForRuntime(globals) {
    globalThis[Symbol.for('scanin.jest')] = { ...globals, jest: this.jestGlobals.jestObjectFor(this._testPath) }
  }

  unstable_shouldLoadAsEsm() {
    return true
  }

  async unstable_importModule(path) {
    const url = pathToFileURL(path)
    // Only in a run that watches is a file read twice.
    if (hasRun.has(path)) url.searchParams.set('run', String(performance.now()))
    hasRun.add(path)
    await import(url)
  }
}
