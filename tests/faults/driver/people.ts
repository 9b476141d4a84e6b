import { createRandom } from '../random.ts'
import { createPerson, type Service } from './person.ts'
import { createBackoff, type SignedInPhone } from './story.ts'

export interface Account {
  id: string
  username: string
  name: string
  password: string
}

const PASSWORD = 'einhorn-zwiebel-42-Kran'

/** People with accounts; all have one password, which is hashed once. */
export function somePeople(count: number): Account[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `person-${at}`,
    username: `person${at}`,
    name: `Person ${at}`,
    password: PASSWORD,
  }))
}

/** Signs a phone of somebody in, however often it takes. `undefined`: everybody went home before. */
export async function signInPhone(
  service: Service,
  { id: personId, username, password }: Account,
  end: AbortSignal,
): Promise<SignedInPhone | undefined> {
  const client = createPerson({ service, address: '127.0.0.1', random: createRandom(0), losses: 0 })
  const backoff = createBackoff(end)
  while (!end.aborted) {
    const reply = await client.send('POST', '/sign-in', { body: { username, password } })
    const session = reply?.status === 200 ? (await client.send('GET', '/session'))?.body['session'] : undefined
    if (typeof session === 'object' && session !== null && 'id' in session && typeof session.id === 'string') {
      return { id: session.id, personId, client }
    }
    await backoff.pause()
  }
  return undefined
}
