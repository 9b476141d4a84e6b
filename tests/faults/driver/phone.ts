import type { AskingPhone } from '../checker/history.ts'
import { createRandom } from '../random.ts'
import { createPerson } from './person.ts'
import type { PhonePlan } from './plan.ts'
import type { Heard } from './recorder.ts'
import { createBackoff, pause, type SignedInPhone, type Story, until } from './story.ts'
import type { WireReply } from './wire.ts'

/** How often a phone is told to slow down until its person puts it away. */
const MOST_REFUSALS = 2
const WATCH_SECONDS = 2

export interface PlayedPhone {
  plan: PhonePlan
  phone: SignedInPhone
  seed: number
  /** Ends its session from elsewhere. */
  revoke: () => Promise<WireReply | undefined>
}

/** Plays one phone at one login. It asks again whatever it gets no answer to, as people do. */
export async function playPhone(story: Story, { plan, phone, seed, revoke }: PlayedPhone): Promise<void> {
  const { recorder, service, end } = story
  const client = createPerson({
    service,
    address: story.plan.addresses.phone,
    random: createRandom(seed),
    losses: plan.losses,
  })
  for (const [name, value] of phone.client.cookies) client.cookies.set(name, value)
  const asking: AskingPhone = { id: phone.id, person: phone.personId }

  function ask(what: 'scan' | 'confirm' | 'deny', token: string): Promise<Heard | undefined> {
    const sent = () => client.send('POST', `/login/${what}`, { body: { token } })
    return recorder.call({ do: what, secret: recorder.qr(token), phone: asking }, sent)
  }

  async function insist(what: 'scan' | 'confirm' | 'deny', token: string): Promise<Heard | undefined> {
    const backoff = createBackoff(end)
    for (let refusals = 0; ; ) {
      const heard = await ask(what, token)
      if (heard?.answer.status === 429) refusals++
      else if (heard !== undefined && heard.answer.status < 500) return heard
      if (end.aborted || refusals > MOST_REFUSALS) return undefined
      await backoff.pause()
    }
  }

  async function confirm(token: string): Promise<void> {
    const heard = await insist('confirm', token)
    story.digits = heard?.answer.matchCode ?? story.digits
    if (heard?.answer.said !== 'authenticated') return
    story.isConfirmed = true
    story.confirmedAt ??= heard.answer.at
  }

  async function endIt(send: () => Promise<WireReply | undefined>): Promise<void> {
    await recorder.call({ do: 'end phone', phone: asking }, send)
    // Whatever it approved and is not handed over yet is denied, and itself it is out.
    if (plan.watches) await ask('confirm', story.shown.at(-1) ?? '')
  }

  async function watch(token: string): Promise<void> {
    let seen = 'scanned'
    for (let looks = 0; looks < 3 && !end.aborted; looks++) {
      const path = `/login/scan/${token}?seen=${seen}&wait=${WATCH_SECONDS}`
      const heard = await recorder.call({ do: 'watch', secret: recorder.qr(token), phone: asking }, () =>
        client.send('GET', path),
      )
      if (heard?.answer.said === undefined || heard.answer.isCollected === true) return
      seen = heard.answer.said
    }
  }

  async function act(token: string): Promise<void> {
    switch (plan.act) {
      case 'scan and vanish':
        return
      case 'deny':
        await insist('deny', token)
        return
      case 'confirm':
      case 'confirm unscanned':
        return confirm(token)
      case 'confirm and deny':
        await confirm(token)
        await insist('deny', token)
        return
      case 'confirm and sign out':
        await confirm(token)
        return endIt(() => client.send('POST', '/sign-out'))
      case 'confirm and be revoked':
        await confirm(token)
        return endIt(revoke)
      default:
        return plan.act satisfies never
    }
  }

  await pause(plan.comesAfterMs, end)
  await until(() => story.shown.length > 0, end)
  const token = (plan.readsFirstQr ? story.shown[0] : story.shown.at(-1)) ?? ''
  if (plan.act === 'confirm unscanned') await ask('confirm', token)
  await insist('scan', token)
  await pause(plan.thinksForMs, end)
  await act(token)
  if (plan.watches) await watch(token)
}
