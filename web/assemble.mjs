// Makes dist/web, all that is served, of what the compiler left in dist/web/assets/new: puts styles, pictures, the QR
// decoder and what asks for passkeys beside it, names the folder by a hash of everything in it, and points the pages
// there. So a browser may keep an asset for good, and a new build is a new address. What pages have in common stands
// once, in web/parts.
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGES = 'dist/web'
const ASSETS = 'dist/web/assets'
const NEW = 'dist/web/assets/new'
// Lies beside the pages: what notices that a page's files are gone must not be one of them.
const GUARD = 'page-guard.js'
const isPage = (path) => path.endsWith('.html')

cpSync('web/public', NEW, { recursive: true, filter: (path) => !isPage(path) && !path.endsWith(GUARD) })
vendor('qr', 'node_modules/qr', ['index.js', 'decode.js', 'LICENSE', 'LICENSE-MIT'])
const WEBAUTHN = 'node_modules/@simplewebauthn/browser'
const scripts = readdirSync(`${WEBAUTHN}/esm`, { recursive: true }).filter((path) => path.endsWith('.js'))
vendor('webauthn', `${WEBAUTHN}/esm`, scripts)
vendor('webauthn', WEBAUTHN, ['LICENSE.md'])

const files = readdirSync(NEW, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()
const hash = createHash('sha256')
for (const path of files) hash.update(path).update(readFileSync(path))
const version = hash.digest('hex').slice(0, 12)

for (const path of files.filter((name) => name.endsWith('.js')))
  writeFileSync(path, versioned(readFileSync(path, 'utf8')))
for (const page of readdirSync('web/public').filter(isPage)) {
  writeFileSync(join(PAGES, page), versioned(withParts(readFileSync(join('web/public', page), 'utf8'))))
}
cpSync(join('web/public', GUARD), join(PAGES, GUARD))
for (const old of readdirSync(ASSETS)) if (old !== 'new') rmSync(join(ASSETS, old), { recursive: true })
renameSync(NEW, join(ASSETS, version))

/** Puts files of somebody else's package beside ours, each in its folder. */
function vendor(name, from, files) {
  for (const file of files) cpSync(join(from, file), join(NEW, 'vendor', name, file))
}

/** The text with its addresses of assets made those of this build. */
function versioned(text) {
  return text.replaceAll(/(["'])\/assets\//g, `$1/assets/${version}/`)
}

/** The page with each `<!-- NAME.html -->` replaced by that part. */
function withParts(page) {
  return page.replaceAll(/^ *<!-- ([\w-]+\.html) -->\n/gm, (_comment, name) =>
    readFileSync(join('web/parts', name), 'utf8'),
  )
}
