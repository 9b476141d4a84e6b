import { expect, test } from '@jest/globals'
import { watchSession } from '../../../web/src/sessions/session-watch.ts'
import type { CurrentSession } from '../../../web/src/wire/session-protocol.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeWake } from '../support/fake-wake.ts'
import { dropped, refusal } from '../support/polling.ts'

const session: CurrentSession = {
  user: { id: 'ada', name: 'Ada', email: undefined },
  session: { id: 's', kind: 'browser', createdAt: 0, lastSeenAt: 0, expiresInSeconds: 3600 },
}

/** A page that looks after its session, each look answered by the test. */
function watch() {
  const clock = createFakeClock()
  const [wake, news] = [createFakeWake(), createFakeWake()]
  const looks: { at: number; answer: (answer: CurrentSession | Error) => Promise<void> }[] = []
  const told: string[] = []
  const ending = new AbortController()
  void watchSession({
    api: {
      session: () =>
        new Promise((resolve, reject) => {
          const answer = async (said: CurrentSession | Error) => {
            if (said instanceof Error) reject(said)
            else resolve(said)
            await settle()
          }
          looks.push({ at: clock.now(), answer })
        }),
    },
    clock,
    wake,
    onNews: news.onWake,
    isHidden: () => false,
    onSession: () => told.push('there'),
    onGone: () => told.push('gone'),
    onFailure: () => told.push('failure'),
    signal: ending.signal,
  })
  return { clock, wake, news, told, looks, answer: (said: CurrentSession | Error) => looks.at(-1)?.answer(said) }
}

test('it looks every ten seconds, through failures, until the session is gone', async () => {
  const { clock, told, looks, answer, news, wake } = watch()
  await answer(session)
  await clock.pass(10_000)
  await answer(dropped())
  await clock.pass(10_000)
  await answer(refusal(401, 'authentication_required'))
  await clock.pass(60_000)
  expect(looks.map(({ at }) => at)).toEqual([0, 10_000, 20_000])
  expect(told).toEqual(['there', 'failure', 'gone'])
  expect([news.listeners(), wake.listeners()]).toEqual([0, 0])
})

test('what another tab tells while a look is under way is looked after too', async () => {
  const { clock, told, looks, answer, news } = watch()
  await news.wake()
  await answer(session)
  await clock.pass(1000)
  expect(looks.map(({ at }) => at)).toEqual([0, 1000])
  await answer(refusal(401, 'authentication_required'))
  expect(told).toEqual(['there', 'gone'])
})

test('a page that comes back is looked after once, however that is told', async () => {
  const { clock, looks, answer, wake } = watch()
  await wake.wake()
  await answer(session)
  await clock.pass(5000)
  await wake.wake()
  await wake.wake()
  await answer(session)
  await clock.pass(5000)
  expect(looks.map(({ at }) => at)).toEqual([0, 5000])
})
