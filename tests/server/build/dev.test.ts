import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startProcess } from '../../support/child-process.ts'
import { eventually } from '../../support/eventually.ts'

const PROGRAM = join(import.meta.dirname, '../../../server/build/dev.mjs')

/** In the place of a build: copies, and fails where the source says so. */
const BUILD = `
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
if (readFileSync('server/main.js', 'utf8') === 'not to be built') {
  console.log('failed')
  process.exit(1)
}
mkdirSync('dist/server', { recursive: true })
cpSync('server/main.js', 'dist/server/main.js')
`
const serviceThatSays = (text: string) => `console.log('${text}'); setInterval(() => {}, 1000)`

test('what is edited is built and runs anew, also after a build that failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-dev-'))
  for (const part of ['server', 'web']) mkdirSync(join(folder, part))
  const edit = (text: string) => writeFileSync(join(folder, 'server/main.js'), text)
  writeFileSync(join(folder, 'build.mjs'), BUILD)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { build: 'node build.mjs' } }))
  edit(serviceThatSays('first'))
  const running = startProcess(process.execPath, [PROGRAM], { cwd: folder })
  try {
    const says = (text: string) => eventually(`it says ${text}`, () => running.stdout().includes(text))
    await says('first')
    edit('not to be built')
    await says('failed')
    edit(serviceThatSays('second'))
    await says('second')
    writeFileSync(join(folder, 'web/page.html'), '')
    await eventually('it runs anew', () => running.stdout().split('second').length > 2)
    expect(running.stdout().split('failed')).toEqual([
      expect.stringContaining('first'),
      expect.stringContaining('second'),
    ])
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true })
  }
})

/** Says that it was told to end, and does once the file is there. */
const SLOW_TO_END = `
import { existsSync } from 'node:fs'
process.once('SIGTERM', () => {
  console.log('told to end')
  setInterval(() => existsSync('may-end') && process.exit(), 10)
})
console.log('first')
setInterval(() => {}, 1000)
`

test('what is ended while it waits for the service before to end starts no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-dev-'))
  for (const part of ['server', 'web']) mkdirSync(join(folder, part))
  const edit = (text: string) => writeFileSync(join(folder, 'server/main.js'), text)
  writeFileSync(join(folder, 'build.mjs'), BUILD)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts: { build: 'node build.mjs' } }))
  edit(SLOW_TO_END)
  const running = startProcess(process.execPath, [PROGRAM], { cwd: folder })
  try {
    const says = (text: string) => eventually(`it says ${text}`, () => running.stdout().includes(text))
    await says('first')
    edit("console.log('second')")
    await says('told to end')
    running.child.kill('SIGTERM')
    writeFileSync(join(folder, 'may-end'), '')
    // Whatever it started has its output too.
    await new Promise((resolve) => running.child.once('close', resolve))
    expect(running.stdout()).not.toContain('second')
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true })
  }
})
