import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseSync } from '@swc/core'
import { assetsOfThisBuild } from '../support/assets.ts'

/** What Safari 15.4, Chrome 100 or Firefox 100 lacks: a page with it is dead there, or dies at the first click. */
const NEWER_MEMBERS = new Set([
  ...['findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'fromAsync', 'groupBy', 'withResolvers'],
  ...['canParse', 'isWellFormed', 'toWellFormed', 'isSubsetOf', 'isSupersetOf', 'union', 'intersection', 'difference'],
  ...['requestIdleCallback', 'navigation', 'startViewTransition', 'checkVisibility', 'setHTMLUnsafe'],
  ...['requestVideoFrameCallback', 'showPopover', 'togglePopover'],
])
const NEWER_STATICS = new Set([
  'AbortSignal.any',
  'AbortSignal.timeout',
  'Promise.try',
  'RegExp.escape',
  'JSON.rawJSON',
])
const LOOKBEHIND = /\(\?<[=!]/

/** What in a script is newer than the build target, by a walk over its whole syntax tree. */
function newerIn(code: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const what = newerThing(node as Readonly<Record<string, unknown>>)
    if (what !== undefined) found.push(what)
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseSync(code, { syntax: 'ecmascript', target: 'esnext' }).body)
  return found
}

function newerThing(node: Readonly<Record<string, unknown>>): string | undefined {
  switch (node['type']) {
    case 'RegExpLiteral':
      if (LOOKBEHIND.test(String(node['pattern']))) return `lookbehind /${node['pattern']}/`
      return /[v]/.test(String(node['flags'])) ? `flags ${node['flags']}` : undefined
    case 'StringLiteral':
      return LOOKBEHIND.test(String(node['value'])) ? 'lookbehind in a text' : undefined
    case 'StaticBlock':
    case 'UsingDeclaration':
    case 'ImportAttribute':
      return String(node['type'])
    case 'MemberExpression':
      return newerMember(nameOf(node['object']), nameOf(node['property']))
    default:
      return undefined
  }
}

const newerMember = (object: string, property: string): string | undefined =>
  NEWER_MEMBERS.has(property) || NEWER_STATICS.has(`${object}.${property}`) ? `${object}.${property}` : undefined

const nameOf = (node: unknown): string =>
  typeof node === 'object' && node !== null && 'value' in node && typeof node.value === 'string' ? node.value : ''

const all = [...assetsOfThisBuild().map((name) => join('assets', name)), ...readdirSync('dist/web')]
  .filter((name) => name.endsWith('.js'))
  .map((name) => join('dist/web', name))
const stemOf = (path: string) => basename(path, '.js').replace(/-[A-Z0-9]{8}$/, '')
// Those of earlier builds are served too, and were looked at then. A page's scripts differ by their words alone.
const scripts = [...new Map(all.map((path) => [stemOf(path) === 'chunk' ? path : stemOf(path), path])).values()]

describe('every script that is served', () => {
  test.each(scripts)('%s runs in the oldest browsers that are named', (path) => {
    expect(newerIn(readFileSync(path, 'utf8'))).toEqual([])
  })

  test('is looked at: pages, decoder and guard', () => {
    const names = scripts.map(stemOf)
    const pages = ['login-page', 'embed-page', 'scan-page', 'home-page', 'sign-out-page', 'post-page']
    const parts = ['scanner', 'reader-worker', 'decode', 'webauthn-library', 'page-guard']
    expect(names).toEqual(expect.arrayContaining([...pages, ...parts]))
  })
})

describe('this test', () => {
  test.each([
    ["'a.b'.split(/(?<=\\.)/)", 'lookbehind /(?<=\\.)/'],
    ["new RegExp('(?<!a)b')", 'lookbehind in a text'],
    ['/a/v', 'flags v'],
    ['class A { static { f() } }', 'StaticBlock'],
    ['[1].toSorted()', '.toSorted'],
    ['AbortSignal.any([])', 'AbortSignal.any'],
    ['URL.canParse(a)', 'URL.canParse'],
  ])('finds what is newer in %s', (code, what) => {
    expect(newerIn(code)).toEqual([what])
  })

  test('takes what every named browser has', () => {
    expect(newerIn('class A { #a = 1; b = [1].at(-1) ?? Object.hasOwn({}, "a") }; /(?<name>a)/u.exec("a")')).toEqual([])
  })
})
