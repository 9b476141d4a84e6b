import { expect, test } from '@jest/globals'
import type { Page, Route } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { createPhone } from '../support/http-client.ts'
import { openSignedIn, sees } from '../support/page-steps.ts'
import { setUpPageTests } from '../support/page-tests.ts'
import { problemReply } from '../support/problem-reply.ts'

/** What pages say while they look by themselves how things are: what is so still is not said again, and nothing is wiped. */

const { visitors, shared } = setUpPageTests({ away: {}, failing: {} })

const inTrouble = problemReply(503, 'store_unavailable', { 'retry-after': '1' })

async function openHome(url: string): Promise<Page> {
  const page = await visitors.desktop()
  await openSignedIn(page, url)
  await sees(page, '#sessions', 'This phone')
  await page.goto(`${url}/home`)
  await sees(page, '#sessions', 'This phone')
  return page
}

/** A look of the page's own, from its first question to what it shows of the last answer. */
async function looks(page: Page): Promise<void> {
  const asked = page.waitForResponse(/\/sessions$/)
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await (await asked).finished()
  await page.evaluate(() => new Promise(requestAnimationFrame))
}

/**
 * In the page, before it is there or after: notes what is written for the ear, also where those words stand there already. A
 * screen reader says them again, and `hear` takes them for said.
 */
function noteWritten() {
  const written: string[] = []
  Object.assign(window, { written })
  const isForEye = (node: Node) => node instanceof Element && node.ariaHidden === 'true'
  const note = (records: MutationRecord[]) => {
    const added = records.flatMap(({ addedNodes }) => [...addedNodes])
    written.push(...added.filter((node) => !isForEye(node)).map((node) => node.textContent ?? ''))
  }
  const begin = () => {
    const place = document.querySelector('#status')
    if (place !== null) new MutationObserver(note).observe(place, { childList: true })
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin)
  else begin()
}

const writtenIn = (page: Page) => page.evaluate((): string[] => Reflect.get(window, 'written'))

test('a device that could not be signed out is said not to be until the next try, also where the page has looked again', async () => {
  const { url } = shared('failing')
  await createPhone(url)
  const page = await openHome(url)
  visitors.await(/status of 503 .*\/(sessions\/|sign-out)/)
  await page.route('**/sessions/*', (route) => route.fulfill(problemReply(503, 'store_unavailable')), { times: 1 })
  await page.route('**/sign-out', (route) => route.fulfill(problemReply(503, 'store_unavailable')), { times: 1 })
  const other = page.locator('#sessions li').nth(1).locator('.device-end')
  await other.click()
  await sees(page, '#sessions-message', 'having trouble')
  await page.locator('#sign-out').click()
  await sees(page, '#status', 'having trouble')
  await looks(page)
  await looks(page)
  await sees(page, '#sessions-message', 'having trouble')
  await sees(page, '#status', 'having trouble')
  await other.click()
  await page.locator('#sessions li').nth(1).waitFor({ state: 'detached' })
  expect(await page.locator('#sessions-message').textContent()).toBe('')
})

test('a sign-out whose answer was lost is spoken of until the device is gone from the list', async () => {
  const { url } = shared('failing')
  await createPhone(url)
  const page = await openHome(url)
  visitors.await(/ERR_FAILED .*\/sessions\//)
  const lost = async (route: Route) => {
    await route.fetch()
    await route.abort()
  }
  await page.route('**/sessions/*', lost, { times: 1 })
  const id = await page.locator('#sessions li').nth(1).getAttribute('data-session')
  const other = page.locator(`[data-session="${id}"]`)
  // The look at the list that follows would take it away between two frames.
  let mayLook = () => {}
  const isSaid = new Promise<void>((resolve) => {
    mayLook = resolve
  })
  await page.route(/\/sessions$/, async (route) => {
    await isSaid
    await route.continue()
  })
  await other.locator('.device-end').click()
  await sees(page, '#sessions-message', 'cannot be reached')
  mayLook()
  await other.waitFor({ state: 'detached' })
  await eventually('it is over', async () => (await page.locator('#sessions-message').textContent()) === '')
})

test('what was not done on the phone’s page is not told any more once its list is shown anew', async () => {
  const { url } = shared('failing')
  await createPhone(url)
  const phone = await visitors.phone()
  await openSignedIn(phone, url)
  visitors.await(/status of 503 .*\/sessions\//)
  await phone.route('**/sessions/*', (route) => route.fulfill(problemReply(503, 'store_unavailable')), { times: 1 })
  await phone.locator('#sessions .device-end:visible').first().click()
  await sees(phone, '#sessions-message', 'having trouble')
  await phone.evaluate(() => {
    location.hash = 'no-code'
  })
  await eventually('it is over', async () => (await phone.locator('#sessions-message').textContent()) === '')
})

test('a service that cannot be reached is spoken of once, and no more when it is back', async () => {
  const { url } = shared('away')
  const page = await openHome(url)
  visitors.await(/ERR_FAILED .*\/session$/)
  await page.evaluate(noteWritten)
  let asked = 0
  await page.route('**/session', (route) => {
    asked += 1
    return route.abort()
  })
  await eventually('it has asked several times', async () => {
    await page.evaluate(() => window.dispatchEvent(new Event('focus')))
    return asked > 3
  })
  await page.unroute('**/session')
  await looks(page)
  await eventually('it is over', async () => (await page.locator('#status').textContent()) === '')
  expect(await writtenIn(page)).toEqual(['The service cannot be reached. Check the connection.'])
})

test.each(['cannot be reached', 'is having trouble'])(
  'the phone’s page says once that the service %s, however often it tries',
  async (words) => {
    const { url } = shared('away')
    const phone = await visitors.phone()
    visitors.await(/(ERR_FAILED|status of 503) .*\/session$/)
    await phone.addInitScript(noteWritten)
    let asked = 0
    await phone.route('**/session', (route) => {
      asked += 1
      return words === 'is having trouble' ? route.fulfill(inTrouble) : route.abort()
    })
    await phone.goto(`${url}/scan`)
    await eventually('it has asked several times', async () => asked > 3)
    await phone.unroute('**/session')
    await phone.locator('#sign-in-form').waitFor()
    expect((await writtenIn(phone)).filter((each) => each.includes(words))).toHaveLength(1)
  },
)
