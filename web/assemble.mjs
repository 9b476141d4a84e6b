// Puts what the compiler does not make beside what it makes, so that dist/web is all that is served:
// the pages, and the QR decoder's files, which a page loads from us and from nobody else.
import { cpSync, mkdirSync } from 'node:fs'

cpSync('web/public', 'dist/web', { recursive: true })
mkdirSync('dist/web/vendor/qr', { recursive: true })
for (const file of ['index.js', 'decode.js', 'LICENSE', 'LICENSE-MIT'])
  cpSync(`node_modules/qr/${file}`, `dist/web/vendor/qr/${file}`)
