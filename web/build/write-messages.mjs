// Makes dist/messages of web/messages: for the compiler and for tests, which need no pages.
import { readCatalogues, wholeOnes, writeModules } from './catalogues.mjs'

writeModules('dist/messages', wholeOnes(readCatalogues('web/messages')).whole)
