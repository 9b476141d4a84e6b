import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const ROOT = join(import.meta.dirname, '../../..')

// That the names of three builds are kept, and which go, is tests/web/builds.test.ts: they are noted as those of pages are.
test('a service that runs finds what it loads later, when a newer one has been built in its place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-pack-'))
  for (const part of ['server', 'web/build', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const build = () => {
    execFileSync(process.execPath, ['server/build/pack.mjs'], { cwd: folder })
    return readdirSync(join(folder, 'dist/server'))
  }
  try {
    const first = build()
    expect(first).toEqual(expect.arrayContaining(['main.js', 'service.js', 'cli.js', 'disk-probe.js']))
    // All parts load it.
    appendFileSync(join(folder, 'server/errors.ts'), '\nconsole.info("newer")\n')
    const both = build()
    expect(both).toEqual(expect.arrayContaining(first))
    expect(both.length).toBeGreaterThan(first.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
