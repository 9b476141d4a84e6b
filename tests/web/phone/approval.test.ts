import { describe, expect, test } from '@jest/globals'
import { phone as phoneWords } from '#messages/phone'
import { refusal as refusalWords } from '#messages/refusal'
import { type ApprovalView, createApproval } from '../../../web/src/phone/approval.ts'
import type { Decision } from '../../../web/src/phone/approval-end.ts'
import type { Connection } from '../../../web/src/poll/poller.ts'
import type { Assertion, RequestOptions } from '../../../web/src/wire/passkey-protocol.ts'
import type { ConfirmReply, PhoneReply, ScanReply } from '../../../web/src/wire/protocol.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createFakeWake } from '../support/fake-wake.ts'
import { dropped, refusal } from '../support/polling.ts'

const request: ScanReply = {
  status: 'scanned',
  token: 'V1StGXR8_Z5jdHi6.abcdefghijklmnopqrstuv',
  browser: { name: 'Chrome', os: 'Linux' },
  ip: '192.0.2.7',
  place: undefined,
  sameNetwork: true,
  ageSeconds: 3,
  origin: 'https://scanin.example',
  application: undefined,
  scopes: [],
  logo: undefined,
  isNewBrowser: undefined,
  match: 'none',
  confirm: undefined,
  rememberForSeconds: 2_592_000,
  expiresInSeconds: 120,
}

const state = (status: PhoneReply['status'], collected = false): PhoneReply => ({
  status,
  collected,
  expiresInSeconds: 60,
  intervalSeconds: undefined,
  holdSeconds: undefined,
})

const passkeyOptions: RequestOptions = {
  rpId: 'scanin.example',
  challenge: 'a challenge',
  timeout: 300_000,
  userVerification: 'required',
  allowCredentials: [],
}

function scanned(asking: ScanReply = request, decided?: Decision) {
  const clock = createFakeClock()
  const wake = createFakeWake()
  const views: ApprovalView[] = []
  const asked: string[] = []
  const connections: Connection[] = []
  const server: {
    status: PhoneReply | Error
    confirm: ConfirmReply | Error
    deny: Error | undefined
    options?: Error
    /** Since a moment ago this phone is signed in by another session, as the same person. */
    isOtherSession?: boolean
  } = { status: state('scanned'), confirm: { status: 'authenticated' }, deny: undefined }
  let signedOut = 0
  const confirmed: (Assertion | undefined)[] = []
  const proofs: (Assertion | Error)[] = []
  const ceremonies: AbortSignal[] = []
  const decisions: Decision[] = []
  const ends: number[] = []
  let late: Promise<void> | undefined
  const controller = new AbortController()
  const otherTabs = new EventTarget()
  let told = 0
  const answer = <T>(value: T | Error): T => {
    if (value instanceof Error) throw value
    return value
  }
  const approval = createApproval({
    api: {
      confirm: async ({ assertion }) => {
        confirmed.push(assertion)
        await late
        return answer(server.confirm)
      },
      confirmOptions: async () => {
        await late
        return answer(server.options ?? passkeyOptions)
      },
      deny: async () => {
        await late
        if (server.deny) throw server.deny
      },
      scanStatus: async ({ seen }) => {
        asked.push(seen)
        return answer(server.status)
      },
    },
    clock,
    decided,
    random: () => 0,
    wake,
    prove: async ({ challenge }, signal) => {
      ceremonies.push(signal)
      await late
      return answer(proofs.shift() ?? { signed: challenge })
    },
    request: asking,
    onView: (view) => views.push(view),
    onConnection: (connection) => connections.push(connection),
    onTime: (endsAt) => ends.push(endsAt),
    otherTabs: {
      tell: () => {
        told += 1
      },
      onNews: (listener) => {
        otherTabs.addEventListener('refused', listener)
        return () => otherTabs.removeEventListener('refused', listener)
      },
    },
    onDecision: (decision) => decisions.push(decision),
    onSignedOut: () => {
      signedOut += 1
    },
    lookAgain: async () => {
      if (server.isOtherSession) controller.abort()
    },
    signal: controller.signal,
  })
  approval.begin()
  return {
    ...{ approval, clock, views, asked, connections, server, confirmed, proofs, ceremonies, decisions, ends },
    /** From now on answers wait. @returns what lets them come */
    holdAnswers: () => {
      const held = new AbortController()
      late = new Promise((resolve) => held.signal.addEventListener('abort', () => resolve()))
      return () => {
        late = undefined
        held.abort()
      }
    },
    leave: () => controller.abort(),
    /** The person refuses it in another tab of this browser. */
    refuseElsewhere: () => void otherTabs.dispatchEvent(new Event('refused')),
    /** How often the other tabs were told that they refuse it in this one. */
    told: () => told,
    last: () => views.at(-1),
    signedOut: () => signedOut,
  }
}

describe('confirming', () => {
  test('waits for the browser, and says where it is signed in', async () => {
    const phone = scanned()
    await phone.clock.pass(1000)
    phone.server.status = state('authenticated')
    await phone.approval.confirm()
    await phone.clock.pass(3000)
    expect(phone.last()).toEqual({ kind: 'waiting' })
    phone.server.status = state('authenticated', true)
    await phone.clock.pass(3000)
    expect(phone.last()).toEqual({
      kind: 'done',
      browser: 'Chrome on Linux',
      login: 'V1StGXR8_Z5jdHi6',
      rememberFor: 2_592_000,
    })
  })

  test('shows the number where one is asked for, until it was typed', async () => {
    const phone = await matching()
    await phone.clock.pass(17_000)
    expect(phone.last()).toMatchObject({ kind: 'match', matchCode: '482913' })
    phone.server.status = state('authenticated', true)
    await phone.clock.pass(3000)
    expect(phone.last()).toMatchObject({ kind: 'done' })
  })

  test('can be tried again when the answer was lost, and the watch goes on', async () => {
    const phone = scanned()
    await settle()
    phone.server.confirm = dropped()
    await expect(phone.approval.confirm()).rejects.toThrow('dropped')
    expect(phone.last()).toMatchObject({ kind: 'asking' })
    const asked = phone.asked.length
    await phone.clock.pass(5000)
    expect(phone.asked.length).toBeGreaterThan(asked)
    phone.server.confirm = { status: 'authenticated' }
    await phone.approval.confirm()
    expect(phone.last()).toEqual({ kind: 'waiting' })
  })

  test('what is not there any more ends it', async () => {
    const phone = scanned()
    await settle()
    phone.server.confirm = refusal(404, 'expired_token')
    await phone.approval.confirm()
    expect(phone.last()).toEqual({ kind: 'ended', words: phoneWords.expired })
    const asked = phone.asked.length
    await phone.clock.pass(60_000)
    expect(phone.asked).toHaveLength(asked)
  })
})

describe('confirming by a passkey', () => {
  test('asks for one only where one is asked for', async () => {
    for (const confirm of [undefined, 'passkey'] as const) {
      const phone = scanned({ ...request, confirm })
      await settle()
      await phone.approval.confirm()
      expect(phone.confirmed).toEqual([confirm === undefined ? undefined : { signed: 'a challenge' }])
      expect(phone.last()).toEqual({ kind: 'waiting' })
    }
  })

  test('a person who turns away from it may try again, and the watch goes on', async () => {
    const phone = scanned({ ...request, confirm: 'passkey' })
    await settle()
    phone.proofs.push(new Error('turned away'))
    await expect(phone.approval.confirm()).rejects.toThrow('turned away')
    expect([phone.confirmed, phone.last()]).toEqual([[], expect.objectContaining({ kind: 'asking' })])
    phone.server.status = refusal(404, 'expired_token')
    await phone.clock.pass(3000)
    expect(phone.last()).toEqual({ kind: 'ended', words: phoneWords.expired })
  })

  test('where one was added since, the next try asks for it', async () => {
    const phone = scanned()
    await settle()
    phone.server.confirm = refusal(403, 'passkey_required')
    await expect(phone.approval.confirm()).rejects.toThrow('passkey_required')
    phone.server.confirm = { status: 'authenticated' }
    await phone.approval.confirm()
    expect(phone.confirmed).toEqual([undefined, { signed: 'a challenge' }])
    expect(phone.last()).toEqual({ kind: 'waiting' })
  })
})

describe('meanwhile', () => {
  test('a refusal ends it in our words, and asks no more', async () => {
    const phone = scanned()
    await phone.approval.deny()
    await phone.clock.pass(60_000)
    expect(phone.last()).toEqual({ kind: 'ended', words: { ...phoneWords.denied, stranger: 'kept_out' } })
    expect(phone.asked).toHaveLength(1)
  })

  test('a login that ran out of time is seen without a touch', async () => {
    const phone = scanned()
    phone.server.status = refusal(404, 'expired_token')
    await phone.clock.pass(3000)
    expect(phone.last()).toEqual({ kind: 'ended', words: phoneWords.expired })
  })

  test.each([
    ['asks how it goes on', 404, 'expired_token'],
    ['confirms it', 409, 'not_scanned'],
  ] as const)(
    'who is signed in by another session by the time that the page %s is told nothing of an end',
    async (_what, status, code) => {
      const phone = scanned()
      await settle()
      phone.server.isOtherSession = true
      phone.server.status = refusal(status, code)
      phone.server.confirm = refusal(status, code)
      if (status === 409) await phone.approval.confirm()
      await phone.clock.pass(3000)
      expect(phone.views).toEqual([expect.objectContaining({ kind: 'asking' })])
    },
  )

  const takeovers: [string, Error | undefined, object][] = [
    ['asks how it goes on', undefined, {}],
    ['confirms it', refusal(409, 'not_scanned'), {}],
    ['refuses it', refusal(409, 'not_scanned'), { stranger: 'may_be_in' }],
  ]
  test.each(takeovers)(
    'what another phone of the person goes on with by the time that the page %s is said to go on there',
    async (what, refused, more) => {
      const phone = scanned()
      await settle()
      phone.server.status = refusal(404, 'expired_token')
      phone.server.options = refusal(409, 'not_scanned')
      if (refused) Object.assign(phone.server, { confirm: refused, deny: refused, options: dropped() })
      if (what === 'confirms it') await phone.approval.confirm()
      if (what === 'refuses it') await phone.approval.deny()
      await phone.clock.pass(3000)
      const words = { ...phoneWords.finished, title: refusalWords.takenOver, ...more }
      expect(phone.last()).toEqual({ kind: 'ended', words })
    },
  )

  test('a number that the person has had on this phone is no stranger’s once another phone of theirs goes on', async () => {
    const phone = scanned({ ...request, status: 'match_required' })
    phone.server.status = refusal(404, 'expired_token')
    phone.server.options = refusal(409, 'not_scanned')
    await phone.clock.pass(3000)
    const words = { ...phoneWords.finished, title: refusalWords.takenOver }
    expect(phone.last()).toEqual({ kind: 'ended', words, login: 'V1StGXR8_Z5jdHi6' })
  })

  test('too many wrong numbers on the computer are seen on the phone', async () => {
    const phone = scanned()
    await settle()
    phone.server.confirm = { status: 'match_required', matchCode: '482913', expiresInSeconds: 90 }
    await phone.approval.confirm()
    phone.server.status = state('denied')
    await phone.clock.pass(3000)
    expect(phone.last()).toEqual({ kind: 'ended', words: { ...phoneWords.triesUsed, stranger: 'kept_out' } })
  })

  const confirmations: [string, ConfirmReply | Error][] = [
    ['was answered', { status: 'authenticated' }],
    ['was answered with a number', { status: 'match_required', matchCode: '482913', expiresInSeconds: 90 }],
    ['got no answer', dropped()],
    ['got none that says anything', refusal(503, 'store_unavailable')],
  ]
  test.each(confirmations)(
    'a login that is gone once the confirmation %s may have let the browser in',
    async (_what, answer) => {
      const phone = scanned()
      await settle()
      phone.server.confirm = answer
      if (!(answer instanceof Error)) phone.server.status = state(answer.status)
      await phone.approval.confirm().catch(() => undefined)
      await phone.clock.pass(3000)
      phone.server.status = refusal(404, 'expired_token')
      await phone.clock.pass(3000)
      expect(phone.last()).toEqual({ kind: 'ended', words: phoneWords.finished, login: 'V1StGXR8_Z5jdHi6' })
      expect(phone.decisions).toEqual(['confirm'])
    },
  )

  test('what this phone has confirmed before the page was loaded anew may have let the browser in too', async () => {
    const phone = scanned({ ...request, status: 'match_required' })
    phone.server.status = refusal(404, 'expired_token')
    await phone.clock.pass(3000)
    expect(phone.last()).toMatchObject({ words: phoneWords.finished, login: 'V1StGXR8_Z5jdHi6' })
  })

  const answers: [string, Error | ConfirmReply][] = [
    ['got through', { status: 'authenticated' }],
    ['did not get through', refusal(503, 'store_unavailable')],
  ]
  test.each(answers)('a service that is back is said to be, also after a decision that %s', async (_what, answer) => {
    const phone = scanned()
    await settle()
    phone.server.status = refusal(503, 'store_unavailable')
    await phone.clock.pass(3000)
    expect(phone.connections).toEqual(['reconnecting'])
    phone.server.confirm = answer
    phone.server.status = state('scanned')
    await phone.approval.confirm().catch(() => undefined)
    await phone.clock.pass(5000)
    expect(phone.connections).toEqual(['reconnecting', 'steady'])
    phone.leave()
  })

  test('a phone that was signed out elsewhere has to sign in again', async () => {
    const phone = scanned()
    phone.server.status = refusal(401, 'authentication_required')
    await phone.clock.pass(3000)
    expect(phone.signedOut()).toBe(1)
  })
})

/** A phone whose person has confirmed, and that shows the number to type. */
async function matching() {
  const phone = scanned()
  await settle()
  phone.server.confirm = { status: 'match_required', matchCode: '482913', expiresInSeconds: 90 }
  phone.server.status = state('match_required')
  await phone.approval.confirm()
  await phone.clock.pass(3000)
  return phone
}

describe('in another tab of this browser', () => {
  test('is heard of a refusal alone: a confirmation there shows the same number', async () => {
    const phone = await matching()
    expect(phone.told()).toBe(0)
    await phone.approval.deny()
    expect(phone.told()).toBe(1)
  })

  test('a refusal is no wrong number, and what is heard after the end changes nothing', async () => {
    const phone = await matching()
    phone.refuseElsewhere()
    phone.server.status = state('denied')
    await phone.clock.pass(3000)
    const end = { kind: 'ended', words: { ...phoneWords.deniedElsewhere, stranger: 'kept_out' } }
    expect(phone.last()).toEqual(end)
    phone.refuseElsewhere()
    expect(phone.last()).toEqual(end)
  })
})

test('when it ends is told by each reply, as long as something is asked', async () => {
  const phone = scanned()
  await phone.clock.pass(3000)
  phone.server.status = state('authenticated')
  await phone.clock.pass(5000)
  expect(phone.ends).toEqual([60_000, 62_000])
  phone.leave()
})

describe('a refusal that comes after the confirmation', () => {
  const tooLate: ApprovalView = { kind: 'ended', words: { ...phoneWords.finished, stranger: 'may_be_in' } }

  test('is in time as long as the login is there', async () => {
    const phone = await matching()
    await phone.approval.deny()
    expect(phone.last()).toEqual({ kind: 'ended', words: { ...phoneWords.denied, stranger: 'kept_out' } })
    expect(phone.decisions).toEqual(['confirm', 'deny'])
  })

  const ends: [string, PhoneReply | Error, ApprovalView][] = [
    ['is gone, says that somebody may be in', refusal(404, 'expired_token'), tooLate],
    [
      'has let the browser in, says that it is in',
      state('authenticated', true),
      {
        kind: 'ended',
        words: {
          title: 'That was too late',
          more: '\u2068Chrome on Linux\u2069 is signed in already. Sign it out in the list below.',
          stranger: 'in',
        },
      },
    ],
  ]
  test.each(ends)('too late, where the login %s, and lets nobody in', async (_what, status, end) => {
    const phone = await matching()
    phone.server.deny = refusal(404, 'expired_token')
    phone.server.status = status
    await phone.approval.deny()
    await settle()
    expect(phone.last()).toEqual(end)
    const asked = phone.asked.length
    await phone.clock.pass(60_000)
    expect(phone.asked).toHaveLength(asked)
  })

  test.each(ends)('too late without an answer, where the login %s', async (_what, status, end) => {
    const phone = await matching()
    phone.server.deny = dropped()
    await expect(phone.approval.deny()).rejects.toThrow('dropped')
    phone.server.status = status
    await phone.clock.pass(5000)
    expect(phone.last()).toEqual(end)
  })
})

describe('a refusal whose answer was lost', () => {
  async function refused(status: ScanReply['status']) {
    const phone = scanned({ ...request, status })
    await settle()
    phone.server.deny = dropped()
    await expect(phone.approval.deny()).rejects.toThrow('dropped')
    return phone
  }

  test.each(['scanned', 'match_required', 'authenticated'] as const)(
    'is what denied a login that was %s: no wrong number, and nobody else',
    async (before) => {
      const phone = await refused(before)
      phone.server.status = state('denied')
      await phone.clock.pass(5000)
      expect(phone.last()).toEqual({ kind: 'ended', words: { ...phoneWords.denied, stranger: 'kept_out' } })
    },
  )

  test('sends nobody for a new code once the login is gone, also where it was never confirmed', async () => {
    const phone = await refused('scanned')
    phone.server.status = refusal(404, 'expired_token')
    await phone.clock.pass(5000)
    expect(phone.last()).toEqual({ kind: 'ended', words: { ...phoneWords.finished, stranger: 'may_be_in' } })
  })
})

test.each([
  ['is collected', state('authenticated', true), 'in'],
  ['is denied', state('denied'), 'kept_out'],
  ['is gone', refusal(404, 'expired_token'), 'may_be_in'],
])('a refusal of before a reload is one still, where the login %s', async (_what, status, stranger) => {
  const phone = scanned({ ...request, status: 'match_required' }, 'deny')
  await settle()
  phone.server.status = status
  await phone.clock.pass(5000)
  expect(phone.last()).toMatchObject({ kind: 'ended', words: { stranger } })
})

describe('once the page is about another code', () => {
  const decisions = {
    confirmed: (phone: ReturnType<typeof scanned>) => phone.approval.confirm(),
    refused: (phone: ReturnType<typeof scanned>) => phone.approval.deny(),
  }
  test.each(Object.entries(decisions))('nothing is shown of what was %s before', async (_name, decide) => {
    const phone = scanned()
    await settle()
    const release = phone.holdAnswers()
    const decided = decide(phone)
    await settle()
    phone.leave()
    release()
    await decided
    await phone.clock.pass(60_000)
    expect(phone.views.map(({ kind }) => kind)).toEqual(['asking'])
    expect(phone.asked).toHaveLength(1)
  })

  test('nobody is asked for a passkey for the one before', async () => {
    const phone = scanned({ ...request, confirm: 'passkey' })
    await settle()
    const release = phone.holdAnswers()
    const confirmed = phone.approval.confirm()
    await settle()
    phone.leave()
    release()
    await confirmed
    expect([phone.ceremonies, phone.confirmed]).toEqual([[], []])
  })

  test('a passkey that is asked for ends, and one that was given all the same confirms nothing', async () => {
    const phone = scanned({ ...request, confirm: 'passkey' })
    await settle()
    const confirmed = phone.approval.confirm()
    const release = phone.holdAnswers()
    await settle()
    expect(phone.ceremonies.map(({ aborted }) => aborted)).toEqual([false])
    phone.leave()
    expect(phone.ceremonies.map(({ aborted }) => aborted)).toEqual([true])
    release()
    await confirmed
    expect([phone.confirmed, phone.views.map(({ kind }) => kind)]).toEqual([[], ['asking']])
  })
})
