// Makes dist/web, all that is served, of web/: pages that need one module, one style sheet, and what stands in them.
// A page's source names what it loads as `/assets/…`: a file of web/src as the script that it becomes, one of web/public
// by its own name. A new page, or a new picture, is known here by that alone.
import { buildAssets, minified } from './assets.mjs'
import { readPages, whatTheyLoad, withAddresses } from './pages.mjs'
import { writeAssets, writePages } from './write.mjs'

/** At one address in every build: what notices that a page's files are gone must not be one of them. */
const GUARD = 'page-guard.js'

const pages = readPages('web/public', 'web/parts')
const { files, addresses } = await buildAssets(whatTheyLoad(pages))
// Before the pages that name them: a service may be running.
writeAssets(files)
writePages({
  ...Object.fromEntries(pages.map(({ name, html }) => [name, withAddresses(html, addresses)])),
  [GUARD]: await minified(`web/public/${GUARD}`),
})
