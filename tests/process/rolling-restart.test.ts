import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '../support/eventually.ts'
import { startCrowd } from '../support/keep-alive-crowd.ts'
import { startServiceProcess } from '../support/service.ts'
import { startTwoInstances, type TwoInstances } from '../support/two-instances.ts'

const CLIENTS = 24

let site: TwoInstances
beforeAll(async () => {
  site = await startTwoInstances({}, startServiceProcess)
})
afterAll(() => site?.stop())

test.each([
  { where: 'to the instances themselves', origins: () => site.instances },
  { where: 'through nginx', origins: () => [site.url] },
])('a rolling restart under load that keeps its connections costs nobody a request, $where', async ({ origins }) => {
  const crowd = startCrowd(origins(), CLIENTS)
  /** Everybody is at it, on connections that were used before. */
  const untilBusy = () => {
    const enough = crowd.answered() + 10 * CLIENTS
    return eventually('the crowd is at it', () => crowd.answered() > enough)
  }
  const codes: (number | null)[] = []
  for (const at of [0, 1, 0]) {
    await untilBusy()
    codes.push(await site.restart(at))
  }
  await untilBusy()
  await crowd.stop()
  expect(crowd.failures()).toEqual([])
  expect(codes).toEqual([0, 0, 0])
})
