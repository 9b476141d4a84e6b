import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type AccountsFile, phoneOf, type TestAccount, writeAccounts, YUSUF, ZOFIA } from '../support/accounts-file.ts'
import { createInjectClient, createTestApp, PUBLIC_URL, type TestApp } from '../support/app.ts'
import { type AskAbout, behindThisMachine, enterApplication } from '../support/applications.ts'
import { keepLog } from '../support/audit-lines.ts'
import { startProcess } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { createClient, type Reply } from '../support/http-client.ts'
import { signInBrowser } from '../support/login-flow.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { startTeamProvider, type TeamProvider } from '../support/team-provider.ts'
import { verifiersBy } from './bearer-verifiers.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider } from './identity-provider.ts'
import { expectToBeRefused, expectToSignIn } from './native-app.ts'
import { expectProblem } from './seen.ts'

/** T27: names that look or count as one are one person or refused, never two that an application takes for one. */

/** Spelled in capitals, apart from the accent that is a character of its own; so is the password's. */
const ACCENTED: TestAccount = {
  ...ZOFIA,
  username: 'Jose\u0301',
  name: 'Jose\u0301',
  password: 'caf\u00e9 noir 17-Kran',
}
const GROUPLESS: TestAccount = { ...YUSUF, email: undefined, groups: undefined }
const CROWDED: TestAccount = {
  ...{
    id: 'uid-crowded',
    username: 'crowded',
    name: 'Кирилл',
    email: 'crowd@mail.example',
    password: 'voll-voller-99',
  },
  groups: Array.from({ length: 300 }, (_, at) => `gruppe-größe-${at}`),
}

const WIKI = 'http://wiki.test'

let provider: IdentityProvider
let accounts: AccountsFile
let service: Service

beforeAll(async () => {
  ;[provider, accounts] = await Promise.all([startIdentityProvider(), writeAccounts([ACCENTED, GROUPLESS, CROWDED])])
  service = await startService({
    POLL_HOLD_SECONDS: '0',
    ACCOUNTS_FILE: accounts.path,
    PHONE_JWT_JWKS_URL: provider.jwksUrl,
    PHONE_JWT_ISSUER: provider.issuer,
    PHONE_JWT_AUDIENCE: AUDIENCE,
    ...behindThisMachine([{ origin: WIKI }]),
  })
})

afterAll(async () => {
  await service.stop()
  await provider.stop()
  accounts.remove()
})

const browser = () => createClient(service.url)

async function signInAs(username: string, password: string): Promise<Reply> {
  return browser().post('/sign-in', { username, password })
}

describe('a person who signs in', () => {
  test.each(['Jose\u0301', 'jos\u00e9', 'JOS\u00c9', 'ｊｏｓ\u00e9', 'ＪＯＳＥ\u0301'])(
    'T27 is one and the same by the user name %j',
    async (username) => {
      const { status, json } = await signInAs(username, ACCENTED.password)
      expect([status, json.user]).toEqual([200, { id: ZOFIA.id, name: 'Jos\u00e9' }])
    },
  )

  test.each([
    ' jos\u00e9',
    'jos\u00e9 ',
    'jos\u00e9\u00a0',
    '\u0007jos\u00e9',
    'jos\u00e9\u200b',
    '\ufeffjos\u00e9',
    'jos\u00e9\ufe0f',
    'jose',
  ])('T27 is nobody by the user name %j', async (username) => {
    expectProblem(await signInAs(username, ACCENTED.password), 401, 'invalid_credentials')
  })

  test('T27 types the password in any normal form, with any space, and in no other case', async () => {
    expect((await signInAs('jos\u00e9', 'cafe\u0301\u00a0noir 17-Kran')).status).toBe(200)
    for (const password of [
      'CAFÉ noir 17-Kran',
      'café noir 17-Kran ',
      'cafe noir 17-Kran',
      'caf\u00e9 noir 17-Kran\u0000',
    ]) {
      expectProblem(await signInAs('jos\u00e9', password), 401, 'invalid_credentials')
    }
  })
})

/** What a provider may say of a person that is no name, id, group or address here. */
const BAD_CLAIMS: [what: string, claims: Record<string, unknown>][] = [
  ['a space behind the id', { sub: 'admin ' }],
  ['a no-break space before the id', { sub: '\u00a0admin' }],
  ['a bell in the id', { sub: '\u0007admin' }],
  ['a line end in the id', { sub: 'admin\r\nRemote-Groups: root' }],
  ['an override in the id', { sub: '\u202enimda' }],
  ['a zero-width space in the id', { sub: 'ad\u200bmin' }],
  ['a byte order mark before the id', { sub: '\ufeffadmin' }],
  ['half a character in the id', { sub: 'admin\ud800' }],
  ['an id in another normal form', { sub: 'jose\u0301' }],
  ['an id in full width', { sub: 'ａｄｍｉｎ' }],
  ['an id that is endless', { sub: 'a'.repeat(300) }],
  ['a tab in the name', { name: 'Native\tPerson' }],
  ['a space before the name', { name: ' Native Person' }],
  ['an override in the name', { name: 'Native \u202enosreP' }],
  ['a space behind a group', { groups: ['staff', 'admins '] }],
  ['a control in a group', { groups: ['admins\u0000'] }],
  ['a line end in the address', { email: 'a@example.com\n' }],
]

describe("a provider's person", () => {
  test.each(BAD_CLAIMS)('T27 with %s is refused', async (_what, claims) => {
    await expectToBeRefused(browser(), await provider.sign({ claims }))
  })

  test('T27 whose name is written apart is called by it in one form', async () => {
    const bearer = await provider.sign({ claims: { sub: 'native-9', name: 'Rene\u0301' } })
    await expectToSignIn(browser(), bearer, { id: 'native-9', name: 'Ren\u00e9' })
  })
})

describe.each(['userinfo', 'introspection'] as const)("a provider's person, of whom %s tells", (source) => {
  const OF_SOMEBODY = { sub: 'native-1', name: 'Native Person' }
  const SOMEBODY = { id: 'native-1', name: 'Native Person' }
  let app: TestApp['app']
  let tokens = 0

  beforeAll(async () => {
    ;({ app } = await createTestApp({}, verifiersBy(source, provider, Date.now)))
  })
  afterAll(() => app.close())

  /** @returns what the app is told that asks who it is, with an opaque token */
  async function whoIs(claims: Record<string, unknown>) {
    const token = `opaque-${source}-${tokens++}`
    if (source === 'userinfo') provider.opaque.set(token, { ...OF_SOMEBODY, ...claims })
    else provider.introspected.set(token, { ...OF_SOMEBODY, ...claims, active: true })
    const reply = await app.inject({ url: '/session', headers: { authorization: `Bearer ${token}` } })
    return [reply.statusCode, reply.json().user ?? reply.json().code]
  }

  test.each(BAD_CLAIMS)('T27 with %s is refused', async (_what, claims) => {
    expect(await whoIs(claims)).toEqual([401, 'authentication_required'])
  })

  test('T27 whose name is written apart is called by it in one form', async () => {
    expect(await whoIs({})).toEqual([200, SOMEBODY])
    expect(await whoIs({ name: 'Rene\u0301' })).toEqual([200, { ...SOMEBODY, name: 'Ren\u00e9' }])
  })
})

describe("a person who signs in at the team's provider", () => {
  const log = keepLog()
  let team: TeamProvider
  let app: TestApp['app']

  beforeAll(async () => {
    team = await startTeamProvider({ publicUrl: PUBLIC_URL })
    const env = { ...team.env, PHONE_OIDC_GROUPS_CLAIM: 'roles' }
    ;({ app } = await createTestApp(env, { logger: log.logger }, { now: Date.now() }))
  })
  afterAll(async () => {
    await app.close()
    await team.stop()
  })

  /** Signs in as somebody of whom the provider says this. */
  async function whoIs({ sub = 'u-1', groups, ...claims }: Record<string, unknown>) {
    const who = String(sub)
    team.people.set(who, { name: 'Native Person', ...claims, ...(groups === undefined ? {} : { roles: groups }) })
    const phone = createInjectClient(app)
    const begun = await phone.get('/sign-in/oidc?return_to=/scan')
    const { pathname, search } = await team.visit(String(begun.headers.location), who)
    const back = await phone.get(pathname + search)
    const session = (await phone.get('/session')).json()
    return [back.statusCode, session.user ?? session.code]
  }

  // A lone surrogate cannot be typed into the provider's page.
  const typed = BAD_CLAIMS.filter(([, { sub }]) => sub === undefined || !/\p{Surrogate}/u.test(String(sub)))
  test.each(typed)('T27 with %s is refused', async (_what, claims) => {
    log.news()
    expect(await whoIs(claims)).toEqual([401, 'authentication_required'])
    expect(log.news()).toMatchObject([{ audit: 'sign_in.failed', reason: 'no_person' }])
  })

  test('T27 whose name is written apart is called by it in one form', async () => {
    expect(await whoIs({ groups: ['staff'] })).toEqual([302, { id: 'u-1', name: 'Native Person', groups: ['staff'] }])
    expect(await whoIs({ name: 'Rene\u0301' })).toEqual([302, { id: 'u-1', name: 'Ren\u00e9' }])
  })
})

describe('an application behind a proxy', () => {
  const remote = ({ headers }: Reply) =>
    ['user', 'name', 'email', 'groups'].map((name) => {
      const value = headers[`remote-${name}`]
      return typeof value === 'string' ? Buffer.from(value, 'latin1').toString() : 'left out'
    })

  /** Somebody's browser, at the application. */
  async function signedIn(account: TestAccount): Promise<AskAbout> {
    const client = browser()
    await signInBrowser(client, await phoneOf(account, service.url))
    return enterApplication(client, WIKI)
  }

  test('T27 is told all four of a person, in one normal form and in UTF-8', async () => {
    const ask = await signedIn(ACCENTED)
    expect(remote(await ask())).toEqual([ZOFIA.id, 'Jos\u00e9', ZOFIA.email, ZOFIA.groups?.join(',')])
  })

  test('T27 is told all four also where there is nothing to tell', async () => {
    const ask = await signedIn(GROUPLESS)
    expect(remote(await ask())).toEqual([YUSUF.id, YUSUF.name, '', ''])
  })

  test('T27 is told whole groups up to 3 kB, and the log says how many were left out', async () => {
    const ask = await signedIn(CROWDED)
    const [user, name, , groups = ''] = remote(await ask())
    expect([user, name]).toEqual(['uid-crowded', 'Кирилл'])
    expect(Buffer.byteLength(groups)).toBeLessThanOrEqual(3000)
    expect(Buffer.byteLength(groups)).toBeGreaterThan(2900)
    const told = groups.split(',')
    expect(told).toEqual(CROWDED.groups?.slice(0, told.length))
    await eventually('the log says so', () => service.stdout().includes(`"leftOut":${300 - told.length}`))
  })

  test('T27 is told no group with a comma, which would be two there; its person gets in, and the log says so once', async () => {
    const groups = ['staff', 'guests,admins', 'Nordwand', ',root']
    const bearer = await provider.sign({ claims: { sub: 'native-10', groups } })
    const client = browser()
    await expectToSignIn(client, bearer, { id: 'native-10', name: 'Native Person' })
    const ask = await enterApplication(client, WIKI)
    for (let request = 0; request < 3; request++) {
      const reply = await ask()
      expect([reply.status, remote(reply).at(-1)]).toEqual([200, 'staff,Nordwand'])
    }
    const { user, session } = (await client.get('/session')).json
    expect(user.groups).toEqual(groups)
    const lines = () =>
      service
        .stdout()
        .split('\n')
        .filter((line) => line.includes('Remote-Groups') && line.includes(`"session":"${session.id}"`))
    const told = await eventually('the log says so', () => lines().find((line) => line.includes('"leftOut":2')))
    expect(lines()).toEqual([told])
  })
})

/** The hash of a password that nobody has. */
const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmYxQOc0Zqs8OCJCW4c'

test('T27 a start with names that are none, or two that are one, says where and ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-accounts-'))
  const ann = { username: 'ann', name: 'Ann', password_hash: HASH }
  const files: [entries: object[], place: string][] = [
    [[ann, { ...ann, username: 'bob', id: 'admin ' }], 'line 11, entry 2: id'],
    [[ann, { ...ann, username: 'bob', groups: ['a,b'] }], 'line 12, entry 2: group 1'],
    [[ann, { ...ann, id: 'b', username: 'ＡＮＮ' }], 'line 8, entry 2: its username'],
    [[ann, { ...ann, id: 'Ann', username: 'bob' }], 'line 11, entry 2: its id'],
    // One's id is the other's user name: applications that go by either would have one account for two people.
    [
      [
        { ...ann, id: 'BOB' },
        { ...ann, id: '42', username: 'ｂｏｂ' },
      ],
      'line 9, entry 2: its username is the id of entry 1',
    ],
    [
      [
        { ...ann, id: '42', username: 'bob' },
        { ...ann, id: 'Bob' },
      ],
      'line 12, entry 2: its id is the username of entry 1',
    ],
  ]
  const seen = files.map(async ([entries], at) => {
    const path = join(folder, `${at}.json`)
    writeFileSync(path, JSON.stringify(entries, null, 1))
    const running = startProcess(process.execPath, ['dist/server/main.js'], { cwd: ROOT, env: { ACCOUNTS_FILE: path } })
    return { code: await running.exited, lines: running.stderr().trim().split('\n'), stdout: running.stdout() }
  })
  const expected = files.map(([, place]) => ({
    code: 1,
    lines: [expect.stringContaining(`ACCOUNTS_FILE: ${place}`)],
    stdout: '',
  }))
  expect(await Promise.all(seen)).toEqual(expected)
  rmSync(folder, { recursive: true })
})

test('T27 a file in which one person has for an id what another signs in by is logged, and the last good one stays', async () => {
  const file = await writeAccounts([ZOFIA, YUSUF])
  const running = await startService({ ACCOUNTS_FILE: file.path })
  await file.write([{ ...ZOFIA, id: YUSUF.username.toUpperCase() }, YUSUF])
  await eventually('the log says so', () => running.stdout().includes('its username is the id of entry 1'))
  const { username, password } = ZOFIA
  const { json } = await createClient(running.url).post('/sign-in', { username, password })
  expect(json.user.id).toBe(ZOFIA.id)
  await running.stop()
  file.remove()
})
