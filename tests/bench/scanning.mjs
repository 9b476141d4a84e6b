// npm run scanning: the table of docs/scanning.md. Draws each condition's pictures and has each reader read them.
//   npm run scanning -- [--pictures 8] [--only WORDS]
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { decodeQR } from 'qr/decode.js'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import { readCode } from '../../web/src/phone/scanner/read-code.ts'
import { conditions } from '../support/scenes/conditions.ts'
import { drawScene } from '../support/scenes/scenes.ts'

const { values: options } = parseArgs({
  options: { pictures: { type: 'string', default: '8' }, only: { type: 'string', default: '' } },
})
const pictures = Number(options.pictures)
const HERE = import.meta.dirname
if (!existsSync(join(HERE, 'node_modules/jsqr'))) {
  const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', install, { cwd: HERE, stdio: ['ignore', 'ignore', 'inherit'] })
}
const require = createRequire(import.meta.url)
const jsQR = require('jsqr')
const wasmBinary = readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm'))
await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true })

const readers = {
  qr: (scene) => {
    try {
      return decodeQR(scene)
    } catch {
      return undefined
    }
  },
  jsqr: ({ data, width, height }) => jsQR(data, width, height, { inversionAttempts: 'attemptBoth' })?.data,
  'zxing-wasm': async (scene) => (await readBarcodes(scene, { formats: ['QRCode'], maxNumberOfSymbols: 1 }))[0]?.text,
  ours: (scene) => readCode(scene, 0, true),
}
const names = Object.keys(readers)
const times = Object.fromEntries(names.map((name) => [name, { read: [], missed: [] }]))
const sums = Object.fromEntries(names.map((name) => [name, 0]))
let drawn = 0

row(['', ...names])
row(['---', ...names.map(() => '---:')])
for (const condition of conditions.filter(({ name }) => name.includes(options.only))) {
  const read = Object.fromEntries(names.map((name) => [name, 0]))
  for (let number = 1; number <= pictures; number++) {
    const scene = drawScene(condition, number)
    drawn += 1
    for (const name of names) {
      const begun = performance.now()
      const said = await readers[name](scene)
      const isRight = said === scene.said
      times[name][isRight ? 'read' : 'missed'].push(performance.now() - begun)
      if (said !== undefined && !isRight) console.error(`${name} read ${condition.name} ${number} as ${said}`)
      if (isRight) read[name] += 1
    }
  }
  for (const name of names) sums[name] += read[name]
  row([condition.name, ...names.map((name) => `${read[name]}`)])
}
row([`**of ${drawn}**`, ...names.map((name) => `**${sums[name]}**`)])
row(['ms, read', ...names.map((name) => middle(times[name].read))])
row(['ms, missed', ...names.map((name) => middle(times[name].missed))])

function middle(list) {
  const sorted = [...list].sort((one, other) => one - other)
  return sorted.length === 0 ? '' : sorted[Math.floor(sorted.length / 2)].toFixed(0)
}

function row(cells) {
  console.log(`| ${cells.join(' | ')} |`)
}
