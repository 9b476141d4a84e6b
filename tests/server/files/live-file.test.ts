import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openAppLinksFile } from '../../../server/apps/app-links/app-links.ts'
import { openGeoipFile } from '../../../server/files/geoip-file.ts'
import { UnreadableFileError } from '../../../server/files/list-file.ts'
import { followFile, type LiveFile } from '../../../server/files/live-file.ts'
import { openAccountsFile } from '../../../server/identity/live-accounts.ts'
import { openSigningKeysFile } from '../../../server/keys/signing-keys-file.ts'
import { readClientsFile } from '../../../server/oauth/clients-file.ts'
import { keepLog } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'

let folder: string
let path: string
let file: LiveFile | undefined
let log: ReturnType<typeof keepLog>
let taken: string[][]
/** What happens, once, after the file was read and before that is told. */
let whileItIsRead: (() => void) | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-live-file-'))
  path = join(folder, 'names')
  log = keepLog()
  taken = []
  whileItIsRead = undefined
  writeFileSync(path, 'ann\nbob\ncyd\n')
})
afterEach(() => {
  file?.close()
  file = undefined
  rmSync(folder, { recursive: true })
})

async function follow(take: (names: readonly string[]) => void = (names) => void taken.push([...names])) {
  file = await followFile<string>({
    path,
    what: 'names',
    logger: log.logger,
    async read(from) {
      const names = readFileSync(from, 'utf8').trim().split('\n')
      const happens = whileItIsRead
      whileItIsRead = undefined
      happens?.()
      return names
    },
    take,
  })
  return file
}

const lines = (): { level: number; msg: string }[] =>
  log
    .text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a file that could not be read for a moment', () => {
  test('is read at a later look, though it does not change, and is told of once', async () => {
    await follow()
    let failures = 0
    const fail = () => {
      failures += 1
      if (failures < 3) whileItIsRead = fail
      throw new UnreadableFileError('NAMES_FILE cannot be read')
    }
    whileItIsRead = fail
    writeFileSync(path, 'ann\n')
    await eventually('it is read', () => taken.length === 2)
    expect([failures, taken.at(-1)]).toEqual([3, ['ann']])
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'names as before: NAMES_FILE cannot be read'],
      [30, 'names read again'],
    ])
  })

  test('is read at a later look after a reload too, and so is what could not be taken', async () => {
    let fails = false
    const { reload } = await follow((names) => {
      const failed = fails
      fails = false
      if (failed) throw new Error('not now')
      taken.push([...names])
    })
    whileItIsRead = () => {
      throw new UnreadableFileError('NAMES_FILE cannot be read')
    }
    await reload()
    await eventually('it is read', () => taken.length === 2)
    fails = true
    await reload()
    await eventually('it is taken', () => taken.length === 3)
    expect(lines().map(({ msg }) => msg)).toContain('names as before: not now')
  })

  test.each<[string, () => Promise<unknown>]>([
    ['accounts', () => openAccountsFile({ path: folder, logger: log.logger, clock: () => 0, longestLoginMs: 0 })],
    ['clients', () => readClientsFile(folder, [])],
    ['app links', () => openAppLinksFile(folder, log.logger)],
    ['signing keys', () => openSigningKeysFile({ path: folder, algorithms: ['EdDSA'], logger: log.logger })],
    ['places', () => openGeoipFile({ path: folder, logger: log.logger })],
  ])('is told from a bad one: %s', async (_what, open) => {
    await expect(open()).rejects.toBeInstanceOf(UnreadableFileError)
  })
})

describe('of a file that is written while it is read, nothing is taken until it is whole', () => {
  const writeOn = () => appendFileSync(path, 'bob\neve\n')
  const whole = ['ann', 'bob', 'eve']

  test('at the start', async () => {
    writeFileSync(path, 'ann\n')
    whileItIsRead = writeOn
    await follow()
    expect(taken).toEqual([whole])
  })

  test('at a look', async () => {
    await follow()
    whileItIsRead = writeOn
    writeFileSync(path, 'ann\n')
    await eventually('it is read', () => taken.length === 2)
    expect(taken.at(-1)).toEqual(whole)
  })

  test('at a reload', async () => {
    const { reload } = await follow()
    whileItIsRead = writeOn
    writeFileSync(path, 'ann\n')
    await reload()
    expect(taken.slice(1)).toEqual([whole])
  })

  test('nor is it told to be bad', async () => {
    await follow()
    whileItIsRead = () => {
      writeOn()
      throw new UnreadableFileError('NAMES_FILE cannot be read')
    }
    writeFileSync(path, 'ann\n')
    await eventually('it is read', () => taken.length === 2)
    expect(lines().map(({ msg }) => msg)).toEqual(['names read again'])
  })
})
