// Makes dist/web, which is all that is served, from web/. A page needs one module, one style sheet, and what stands in
// it; it is made in every language that web/messages has whole. A page's source names what it loads as `/assets/…`: a
// file of web/src as the script that it becomes, one of web/public by its own name. To add a page or a picture, nothing
// else is needed.
import { buildAssets, minified } from './assets.mjs'
import { readCatalogues, wholeOnes, writeModules } from './catalogues.mjs'
import { inLanguage, manifestIn, readManifest, readPages, whatTheyLoad, withAddresses } from './pages.mjs'
import { noteAssets, writeAssets, writePages } from './write.mjs'

/** Has the same address in every build: it notices that a page's files are gone, so it must not be one of them. */
const GUARD = 'page-guard.js'
/** Has the same address in every build too: a browser asks for it again where it had it from. */
const OFFLINE_WORKER = 'offline-worker.js'
const MANIFEST = 'manifest.webmanifest'
const MESSAGES = 'dist/messages'

const { whole: catalogues, troubles } = wholeOnes(readCatalogues('web/messages'))
for (const trouble of troubles) console.warn(`Not offered: ${trouble}`)
writeModules(MESSAGES, catalogues)
const pages = readPages('web/public', 'web/parts')
const languages = [...catalogues.keys()]
const manifest = readManifest(`web/public/${MANIFEST}`)
const loaded = whatTheyLoad(pages)
const wanted = { ...loaded, others: [...new Set([...loaded.others, ...manifest.loads])] }
const { files, addresses } = await buildAssets(wanted, languages, MESSAGES)
// Written before the pages that name them: a service may be running.
writeAssets(files)
writePages([
  ...[...catalogues].flatMap(textsIn),
  [GUARD, await minified(`web/public/${GUARD}`)],
  [OFFLINE_WORKER, await minified(`web/public/${OFFLINE_WORKER}`)],
])
noteAssets(files.keys())

function textsIn([language, catalogue]) {
  const ofPage = ({ name, html }) => [
    `${language}/${name}`,
    withAddresses(inLanguage(html, language, catalogue, languages), addresses.get(language)),
  ]
  // What the server puts into pages.
  const { oauth, application, provider } = catalogue
  return [
    ...pages.map(ofPage),
    [`${language}/${MANIFEST}`, manifestIn(manifest, language, catalogue, addresses.get(language))],
    [`${language}/words.json`, JSON.stringify({ oauth, application, provider })],
  ]
}
