import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isSeq, parseDocument, YAMLSeq } from 'yaml'
import { readYaml } from '../files/list-file.ts'
import { parseAccounts } from '../identity/accounts-file.ts'
import { foldUsername } from '../identity/names.ts'
import { CommandError } from './terminal.ts'

/** An account as it is written down. */
export interface WrittenAccount {
  id?: string
  username: string
  name: string
  email?: string
  groups?: string[]
  password_hash: string
  disabled?: boolean
}

export type AccountChange =
  | { kind: 'add'; account: WrittenAccount }
  /** `undefined` takes a key away. */
  | { kind: 'set'; username: string; key: 'password_hash' | 'disabled'; value: string | true | undefined }

/** The accounts of a file. @throws ListFileError */
export function accountsIn(text: string): WrittenAccount[] {
  if (isWithoutAccounts(text)) return []
  parseAccounts(text)
  return writtenIn(text)
}

/** Where the account of a user name stands, however that is spelled. @throws CommandError where there is none */
export function indexOf(username: string, accounts: readonly WrittenAccount[]): number {
  const wanted = foldUsername(username)
  const at = accounts.findIndex((account) => wanted !== undefined && foldUsername(account.username) === wanted)
  if (at === -1) throw new CommandError(`There is no ${JSON.stringify(username)} in it: nothing was changed.`)
  return at
}

/**
 * An accounts file with a change made, and all else as it was: JSON as JSON, YAML with its comments.
 * @throws CommandError, ListFileError: it cannot be made, or the file were none any more
 */
export function changedAccounts(text: string, change: AccountChange): string {
  const before = accountsIn(text)
  const after = changedList(before, change)
  const lines = isJson(text) ? jsonOf(after, text) : yamlOf(text, before, change)
  const changed = text.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines
  parseAccounts(changed)
  // Makes sure that nothing else has changed, however the file is written.
  if (!isDeepStrictEqual(writtenIn(changed), after)) {
    throw new CommandError('It is written in a way that this cannot change: edit it by hand. Nothing was changed.')
  }
  return changed
}

function writtenIn(text: string): WrittenAccount[] {
  return readYaml('ACCOUNTS_FILE', text).value as WrittenAccount[]
}

/** Whether there are no accounts in it, as in a file that is new, or has nothing but comments. @throws ListFileError */
function isWithoutAccounts(text: string): boolean {
  const { contents } = readYaml('ACCOUNTS_FILE', text)
  return contents === null || (isSeq(contents) && contents.items.length === 0)
}

function changedList(before: readonly WrittenAccount[], change: AccountChange): WrittenAccount[] {
  if (change.kind === 'add') return [...before, change.account]
  const at = indexOf(change.username, before)
  return before.map((account, other) => (other === at ? withKey(account, change.key, change.value) : account))
}

function withKey(account: WrittenAccount, key: string, value: string | true | undefined): WrittenAccount {
  const entries = Object.entries({ ...account, [key]: value })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined)) as unknown as WrittenAccount
}

function isJson(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

function jsonOf(accounts: readonly WrittenAccount[], like: string): string {
  const [, indent] = /^\s*\[\r?\n([ \t]+)/.exec(like) ?? []
  const [end = ''] = /\s*$/.exec(like) ?? []
  return JSON.stringify(accounts, undefined, indent) + end.replaceAll('\r', '')
}

function yamlOf(text: string, before: readonly WrittenAccount[], change: AccountChange): string {
  const document: Document = parseDocument(text)
  if (!isSeq(document.contents)) document.contents = new YAMLSeq(document.schema)
  const list = document.contents
  if (change.kind === 'add') document.add(document.createNode(change.account))
  else {
    const entry = isSeq(list) ? list.items[indexOf(change.username, before)] : undefined
    if (!isMap(entry)) throw new CommandError('Its entry is an alias of another: edit it by hand. Nothing was changed.')
    if (change.value === undefined) entry.delete(change.key)
    else entry.set(change.key, change.value)
  }
  return document.toString({
    lineWidth: 0,
    // Indents lists as the file does so far.
    indentSeq: !/^( *)[^\s#-].*:\r?\n\1- /m.test(text),
    flowCollectionPadding: /\{ /.test(text),
  })
}
