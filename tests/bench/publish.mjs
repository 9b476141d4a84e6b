// What a whole run found becomes docs/performance.md's tables and pictures. The run is kept beside this file, and a test
// holds them to it.
//   node tests/bench/publish.mjs [FILE]   FILE as `npm run bench -- --json FILE` wrote it; without, what is kept, anew
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pictures } from './drawing/pictures.mjs'
import { withTables } from './tables.mjs'

const DOCUMENTS = join(import.meta.dirname, '../../docs')
const DOCUMENT = join(DOCUMENTS, 'performance.md')
const KEPT = join(import.meta.dirname, 'published.json')

const text = readFileSync(process.argv[2] ?? KEPT, 'utf8')
const run = JSON.parse(text)
writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), run))
for (const [name, svg] of pictures(run.figures)) writeFileSync(join(DOCUMENTS, 'pictures', `${name}.svg`), svg)
writeFileSync(KEPT, text)
