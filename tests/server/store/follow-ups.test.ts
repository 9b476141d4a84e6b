import { expect, test } from '@jest/globals'
import { createFollowUps } from '../../../server/store/follow-ups.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what is left to do is bounded, in time and in number', async () => {
  const scheduled: { ms: number; callback: () => void }[] = []
  const followUps = createFollowUps((ms, callback) => {
    scheduled.push({ ms, callback })
    return () => undefined
  })
  let tries = 0
  followUps.begin('never done', async () => {
    tries++
    throw new Error('away')
  })
  for (const ms of [1000, 5000, 30_000, 120_000, 600_000]) {
    const due = scheduled.splice(0)
    expect(due.map((one) => one.ms)).toEqual([ms])
    due[0]?.callback()
    await settled()
  }
  expect([tries, followUps.has('never done'), scheduled]).toEqual([5, false, []])
  for (let at = 0; at < 10_001; at++) followUps.begin(`${at}`, async () => true)
  expect(scheduled).toHaveLength(10_000)
})
