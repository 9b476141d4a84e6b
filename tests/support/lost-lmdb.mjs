// Simulates the loss of the service's disk store (`node --import`) once the file named by LOST_LMDB exists: LMDB then
// answers everything as it does when it could not write the first pages of its file, and never answers a write.
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import * as lmdb from 'lmdb'

/** @type {typeof lmdb.open} */
export function open(/** @type {any} */ options) {
  const root = lmdb.open(options)
  const { resetReadTxn, transaction } = root
  root.resetReadTxn = () => {
    if (isLost()) {
      throw new Error('Invalid argument: MDB_PANIC: Update of meta page failed or environment had fatal error')
    }
    resetReadTxn.call(root)
  }
  root.transaction = (action) => (isLost() ? new Promise(() => undefined) : transaction.call(root, action))
  return root
}

function isLost() {
  return existsSync(process.env['LOST_LMDB'] ?? '')
}

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  if (specifier !== 'lmdb' || context.parentURL === import.meta.url) return next(specifier, context)
  return { url: import.meta.url, format: 'module', shortCircuit: true }
}

if (!import.meta.url.endsWith('?hooks')) register(`${import.meta.url}?hooks`)
