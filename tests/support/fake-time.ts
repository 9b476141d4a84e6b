import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './child-process.ts'

/** Makes a process's clock wrong by its environment (libfaketime). Clocks that nobody can set go on as they are. */
export interface WrongClock {
  env: Record<string, string>
  /** Sets it, while the process runs, to so many seconds from the right time. */
  set(seconds: number): void
  remove(): void
}

export function createWrongClock(seconds: number): WrongClock {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-clock-'))
  const file = join(folder, 'offset')
  const set = (offset: number) => writeFileSync(file, `${offset < 0 ? '' : '+'}${offset}`)
  set(seconds)
  return {
    env: {
      LD_PRELOAD: libraryPath(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The program that comes with the library knows where it is. */
function libraryPath(): string {
  const path = execFileSync(findProgram('FAKETIME', 'faketime'), ['-f', '+0s', 'printenv', 'LD_PRELOAD'])
  return path.toString().trim()
}
