import { expect, test } from '@jest/globals'
import { pino } from 'pino'
import { ScanInError } from '../../../server/errors.ts'
import { createTroubleLog } from '../../../server/log/trouble-log.ts'

function createLog(explain?: () => { kind: string; text: string }) {
  const lines: Record<string, unknown>[] = []
  const time = { now: 0 }
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { lines, time, log: createTroubleLog({ logger, clock: () => time.now, explain }) }
}

const trouble = (message: string) => new ScanInError('store_unavailable', { cause: new Error(message) })

test('names a trouble once, counts it, and says a minute later how often it came', () => {
  const { lines, time, log } = createLog(() => ({ kind: 'full', text: 'It is full' }))
  for (let times = 0; times < 37; times++) log.tell(trouble('OOM'), { route: '/login' })
  expect(lines).toEqual([{ level: 40, route: '/login', trouble: 'full', msg: 'It is full' }])
  time.now += 60_000
  log.tell(trouble('OOM'))
  expect(lines[1]).toEqual({ level: 40, trouble: 'full', times: 37, msg: 'again, 37 times since: It is full' })
})

test('names each trouble for itself, and one that nobody has words for as it is', () => {
  const { lines, log } = createLog()
  for (const message of ['one', 'other', 'one', 'other']) log.tell(trouble(message))
  expect(lines.map(({ msg, err }) => [msg, err])).toEqual([
    ['store_unavailable', expect.objectContaining({ message: 'one' })],
    ['store_unavailable', expect.objectContaining({ message: 'other' })],
  ])
})

test('a clock that is set back keeps nothing from being told', () => {
  const { lines, time, log } = createLog()
  time.now = 3_600_000
  log.tell(trouble('one'))
  time.now = 0
  log.tell(trouble('one'))
  expect(lines).toHaveLength(2)
})
