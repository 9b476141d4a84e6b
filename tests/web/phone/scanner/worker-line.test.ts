import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import type { ReaderAnswer } from '../../../../web/src/phone/scanner/reader-wire.ts'
import { openWorkerLine } from '../../../../web/src/phone/scanner/worker-line.ts'
import { eventually } from '../../../support/eventually.ts'
import { createFakeClock, settle } from '../../support/fake-clock.ts'

const question = { kind: 'begin', wasm: new ArrayBuffer(0) } as const
const tenSeconds = 10_000

/** A worker that says what the test says. */
function open() {
  let isEnded = false
  const worker = Object.assign(new EventTarget(), {
    onmessage: null,
    onmessageerror: null,
    onerror: null,
    postMessage: () => undefined,
    terminate: () => {
      isEnded = true
    },
  })
  const clock = createFakeClock()
  return {
    clock,
    line: openWorkerLine(worker, clock),
    say: (data: ReaderAnswer) => worker.dispatchEvent(new MessageEvent('message', { data })),
    fail: () => worker.dispatchEvent(new Event('error')),
    isEnded: () => isEnded,
  }
}

test('what a worker says is the answer, and bad news are none', async () => {
  const { line, say, isEnded } = open()
  const good = line.ask(question, [], tenSeconds)
  say({ kind: 'read', text: 'a code' })
  expect(await good).toEqual({ kind: 'read', text: 'a code' })
  expect(isEnded()).toBe(false)
  const bad = expect(line.ask(question, [], tenSeconds)).rejects.toThrow('no wasm here')
  say({ kind: 'failed', why: 'no wasm here' })
  await bad
  expect(isEnded()).toBe(true)
})

test('a worker that is silent for as long as it was given is ended, and no sooner', async () => {
  const { line, clock, isEnded } = open()
  const asked = expect(line.ask(question, [], tenSeconds)).rejects.toThrow('silent')
  await clock.pass(tenSeconds - 1)
  expect(isEnded()).toBe(false)
  await clock.pass(1)
  await asked
  expect(isEnded()).toBe(true)
})

test('a worker that breaks ends what is asked of it then, and later', async () => {
  const { line, fail } = open()
  const asked = expect(line.ask(question, [], tenSeconds)).rejects.toThrow('failed')
  fail()
  await asked
  expect(line.broken.aborted).toBe(true)
  await expect(line.ask(question, [], tenSeconds)).rejects.toThrow('failed')
})

test('an answer that was taken is not kept, however many there are', async () => {
  const { line, say } = open()
  const ask = async () => {
    const answer = line.ask(question, [], tenSeconds)
    say({ kind: 'read', text: undefined })
    return new WeakRef(await answer)
  }
  const answers: WeakRef<ReaderAnswer>[] = []
  for (let looks = 0; looks < 20; looks++) answers.push(await ask())
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('there is no gc')
  await eventually('they are gone', async () => {
    await settle()
    collect()
    // The last one a browser's event may still have.
    return answers.filter((answer) => answer.deref() !== undefined).length <= 1
  })
})
