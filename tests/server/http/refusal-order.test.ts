import { afterEach, beforeEach, expect, test } from '@jest/globals'
import fastify, { type FastifyContextConfig, type FastifyInstance, type HTTPMethods } from 'fastify'
import { ScanInError } from '../../../server/errors.ts'
import type { Step } from '../../../server/http/pressure.ts'
import { refuseInOrder } from '../../../server/http/refusal-order.ts'

let app: FastifyInstance
let asked: Step[]

beforeEach(() => {
  asked = []
  app = fastify()
  app.addHook(
    'onRequest',
    refuseInOrder({
      admit(step) {
        asked.push(step)
        if (step === 'begin') throw new ScanInError('overloaded')
      },
    }),
  )
})

afterEach(() => app.close())

async function statusOf(config: FastifyContextConfig, method: HTTPMethods = 'GET'): Promise<number> {
  app.route({ method: ['GET', 'OPTIONS'], url: '/', config, handler: async () => 'answered' })
  return (await app.inject({ method: method as 'GET', url: '/' })).statusCode
}

test.each<[string, FastifyContextConfig, Step]>([
  ['says nothing of it', {}, 'go_on'],
  ['goes on with one', { step: 'go_on' }, 'go_on'],
  ['ends one', { step: 'finish' }, 'finish'],
])('a route that %s is asked for as that', async (_what, config, step) => {
  expect(await statusOf(config)).toBe(200)
  expect(asked).toEqual([step])
})

test('what is refused gets to no route', async () => {
  expect(await statusOf({ step: 'begin' })).toBe(500)
  expect(asked).toEqual(['begin'])
})

test('HEAD is asked for as GET is', async () => {
  expect(await statusOf({ step: 'finish' }, 'HEAD')).toBe(200)
  expect(asked).toEqual(['finish'])
})

test.each<[string, FastifyContextConfig, HTTPMethods]>([
  ['a route that is never refused', { step: 'never_refused' }, 'GET'],
  ['what a browser asks before a request of another origin', { step: 'begin' }, 'OPTIONS'],
])('nothing is asked for %s', async (_what, config, method) => {
  expect(await statusOf(config, method)).toBe(200)
  expect(asked).toEqual([])
})
