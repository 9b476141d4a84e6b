import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createLogOutput } from '../../../server/log/log-output.ts'
import { eventually } from '../../support/eventually.ts'
import { PATIENCE_MS } from '../../support/patience.ts'

const LINE = `${'x'.repeat(999)}\n`
const lineOfLost = (lines: number) => `${lines} lost\n`

let folder: string
let open: number[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-log-'))
  open = []
})
afterEach(() => {
  for (const descriptor of open) closeSync(descriptor)
  rmSync(folder, { recursive: true })
})

/** A pipe, and what can be read of it by now. */
function openPipe() {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  open.push(reader)
  const chunk = Buffer.alloc(65_536)
  let text = ''
  function read(): string {
    try {
      text += chunk.toString('utf8', 0, readSync(reader, chunk))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return text
  }
  return { descriptor: openSync(path, constants.O_WRONLY), read }
}

test('what nobody reads waits, in bounds; what is lost is counted, and said once there is room again', async () => {
  const { descriptor, read } = openPipe()
  const output = createLogOutput({ descriptor, lineOfLost, most: 100 * LINE.length })
  for (let times = 0; times < 300; times++) output.write(LINE)
  // It is more than a pipe holds.
  await output.settled(10)
  expect(await eventually('all of it is read', () => /lost\n$/.test(read()) && read())).toBe(
    `${LINE.repeat(100)}200 lost\n`,
  )
  output.write('and on\n')
  await eventually('it goes on', () => read().endsWith('200 lost\nand on\n'))
})

test('what nobody will read any more ends nothing, and waits for nothing', async () => {
  const { descriptor } = openPipe()
  const output = createLogOutput({ descriptor, lineOfLost, most: 2 * LINE.length })
  for (const reader of open.splice(0)) closeSync(reader)
  for (let times = 0; times < 10; times++) {
    output.write(LINE)
    expect(await output.settled(PATIENCE_MS)).toBe(true)
  }
  output.tryOnce()
})

test('a disk that is full ends nothing either, and what it did not take waits', async () => {
  const descriptor = openSync('/dev/full', 'w')
  const output = createLogOutput({ descriptor, lineOfLost, most: 2 * LINE.length })
  for (let times = 0; times < 10; times++) output.write(LINE)
  expect(await output.settled(10)).toBe(false)
  output.tryOnce()
})

test('all that was written is in the file, in its order', async () => {
  const path = join(folder, 'log')
  const descriptor = openSync(path, 'a')
  open.push(descriptor)
  const output = createLogOutput({ descriptor, lineOfLost })
  const lines = Array.from({ length: 2000 }, (_, at) => `${at} ${'é'.repeat(at % 50)}\n`)
  for (const line of lines) output.write(line)
  await output.settled(PATIENCE_MS)
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''))
})
