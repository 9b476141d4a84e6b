import { afterEach, expect, test } from '@jest/globals'
import { pino } from 'pino'
import type { AccountNews } from '../../../server/identity/account-news.ts'
import { type LiveAccounts, openAccountsFile } from '../../../server/identity/live-accounts.ts'
import { type AccountsFile, writeAccounts, YUSUF, ZOFIA } from '../../support/accounts-file.ts'

let file: AccountsFile
let accounts: LiveAccounts

afterEach(() => {
  accounts.close()
  file.remove()
})

const options = { logger: pino({ level: 'silent' }), clock: () => 0, longestLoginMs: 480_000 }
const said = (news: readonly AccountNews[]) => news.map(({ user, why }) => [user.id, why])

test('what changes before anybody follows is told to who does then, beside who was disabled from the beginning', async () => {
  file = await writeAccounts([ZOFIA, { ...YUSUF, disabled: true }])
  accounts = await openAccountsFile({ ...options, path: file.path })
  await file.write([{ ...YUSUF, disabled: true }])
  await accounts.reload()
  const told: (readonly AccountNews[])[] = []
  accounts.follow((news) => void told.push(news))
  expect(told.map(said)).toEqual([
    [
      [YUSUF.id, 'disabled_before'],
      [ZOFIA.id, 'removed'],
    ],
  ])
  await file.write([ZOFIA, YUSUF])
  await accounts.reload()
  expect(said(told[1] ?? []).toSorted()).toEqual(
    [
      [YUSUF.id, 'back'],
      [ZOFIA.id, 'back'],
    ].toSorted(),
  )
})

test('of people who are simply there nothing is told', async () => {
  file = await writeAccounts([ZOFIA, YUSUF])
  accounts = await openAccountsFile({ ...options, path: file.path })
  const told: (readonly AccountNews[])[] = []
  accounts.follow((news) => void told.push(news))
  expect(told).toEqual([])
})
