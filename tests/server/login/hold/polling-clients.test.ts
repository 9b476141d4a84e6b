import { expect, test } from '@jest/globals'
import type { Proof } from '../../../../server/login/hold/own-login.ts'
import { createPollingClients } from '../../../../server/login/hold/polling-clients.ts'
import type { Version } from '../../../../server/store/record-store.ts'

const PROOF: Proof = {
  record: { value: undefined, version: 'a version' as Version },
  loginId: 'l'.repeat(16),
  browserKey: 'k'.repeat(43),
  secret: 's'.repeat(22),
  goodUntil: 300_000,
  view: { status: 'pending', expiresAt: 300_000, triesLeft: undefined, user: undefined },
}

function createPaced({ most }: { most?: number } = {}) {
  const time = { now: 0 }
  const paces = { current: { interval: 2, hold: 2 }, polled: () => undefined, holdSeconds: () => 2 }
  const clients = createPollingClients({ clock: () => time.now, paces, ...(most === undefined ? {} : { most }) })
  return { time, paces, clients, poll: (key: string) => clients.admit(clients.find(key)) }
}

test('a client that keeps to the interval is never refused', () => {
  const { time, poll } = createPaced()
  for (let n = 0; n < 1000; n++) {
    expect(poll('client')).toBe(0)
    time.now += 2000
  }
})

test('a few polls at once are fine, far more are not', () => {
  const { poll } = createPaced()
  const answers = Array.from({ length: 30 }, () => poll('client'))
  expect(answers.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
  expect(answers.at(-1)).toBeGreaterThan(0)
})

test('a refused poll does not move the window: the wait that it was told is enough', () => {
  const { time, poll } = createPaced()
  for (let n = 0; n < 500; n++) poll('client')
  const wait = poll('client')
  expect(wait).toBe(1)
  time.now += wait * 1000
  expect(poll('client')).toBe(0)
})

test('after a refusal a client that keeps to the interval is not refused again', () => {
  const { time, poll } = createPaced()
  for (let n = 0; n < 500; n++) poll('client')
  for (let n = 0; n < 100; n++) {
    time.now += 2000
    expect(poll('client')).toBe(0)
  }
})

test('nobody is slowed by another, however much alike their keys are', () => {
  const { poll } = createPaced()
  const key = 'k'.repeat(42)
  for (let n = 0; n < 500; n++) poll(`${key}l`)
  expect(poll(`${key}m`)).toBe(0)
})

test('a client is counted from its first poll on, also where those who have gone are forgotten then', () => {
  const { time, clients, poll } = createPaced()
  poll('earlier')
  time.now += 60_000
  const client = clients.find('new')
  clients.admit(client)
  expect(clients.find('new')).toBe(client)
})

test('a client with a proof is remembered while it waits for a held poll, and forgotten some time after its last', () => {
  const { time, clients, poll } = createPaced()
  const client = clients.find('client')
  client.proof = PROOF
  poll('client')
  time.now += 25_000
  poll('another')
  expect(clients.find('client')).toBe(client)
  time.now += 45_000
  poll('another')
  expect(clients.find('client')).not.toBe(client)
})

test('a client without one is forgotten once it is on pace', () => {
  const { time, clients, poll } = createPaced()
  const client = clients.find('made up')
  poll('made up')
  time.now += 11_000
  poll('another')
  expect(clients.find('made up')).not.toBe(client)
})

test('a clock that is set back an hour slows nobody', () => {
  const { time, poll } = createPaced()
  for (let n = 0; n < 5; n++) poll('client')
  time.now -= 3_600_000
  expect(poll('client')).toBe(0)
})

test('nor does it keep keys that anybody may make up', () => {
  const { time, clients, poll } = createPaced()
  const client = clients.find('made up')
  poll('made up')
  time.now -= 3_600_000
  clients.find('later')
  poll('later')
  time.now += 60_000
  poll('another')
  expect(clients.find('later')).not.toBe(client)
})

test('who keeps to the interval that it was told last is never refused, however that changes', () => {
  const { time, paces, poll } = createPaced()
  // As far ahead as is allowed, as a tab that was woken again and again.
  for (let polls = 0; polls < 9; polls++) expect(poll('client')).toBe(0)
  for (const interval of [2, 10, 10, 10, 2, 2, 2, 2, 2, 2, 6, 10, 3, 2]) {
    const told = paces.current.interval
    time.now += told * 1000
    expect(poll('client')).toBe(0)
    paces.current = { interval, hold: 25 }
  }
})

test('far faster than a slowed interval is refused, and told to wait as long as that takes', () => {
  const { time, paces, poll } = createPaced()
  paces.current = { interval: 10, hold: 25 }
  const answers = Array.from({ length: 30 }, () => poll('client'))
  expect(answers.slice(0, 9)).toEqual(Array(9).fill(0))
  expect(answers.at(-1)).toBe(5)
  time.now += 5000
  expect(poll('client')).toBe(0)
})

test('keys without end are not remembered without end, and are served all the same', () => {
  const { clients, poll } = createPaced({ most: 2 })
  expect(poll('client')).toBe(0)
  const known = clients.find('client')
  for (let made = 0; made < 100; made++) expect(poll(`made up ${made}`)).toBe(0)
  expect(clients.find('client')).toBe(known)
  expect(clients.find('made up 99')).not.toBe(clients.find('made up 99'))
})
