import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { assetsOfThisBuild } from '../support/assets.ts'

const page = (name: string): string => readFileSync(`dist/web/en/${name}`, 'utf8')
/** All that runs in a browser: what is built, and what is sent as it is. */
const sources = ['web/src', 'web/public']
  .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
  .map(({ parentPath, name }) => ({ name, text: readFileSync(join(parentPath, name), 'utf8') }))

const ids: Record<string, readonly string[]> = {
  'index.html': ['qr', 'status', 'refresh', 'user-code', 'match-form', 'match-code'],
  'scan.html': [
    ...['sign-in-form', 'username', 'password', 'camera', 'qr-file', 'user-code'],
    ...['request', 'confirm', 'deny', 'match-code', 'sessions'],
  ],
  'embed.html': ['qr', 'status', 'refresh', 'user-code', 'match-form', 'match-code'],
  'home.html': ['user-name', 'sessions', 'sign-out'],
}

test('every page has what it waits for', () => {
  const waiting = readdirSync('dist/web/en').filter((name) => name.endsWith('.html'))
  expect(waiting).toContain('offline.html')
  for (const name of waiting) expect([name, page(name).split(' id="foot"').length]).toEqual([name, 2])
})

describe.each(Object.entries(ids))('%s', (name, wanted) => {
  const html = page(name)

  test('has every part that the contract names, once', () => {
    for (const id of wanted) expect(html.split(` id="${id}"`)).toHaveLength(2)
  })

  test('runs under a policy that allows nothing inline and nothing from elsewhere', () => {
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc="\/)|<script[^>]*>[^<]/)
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  test('has its script fetched ahead of all that the browser meets on the way to it', () => {
    const [, script = ''] = /<script type="module" src="(\/assets\/[^"]+)">/.exec(html) ?? []
    const ahead = html.indexOf(`<link rel="modulepreload" href="${script}">`)
    expect(ahead).toBeGreaterThan(0)
    expect(ahead).toBeLessThan(html.indexOf('<script'))
  })

  test('is not painted before it is there as a whole: what came first would move when the rest comes', () => {
    expect(html.slice(0, html.indexOf('</head>'))).toContain('<link rel="expect" href="#foot" blocking="render">')
    expect(html.slice(html.indexOf('</main>'))).toContain('<footer id="foot"')
  })

  test('says its language, title, size and colour, and what to do without JavaScript', () => {
    for (const part of ['<html lang="en">', '<title>', 'name="viewport"', 'name="theme-color"', '<noscript>']) {
      expect(html).toContain(part)
    }
  })
})

test('what comes later needs no file but its page’s own, and is imported so that it can be asked for again', () => {
  const scripts = assetsOfThisBuild().filter((name) => name.endsWith('.js'))
  const imports = scripts.map((name) => {
    const text = readFileSync(join('dist/web/assets', name), 'utf8')
    const named = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found)
    return {
      needs: named(/\bfrom"([^"]+)"/g),
      later: named(/\b(\w+)=>\1\("\/assets\/[^"]+\.js"\)/g),
      onlyOnce: named(/\bimport\("([^"]+)/g),
    }
  })
  const needed = imports.flatMap(({ needs }) => needs)
  expect(needed.length).toBeGreaterThan(0)
  expect(needed.filter((name) => !/^\/assets\/\w+-page-\w+\.js$/.test(name ?? ''))).toEqual([])
  expect(imports.flatMap(({ later }) => later).length).toBeGreaterThan(0)
  expect(imports.flatMap(({ onlyOnce }) => onlyOnce)).toEqual([])
})

test('no script builds markup from text', () => {
  for (const { text } of sources) {
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(/)
  }
})

test('no script takes the wire on trust, polls by setInterval or has localStorage', () => {
  for (const { text } of sources) expect(text).not.toMatch(/: any\b|as any\b|setInterval|localStorage/)
})

test('storage, which a browser may block, is touched in one place, and the cookie of the language in one, and nobody relies on it', () => {
  const touching = sources.filter(({ text }) => /\b(session|local)Storage\b|indexedDB|document\.cookie/.test(text))
  expect(touching.map(({ name }) => name)).toEqual(['language-chooser.ts', 'tab-memory.ts'])
})

test('no click is taken by the very element under it: a translator puts its own into a button', () => {
  for (const { text } of sources) expect(text).not.toMatch(/\.target\s*[!=]==?|[!=]==?\s*\w+\.target\b/)
})

test.each(['index.html', 'scan.html', 'home.html', 'not-found.html', 'trouble.html'])(
  '%s is watched while it starts',
  (name) => {
    expect(page(name)).toContain('<script async src="/page-guard.js"></script>')
    // A page without a script of its own has started as it stands.
    expect(page(name).includes('<script type="module"')).toBe(!page(name).includes('data-started'))
    expect(page(name).includes('id="start-trouble"')).toBe(!page(name).includes('data-started'))
  },
)
