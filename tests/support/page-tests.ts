import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { connectToChromium, createVisitors, type Visitors } from './browsers.ts'
import { type Service, startService } from './service.ts'

export interface PageTests<Name extends string> {
  visitors: Visitors
  /** A service that all tests of the file share. */
  shared(name: Name): Service
  /** A service for this test alone. It ends after its visitors have left, so that no page of theirs misses it. */
  serve(env?: Record<string, string>): Promise<Service>
}

/** Browsers that are not the Chromium that all share. */
interface OwnBrowsers {
  /** Everybody's. */
  launch?(): Promise<Browser>
  /** Phones' alone. */
  launchPhones?(): Promise<Browser>
}

/**
 * Sets up a file of tests of the pages: one Chromium for all, if it is not to be another; new visitors for every test, who
 * must have nothing to complain about when they leave; and the services named in `services`, each with its environment.
 */
export function setUpPageTests<Name extends string>(
  services: Record<Name, Record<string, string>>,
  { launch = connectToChromium, launchPhones }: OwnBrowsers = {},
): PageTests<Name> {
  const shared = new Map<string, Service>()
  let browser: Browser | undefined
  let phones: Browser | undefined
  let own: Service[] = []
  let current: Visitors | undefined

  beforeAll(async () => {
    const starts = Object.entries<Record<string, string>>(services).map(async ([name, env]) => {
      shared.set(name, await startService(env))
    })
    const launches = [
      launch().then((launched) => {
        browser = launched
      }),
      launchPhones?.().then((launched) => {
        phones = launched
      }),
    ]
    await Promise.all([...launches, ...starts])
  })
  afterAll(() =>
    Promise.all([browser?.close(), phones?.close(), ...[...shared.values()].map((service) => service.stop())]),
  )

  beforeEach(() => {
    current = createVisitors(there(browser), phones)
  })
  afterEach(async () => {
    await there(current).leave()
    await Promise.all(own.map((service) => service.stop()))
    own = []
    expect(there(current).complaints()).toEqual([])
  })

  return {
    visitors: {
      desktop: (options) => there(current).desktop(options),
      phone: (options) => there(current).phone(options),
      complaints: () => there(current).complaints(),
      await: (...complaints) => there(current).await(...complaints),
      leave: () => there(current).leave(),
    },
    shared: (name) => there(shared.get(name)),
    async serve(env = {}) {
      const service = await startService(env)
      own.push(service)
      return service
    },
  }
}

function there<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('not before the tests run')
  return part
}
