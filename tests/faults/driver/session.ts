import type { BrowserAsks } from './browser-asks.ts'
import type { Heard } from './recorder.ts'
import { createBackoff, type SignedInPhone, type Story } from './story.ts'

const REVOKE_TRIES = 10

/** Plays what comes after a sign-in: the session is used, ended in one way or another, and tried once more. */
export async function playSession(
  story: Story,
  asks: BrowserAsks,
  secret: string,
  phoneOfPerson: (personId: string) => SignedInPhone | undefined,
): Promise<void> {
  const { recorder, plan, end } = story
  const { client } = asks
  const session = recorder.session(secret)
  const use = () => recorder.call({ do: 'use', session }, () => client.send('GET', '/session'))

  async function insist(ask: () => Promise<Heard | undefined>): Promise<Heard | undefined> {
    const backoff = createBackoff(end)
    for (;;) {
      const heard = await ask()
      if (heard !== undefined && heard.answer.status < 500) return heard
      if (end.aborted) return undefined
      await backoff.pause()
    }
  }

  async function revoke(id: string, personId: string | undefined): Promise<void> {
    const phone = phoneOfPerson(personId ?? '')
    const backoff = createBackoff(end)
    for (let tries = 0; tries < REVOKE_TRIES && phone !== undefined && !end.aborted; tries++) {
      const heard = await recorder.call({ do: 'revoke', session }, () => phone.client.send('DELETE', `/sessions/${id}`))
      if (heard !== undefined && heard.answer.status < 500) return
      await backoff.pause()
    }
  }

  const used = await insist(use)
  await asks.replay()
  const shown = used?.reply.body['session']
  const id = typeof shown === 'object' && shown !== null && 'id' in shown ? shown.id : undefined
  if (plan.afterwards === 'stay' || typeof id !== 'string') return
  // The cookie is kept in mind: signing out takes it away.
  const cookies = [...client.cookies]
  if (plan.afterwards === 'revoke') await revoke(id, used?.answer.person)
  else await recorder.call({ do: 'sign out', session }, () => client.send('POST', '/sign-out'))
  for (const [name, value] of cookies) client.cookies.set(name, value)
  await use()
}
