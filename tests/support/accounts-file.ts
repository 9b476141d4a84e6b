import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { type Client, createClient } from './http-client.ts'

export interface TestAccount {
  id: string
  username: string
  name: string
  email?: string | undefined
  groups?: string[] | undefined
  password: string
  /** Argon2id's costs; left out, the library's own. */
  cost?: { memoryCost: number; timeCost: number }
  disabled?: boolean
}

/** Nothing in these occurs anywhere by chance. */
export const ZOFIA = {
  id: 'uid-7f3a91c2',
  username: 'zquellwasser',
  name: 'Zofia Quellwasser',
  email: 'zofia.q@mail.example',
  groups: ['gruppe-nordwand'],
  password: 'einhorn-zwiebel-42-Kran',
} satisfies TestAccount

export const YUSUF = {
  id: 'uid-19bd04ee',
  username: 'yhafen',
  name: 'Yusuf Hafenstein',
  email: 'yusuf.h@mail.example',
  groups: ['gruppe-suedkai'],
  password: 'laterne-pfeffer-17-Boot',
} satisfies TestAccount

export interface AccountsFile {
  path: string
  /** Replaces the file, as editors do. An account whose password is the same keeps its hash. */
  write(accounts: readonly TestAccount[]): Promise<void>
  /** As `write`, with any text. */
  writeText(text: string): void
  remove(): void
}

/** An ACCOUNTS_FILE in a folder of its own. */
export async function writeAccounts(accounts: readonly TestAccount[]): Promise<AccountsFile> {
  const path = join(mkdtempSync(join(tmpdir(), 'scanin-accounts-')), 'accounts.json')
  const hashes = new Map<string, Promise<string>>()

  function hashOf({ password, cost }: TestAccount): Promise<string> {
    const known = hashes.get(password)
    const made = known ?? hash(password, cost ?? { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
    hashes.set(password, made)
    return made
  }

  function writeText(text: string): void {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }

  async function write(people: readonly TestAccount[]): Promise<void> {
    const entries = people.map(async (person) => {
      const { password: _password, cost: _cost, ...account } = person
      return { ...account, password_hash: await hashOf(person) }
    })
    writeText(JSON.stringify(await Promise.all(entries), null, 1))
  }

  await write(accounts)
  return { path, write, writeText, remove: () => rmSync(dirname(path), { recursive: true, force: true }) }
}

/** A phone that this person has signed in. */
export async function phoneOf({ username, password }: TestAccount, url: string): Promise<Client> {
  const phone = createClient(url)
  const reply = await phone.post('/sign-in', { username, password })
  if (reply.status !== 200) throw new Error(`sign-in: ${reply.status} ${reply.text}`)
  return phone
}
