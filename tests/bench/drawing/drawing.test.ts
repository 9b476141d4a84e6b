import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { contrast, parseColour } from '../../../server/brand/colour.ts'
import { connectToChromium } from '../../support/browsers.ts'
import { bars } from './bars.mjs'
import { pictures } from './pictures.mjs'
import { brief, linear, logarithmic } from './scales.mjs'
import { LOOKS } from './svg.mjs'

/** Invented figures. */
const figures = {
  throughput: {
    rows: [
      { name: 'ScanIn', ofFloor: 1.38, ofConstant: 0.9 },
      { name: 'ScanIn, for applications too', ofFloor: 1.37, ofConstant: 0.89 },
      { name: 'constant', ofFloor: 1.52, ofConstant: 1 },
      { name: 'floor', ofFloor: 1, ofConstant: 0.66 },
      { name: 'better-auth', ofFloor: 0.02, ofConstant: 0.01 },
    ],
  },
  'promptness-publish': promptness({
    change: 'publish',
    waiting: 1000,
    roundTripMs: 0,
    millis: [0.011, 0.99, 0.9, 998],
  }),
  'promptness-sign-in': promptness({ change: 'sign-in', waiting: 5000, roundTripMs: 0, millis: [5, 110, 6, 95] }),
  'promptness-sign-in-far': promptness({
    change: 'sign-in',
    waiting: 1000,
    roundTripMs: 50,
    millis: [99, 101, 100, 100],
  }),
  waiters: [
    { name: 'held poll, 25 s', waiting: 5000, bytesAWaiter: 6646 },
    { name: 'held poll, 2 s', waiting: 5000, bytesAWaiter: 29_273 },
    { name: 'WebSocket', waiting: 5000, bytesAWaiter: 6164 },
  ],
  growth: [100, 1000, 1_000_000].map((pendingLogins) => ({ pendingLogins, perSecond: 49_000, floorPerSecond: 48_500 })),
  instances: ['one Redis', 'a Cluster of three'].flatMap((store, at) =>
    [1, 2, 3, 4].map((instances) => ({ store, instances, cpuMicros: 20 + at * 8 + instances })),
  ),
}

function promptness({
  change,
  waiting,
  roundTripMs,
  millis,
}: {
  change: string
  waiting: number
  roundTripMs: number
  millis: number[]
}) {
  const [ours50, ours99, theirs50, theirs99] = millis
  const [heldPoll, webSocket] = [
    { p50Ms: ours50, p99Ms: ours99 },
    { p50Ms: theirs50, p99Ms: theirs99 },
  ]
  return { change, waiting, holdSeconds: 2, roundTripMs, heldPoll, webSocket, p50Ratio: 0.9, p99Ratio: 1.1 }
}

const drawn: Map<string, string> = pictures(figures)

test('the same figures give the same pictures, and what a run did not measure is not drawn', () => {
  expect(drawn.size).toBe(6)
  expect([...pictures(structuredClone(figures))]).toEqual([...drawn])
  const { waiters, growth } = figures
  expect([...pictures({ waiters, growth }).keys()]).toEqual(['bench-waiters', 'bench-growth'])
})

test('who cannot see a picture is told its figures', () => {
  const told = (name: string) => /<desc[^>]*>(.*)<\/desc>/.exec(drawn.get(name) ?? '')?.[1]
  expect(told('bench-polls')).toContain('ScanIn (90 % of the constant): 138 %')
  expect(told('bench-polls')).toContain('The goal was at least 140 %.')
  expect(told('bench-signing-in')).toContain('ScanIn p50 5 ms, p99 110 ms; a WebSocket p50 6 ms, p99 95 ms')
  expect(told('bench-growth')).toContain('the floor: 48.5 at 100, 48.5 at 1,000, 48.5 at 1,000,000.')
})

test('both looks can be read: text 4.5:1, and what else has to be seen 3:1', () => {
  const ratio = (one: string, other: string) => {
    const [a, b] = [parseColour(one), parseColour(other)]
    return a && b ? contrast(a, b) : 0
  }
  for (const { ground, soft, ink, ours, other } of Object.values(LOOKS)) {
    for (const words of [soft, ink]) expect(ratio(words, ground)).toBeGreaterThanOrEqual(4.5)
    for (const shape of [ours, other]) expect(ratio(shape, ground)).toBeGreaterThanOrEqual(3)
  }
})

test('figures have the digits that count', () => {
  expect([0.8749, 5.4, 82.46, 132.4, 1234.5].map(brief)).toEqual(['0.87', '5.4', '82.5', '132', '1,235'])
  expect([0, 0.001, 100, 999.9].map(brief)).toEqual(['0', '0.001', '100', '1000'])
})

test('scales end at round numbers, with every figure on them', () => {
  expect(linear({ most: 152, from: 0, to: 200 }).ticks).toEqual([0, 50, 100, 150, 200])
  expect(linear({ most: 152, from: 0, to: 200 }).place(152)).toBe(152)
  expect(logarithmic({ least: 0.63, most: 110, from: 0, to: 4 }).ticks).toEqual([0.1, 1, 10, 100, 1000])
  expect(logarithmic({ least: 1, most: 100, from: 0, to: 2 }).ticks).toEqual([1, 10, 100])
  expect(logarithmic({ least: 5, most: 5, from: 0, to: 1 }).ticks).toEqual([1, 10])
})

describe('in a browser', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await connectToChromium()
    page = await browser.newPage()
  })
  afterAll(() => browser.close())

  const kept = readFileSync('docs/performance.md', 'utf8').match(/bench-[a-z-]+(?=\.svg)/g) ?? []
  const files = kept.map((name): [string, string] => [
    `docs/${name}`,
    readFileSync(`docs/pictures/${name}.svg`, 'utf8'),
  ])

  test.each([...drawn, ...files])(
    '%s is XML, and its words lie within it and not on each other',
    async (_name, svg) => {
      const faults = await page.evaluate((source) => {
        const { documentElement: root } = new DOMParser().parseFromString(source, 'image/svg+xml')
        if (root.querySelector('parsererror')) return ['not XML']
        document.body.replaceChildren(root)
        const room = root.getBoundingClientRect()
        const words = [...root.querySelectorAll('text')].map((text) => ({
          said: text.textContent,
          box: text.getBoundingClientRect(),
        }))
        const outside = words.filter(
          ({ box }) => box.left < room.left || box.right > room.right || box.bottom > room.bottom,
        )
        const pairs = words.flatMap((one, at) => words.slice(at + 1).map((other) => [one, other] as const))
        const touching = pairs.filter(([{ box: a }, { box: b }]) => {
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left)
          // A line of text is taller than its letters.
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
          return across > 0 && down > 6
        })
        return [...outside.map(({ said }) => said), ...touching.map(([one, other]) => `${one.said} | ${other.said}`)]
      }, svg)
      expect(faults).toEqual([])
    },
  )

  test('bars are as long as their figures, and a name is never more than a name', async () => {
    const rows = [
      { label: '<script>alert("&")</script>', value: 200, isOurs: true },
      { label: 'half of it', value: 100, isOurs: false },
      { label: 'a tenth', value: 20, isOurs: false },
    ]
    await page.setContent(bars({ title: '', reading: '', unit: ' kB', rows, goal: undefined }))
    const widths = await page.$$eval('path', (paths) =>
      paths.map((path) => Math.round(path.getBoundingClientRect().width)),
    )
    expect(widths).toEqual([1, 0.5, 0.1].map((share) => Math.round((widths[0] ?? 0) * share)))
    expect(widths[0]).toBeGreaterThan(200)
    expect(await page.locator('text', { hasText: '<script>alert("&")</script>' }).count()).toBe(1)
    expect(await page.locator('script').count()).toBe(0)
  })
})
