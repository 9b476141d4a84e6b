// Loads test files as Node loads modules. Jest gives each file its own context, into which it reads, compiles and links
// hundreds of modules again: that was most of what the tests cost. Here a worker loads them once for all its files.
const asyncHooks = require('node:async_hooks')
const { register } = require('node:module')
const { pathToFileURL } = require('node:url')
const { default: Runtime } = require('jest-runtime')

for (const hooks of ['../typescript-hooks.mjs', './bare-hooks.mjs']) register(hooks, pathToFileURL(__filename))

const hasRun = new Set()

/** Stands in for the storage in which Jest keeps the running test: a file's tests run one after the other. */
class OneAfterTheOther {
  #store

  run(store, callback) {
    const before = this.#store
    this.#store = store
    const end = () => {
      this.#store = before
    }
    const result = callback()
    if (result instanceof Promise) result.then(end, end)
    else end()
    return result
  }

  getStore() {
    return this.#store
  }
}

module.exports = class BareRuntime extends Runtime {
  /** Loads Jest's record of tests anew for each file. */
  requireInternalModule(path) {
    delete require.cache[path]
    // The handlers of earlier files: Jest would go on telling them of each test.
    delete globalThis[Symbol.for('EVENT_HANDLERS')]
    const usual = Object.getOwnPropertyDescriptor(asyncHooks, 'AsyncLocalStorage')
    // Before Node 24 each follows every promise for good, and each file would add another: by the fortieth of a worker half
    // of its time went there.
    // A value there, a getter since.
    Object.defineProperty(asyncHooks, 'AsyncLocalStorage', { value: OneAfterTheOther, configurable: true })
    try {
      return require(path)
    } finally {
      Object.defineProperty(asyncHooks, 'AsyncLocalStorage', usual)
    }
  }

  setGlobalsForRuntime(globals) {
    globalThis[Symbol.for('scanin.jest')] = { ...globals, jest: this.jestGlobals.jestObjectFor(this._testPath) }
  }

  unstable_shouldLoadAsEsm() {
    return true
  }

  async unstable_importModule(path) {
    const url = pathToFileURL(path)
    // A file is read twice only in watch mode.
    if (hasRun.has(path)) url.searchParams.set('run', String(performance.now()))
    hasRun.add(path)
    await import(url)
  }
}
