// Draws web/public/icons out of web/public/icon.svg: `node tests/draw-icons.mjs`, after that has changed.
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const FOLDER = new URL('../web/public/icons/', import.meta.url)
const drawing = readFileSync(new URL('../icon.svg', FOLDER), 'utf8')
/** Without round corners of its own: systems cut the shape out, and leave four fifths of it for sure (W3C Manifest §4.1). */
const filled = drawing
  .replace(' rx="8"', '')
  .replace('<path', '<g transform="translate(3.2 3.2) scale(.8)"><path')
  .replace('</svg>', '</g></svg>')
const ICONS = {
  'icon-192.png': { size: 192, svg: drawing },
  'icon-512.png': { size: 512, svg: drawing },
  'maskable-512.png': { size: 512, svg: filled },
  'apple-touch-icon.png': { size: 180, svg: filled },
}

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
for (const [name, { size, svg }] of Object.entries(ICONS)) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw}</style>${svg}`)
  writeFileSync(new URL(name, FOLDER), await page.screenshot({ omitBackground: true }))
}
await browser.close()
