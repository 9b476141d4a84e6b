import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type AccountsFile, type TestAccount, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { type AskAbout, behindThisMachine, enterApplication } from '../support/applications.ts'
import { auditLinesIn } from '../support/audit-lines.ts'
import { eventually } from '../support/eventually.ts'
import { type Client, createClient } from '../support/http-client.ts'
import { approve, signInBrowser, startLogin } from '../support/login-flow.ts'
import { addPasskey, signInByPasskey } from '../support/passkey-steps.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Service, startService } from '../support/service.ts'
import { createSoftwareAuthenticator } from '../support/software-authenticator.ts'
import { redisDump } from './redis-dump.ts'
import { expectProblem, found } from './seen.ts'

/** T28: what the accounts file says of people now is so on every instance, whatever it said when they signed in. */

let redis: RedisServer
let accounts: AccountsFile
let services: Service[] = []

beforeAll(async () => {
  ;[redis, accounts] = await Promise.all([startRedis(), writeAccounts([ZOFIA, YUSUF])])
  const env = {
    POLL_HOLD_SECONDS: '0',
    REDIS_URL: redis.url,
    ACCOUNTS_FILE: accounts.path,
    KEY_PREFIX: 'left:',
    ...behindThisMachine([{ origin: WIKI }]),
  }
  const PUBLIC_URL = 'http://scanin.test'
  services = await Promise.all([1, 2].map(() => startService({ ...env, PUBLIC_URL })))
})

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await redis.stop()
  accounts.remove()
})

beforeEach(() => accountsAre([ZOFIA, YUSUF]))

const url = (at: number) => found(services[at], 'there are two').url

/** How often each instance has read the file again. */
function readings(): number[] {
  return services.map((service) => service.stdout().split('"msg":"accounts ').length)
}

/** Until what follows has been read everywhere. */
async function whenRead(change: () => void | Promise<void>): Promise<void> {
  const before = readings()
  await change()
  await eventually('both have read it', () => readings().every((count, at) => count > (before[at] ?? 0)))
}

/** Puts the people there and has each instance read them, by the signal that asks for it. */
async function accountsAre(people: TestAccount[]): Promise<void> {
  await whenRead(async () => {
    await accounts.write(people)
    for (const service of services) service.reload()
  })
  await eventually('they are told apart', async () => {
    const signIns = people.map(({ username, password }) =>
      createClient(url(1), 'http://scanin.test').post('/sign-in', { username, password }),
    )
    return (await Promise.all(signIns)).every(({ status }, at) => (status === 200) === !people[at]?.disabled)
  })
}

const WIKI = 'http://wiki.test'

interface AtHome {
  phone: Client
  browser: Client
  /** Each of them at an application. */
  asked: AskAbout[]
}

/** A person's phone at the first instance, and a browser that it signed in at the second. */
async function atHome(account: TestAccount): Promise<AtHome> {
  const phone = createClient([url(0), url(1)], 'http://scanin.test')
  const { username, password } = account
  expect((await phone.post('/sign-in', { username, password })).status).toBe(200)
  const browser = createClient([url(1), url(0)], 'http://scanin.test')
  await signInBrowser(browser, phone)
  const asked = await Promise.all([phone, browser].map((client) => enterApplication(client, WIKI)))
  return { phone, browser, asked }
}

async function expectOut({ phone, browser, asked }: AtHome): Promise<void> {
  for (const ask of [...asked, ...asked]) expectProblem(await ask(), 401, 'authentication_required')
  for (const client of [phone, browser]) {
    for (const path of ['/session', '/session', '/sessions']) {
      expectProblem(await client.get(path), 401, 'authentication_required')
    }
  }
}

async function expectIn({ phone, browser, asked }: AtHome): Promise<void> {
  for (const ask of [...asked, ...asked]) expect((await ask()).status).toBe(200)
  for (const client of [phone, browser, phone, browser]) expect((await client.get('/session')).status).toBe(200)
}

test.each<[string, TestAccount[]]>([
  ['removed', [YUSUF]],
  ['disabled', [{ ...ZOFIA, disabled: true }, YUSUF]],
])('T28 who is %s is out on every instance, and the others stay', async (_what, people) => {
  const [zofia, yusuf] = [await atHome(ZOFIA), await atHome(YUSUF)]
  await accountsAre(people)
  await expectOut(zofia)
  await expectIn(yusuf)
  const again = createClient(url(0), 'http://scanin.test')
  const reply = await again.post('/sign-in', { username: ZOFIA.username, password: ZOFIA.password })
  expectProblem(reply, 401, 'invalid_credentials')
})

test('T28 a changed file is read without a signal', async () => {
  const zofia = await atHome(ZOFIA)
  await accounts.write([YUSUF])
  await eventually('she is out everywhere', async () => {
    const replies = await Promise.all([0, 1].map(() => zofia.phone.get('/session')))
    return replies.every(({ status }) => status === 401)
  })
})

async function expectOutSoon(home: AtHome): Promise<void> {
  await eventually('what they had is ended', async () => {
    const replies = await Promise.all([home.phone, home.browser].map((client) => client.get('/session')))
    return replies.every(({ status }) => status === 401)
  })
  await expectOut(home)
}

test.each<[string, TestAccount[]]>([
  ['removed', [YUSUF]],
  ['disabled', [{ ...ZOFIA, disabled: true }, YUSUF]],
  ['given another password', [{ ...ZOFIA, password: 'ganz-neu-und-lang-99' }, YUSUF]],
])(
  'T28 who was %s and is back as before has nothing back of what they had, and signs in anew',
  async (what, people) => {
    const [zofia, yusuf] = [await atHome(ZOFIA), await atHome(YUSUF)]
    const waiting = createClient([url(1), url(0)], 'http://scanin.test')
    const token = await startLogin(waiting)
    await approve(zofia.phone, token)
    await accountsAre(people)
    await accountsAre([ZOFIA, YUSUF])
    await expectOutSoon(zofia)
    expect((await waiting.get(`/login/status/${token}`)).json.status).toBe('denied')
    expectProblem(await waiting.get('/session'), 401, 'authentication_required')
    await expectIn(yusuf)
    const again = await atHome(ZOFIA)
    await expectIn(again)
    // Every instance that reads of it ends the sessions, but tells of the account alone.
    const lines = services.flatMap((service) => auditLinesIn(service.stdout()))
    expect(lines.filter(({ audit, person }) => audit === 'session.revoked' && person === ZOFIA.id)).toEqual([])
    if (what !== 'removed') return
    const { events } = (await again.phone.get('/events')).json
    expect(events.map(({ type }: { type: string }) => type)).toEqual(['linked', 'signed_in', 'signed_in'])
  },
)

test('T28 who is disabled while no instance runs has nothing back either', async () => {
  const [people, before] = [await writeAccounts([ZOFIA]), { ...ZOFIA, disabled: true }]
  const env = { ACCOUNTS_FILE: people.path, REDIS_URL: redis.url, KEY_PREFIX: 'restarted:' }
  const PUBLIC_URL = 'http://scanin.test'
  const start = () => startService({ ...env, PUBLIC_URL })
  const first = await start()
  const phone = createClient(first.url, PUBLIC_URL)
  const { username, password } = ZOFIA
  expect((await phone.post('/sign-in', { username, password })).status).toBe(200)
  const cookie = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  await first.stop()
  await people.write([before])
  const second = await start()
  await eventually('what was there is ended in the store', async () => {
    const there = (await redisDump(redis.url)).filter(({ key }) => key.startsWith('restarted:session:'))
    return there.length === 1 && JSON.stringify(there[0]?.value).includes('ended')
  })
  await second.stop()
  await people.write([ZOFIA])
  const third = await start()
  expectProblem(await createClient(third.url, PUBLIC_URL).get('/session', { cookie }), 401, 'authentication_required')
  await third.stop()
  people.remove()
})

test('T28 a new password ends the sessions of before, and opens new ones', async () => {
  const [zofia, yusuf] = [await atHome(ZOFIA), await atHome(YUSUF)]
  const renewed = { ...ZOFIA, password: 'ganz-neu-und-lang-88' }
  await accountsAre([renewed, YUSUF])
  await expectOut(zofia)
  await expectIn(yusuf)
  await expectIn(await atHome(renewed))
})

test('T28 a passkey opens nothing once its owner is disabled, removed, or has a new password, on every instance', async () => {
  const authenticator = createSoftwareAuthenticator({ origin: 'http://scanin.test' })
  // One after the other: the passkey counts its uses, and of two that cross each other one would look like a copy's.
  const opens = async () => {
    const answers = []
    for (const at of [0, 1]) {
      const { status, json } = await signInByPasskey(createClient(url(at), 'http://scanin.test'), authenticator)
      answers.push(json.code ?? status)
    }
    return answers
  }
  const { phone } = await atHome(ZOFIA)
  await addPasskey(phone, authenticator)
  expect(await opens()).toEqual([200, 200])
  for (const people of [
    [{ ...ZOFIA, disabled: true }, YUSUF],
    [YUSUF],
    [{ ...ZOFIA, password: 'ganz-neu-77' }, YUSUF],
  ]) {
    await accountsAre(people)
    expect(await opens()).toEqual(['invalid_credentials', 'invalid_credentials'])
  }
  const renewed = (await atHome({ ...ZOFIA, password: 'ganz-neu-77' })).phone
  expect((await renewed.get('/passkeys')).json.passkeys).toEqual([])
})

test('T28 names, addresses and groups are those of now', async () => {
  const { phone, browser, asked } = await atHome(ZOFIA)
  await accountsAre([{ ...ZOFIA, name: 'Zofia Neumann', email: 'neu@mail.example', groups: ['gruppe-ostufer'] }, YUSUF])
  for (const client of [phone, browser, phone, browser]) {
    const { user } = (await client.get('/session')).json
    expect(user).toEqual({ id: ZOFIA.id, name: 'Zofia Neumann', email: 'neu@mail.example', groups: ['gruppe-ostufer'] })
  }
  for (const ask of [...asked, ...asked]) expect((await ask()).headers['remote-groups']).toBe('gruppe-ostufer')
})

test('T28 a bad file is logged in one line that says where, and the last good one stays', async () => {
  const zofia = await atHome(ZOFIA)
  await whenRead(() => accounts.writeText('- username: zquellwasser\n- {name: [}\n'))
  await expectIn(zofia)
  await expectIn(await atHome(YUSUF))
  for (const service of services) {
    const line = service
      .stdout()
      .split('\n')
      .find((text) => text.includes('the file is bad'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 50, why: expect.stringContaining('ACCOUNTS_FILE: line 2') })
    expect(service.hasEnded()).toBe(false)
  }
})

test('T28 a file that is gone for a while changes nothing, and one that comes back is read', async () => {
  const zofia = await atHome(ZOFIA)
  await whenRead(() => accounts.remove())
  await expectIn(zofia)
  await accounts.write([YUSUF])
  await eventually('she is out', async () => (await zofia.phone.get('/session')).status === 401)
})

test('T28 of the demo account: another DEMO_PASSWORD ends its sessions, the same one does not', async () => {
  const env = { REDIS_URL: redis.url, KEY_PREFIX: 'demo:', PUBLIC_URL: 'http://scanin.test' }
  const statusOf = async (DEMO_PASSWORD: string) => {
    const service = await startService({ ...env, DEMO_PASSWORD })
    const { status } = await createClient(service.url, 'http://scanin.test').get('/session', {
      cookie: found(cookie, 'none'),
    })
    await service.stop()
    return status
  }
  const first = await startService({ ...env, DEMO_PASSWORD: 'one of them' })
  const phone = createClient(first.url, 'http://scanin.test')
  await phone.post('/sign-in', { username: 'demo', password: 'one of them' })
  const cookie = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  await first.stop()
  expect(await statusOf('one of them')).toBe(200)
  expect(await statusOf('another')).toBe(401)
})
