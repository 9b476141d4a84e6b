// Makes dist/web, all that is served, of web/: pages that need one module, one style sheet, and what stands in them.
// A page's source names what it loads as `/assets/…`: a file of web/src as the script that it becomes, one of web/public
// by its own name. A new page, or a new picture, is known here by that alone.
import { buildAssets, minified } from './assets.mjs'
import { manifestWith, readManifest, readPages, whatTheyLoad, withAddresses } from './pages.mjs'
import { writeAssets, writePages } from './write.mjs'

/** At one address in every build: what notices that a page's files are gone must not be one of them. */
const GUARD = 'page-guard.js'
/** So has this: a browser asks for it again where it had it from. */
const OFFLINE_WORKER = 'offline-worker.js'
const MANIFEST = 'manifest.webmanifest'

const pages = readPages('web/public', 'web/parts')
const manifest = readManifest(`web/public/${MANIFEST}`)
const loaded = whatTheyLoad(pages)
const { files, addresses } = await buildAssets({
  ...loaded,
  others: [...new Set([...loaded.others, ...manifest.loads])],
})
// Before the pages that name them: a service may be running.
writeAssets(files)
writePages({
  ...Object.fromEntries(pages.map(({ name, html }) => [name, withAddresses(html, addresses)])),
  [GUARD]: await minified(`web/public/${GUARD}`),
  [OFFLINE_WORKER]: await minified(`web/public/${OFFLINE_WORKER}`),
  [MANIFEST]: manifestWith(manifest, addresses),
})
