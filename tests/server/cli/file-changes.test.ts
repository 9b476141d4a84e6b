import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { withLock } from '../../../server/cli/file-lock.ts'
import { replaceFile } from '../../../server/cli/replace-file.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-file-'))
  path = join(folder, 'accounts.yaml')
  writeFileSync(path, 'before, and longer than what comes after', { mode: 0o640 })
})

afterEach(() => rmSync(folder, { recursive: true }))

const ready = async () => undefined

describe('a file that is replaced', () => {
  test('is another one, with the mode of the one before, and nothing beside it', async () => {
    const { ino } = statSync(path)
    await replaceFile(path, 'after', ready)
    expect(readFileSync(path, 'utf8')).toBe('after')
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(statSync(path).ino).not.toBe(ino)
    expect(readdirSync(folder)).toEqual(['accounts.yaml'])
  })

  test('made anew is for whoever made it', async () => {
    await replaceFile(join(folder, 'new.yaml'), 'first', ready)
    expect(statSync(join(folder, 'new.yaml')).mode & 0o777).toBe(0o600)
  })

  test('that nothing can take the place of, as one that is mounted by itself, is written over', async () => {
    const { ino } = statSync(path)
    const busy = async () => {
      expect(readFileSync(`${path}.new`, 'utf8')).toBe('after')
      throw Object.assign(new Error('busy'), { code: 'EBUSY' })
    }
    await replaceFile(path, 'after', ready, busy)
    expect([readFileSync(path, 'utf8'), statSync(path).ino, statSync(path).mode & 0o777]).toEqual(['after', ino, 0o640])
    expect(readdirSync(folder)).toEqual(['accounts.yaml'])
  })

  test('is as it was where the last moment says no, and what an earlier try left is cleared away', async () => {
    writeFileSync(`${path}.new`, 'left by a process that was killed')
    chmodSync(`${path}.new`, 0o444)
    const refuse = () => replaceFile(path, 'after', () => Promise.reject(new Error('the lock is gone')))
    await expect(refuse()).rejects.toThrow('the lock is gone')
    expect([readFileSync(path, 'utf8').slice(0, 6), readdirSync(folder)]).toEqual(['before', ['accounts.yaml']])
  })
})

describe('a lock', () => {
  const lock = () => `${path}.lock`
  const nobodyIs = 2 ** 22 + 1
  /** Looks at the disk more often than it takes to find a lock, clear it away and take it. */
  const whileOthersLook = async () => {
    for (let looks = 0; looks < 50; looks++) await stat(folder)
  }
  const placeOfThis = async () => withLock(lock(), async () => readlinkSync(lock()).replace(/^\d+@/, ''))

  test('lets in one at a time, and leaves nothing', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withLock(lock(), async ({ check }) => {
          most = Math.max(most, ++inside)
          await whileOthersLook()
          await check()
          inside--
        }),
      ),
    )
    expect([most, readdirSync(folder)]).toEqual([1, ['accounts.yaml']])
  })

  test('that a process of this machine left behind is cleared away, by one of all who come', async () => {
    symlinkSync(`${nobodyIs}@${await placeOfThis()}`, lock())
    let inside = 0
    await Promise.all(
      Array.from({ length: 10 }, () =>
        withLock(lock(), async () => {
          expect(++inside).toBe(1)
          await whileOthersLook()
          inside--
        }),
      ),
    )
    expect(readdirSync(folder)).toEqual(['accounts.yaml'])
  })

  test.each([
    ['a process that lives', async () => `${process.pid}@${await placeOfThis()}`],
    ['one that cannot be looked at from here', async () => `${nobodyIs}@${hostname()}x`],
  ])('of %s is waited for', async (_who, make) => {
    symlinkSync(await make(), lock())
    let isIn = false
    const waiting = withLock(lock(), async () => {
      isIn = true
    })
    await whileOthersLook()
    expect(isIn).toBe(false)
    rmSync(lock())
    await waiting
    expect(isIn).toBe(true)
  })

  test("that was taken away is told before anything is changed, and another's is left alone", async () => {
    const work = withLock(lock(), async ({ check }) => {
      rmSync(lock())
      symlinkSync('1@elsewhere', lock())
      await check()
    })
    await expect(work).rejects.toThrow('taken away meanwhile')
    expect(lstatSync(lock()).isSymbolicLink()).toBe(true)
  })

  test('that cannot be made says why', async () => {
    await expect(withLock(join(folder, 'none', 'accounts.yaml.lock'), ready)).rejects.toThrow('cannot be made (ENOENT)')
  })
})
