import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import Type, { type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { blockedReply, blocksReply, endedReply, seenReply } from '../admin/admin-wire.ts'
import { EnvironmentReader } from '../config/environment.ts'
import { parseOrigin } from '../url.ts'
import { columns } from './table.ts'
import { type Command, CommandError, type Terminal, UsageError } from './terminal.ts'

export const ADMIN_USAGE = `  scanin admin list PERSON [--json]       where somebody is signed in
  scanin admin end PERSON                 signs them out everywhere
  scanin admin block PERSON               the same, and lets them in nowhere
  scanin admin unblock PERSON
  scanin admin blocked [--json]           who is blocked
  scanin admin metrics
  A PERSON is an account's id, or jwt|SUB, introspection|SUB, userinfo|SUB, oidc|SUB: as "sub" in tokens for others.
`

const TIMEOUT_MS = 30_000

/** Asks a service that runs, by its admin port. */
export const admin: Command = async (args, terminal) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { url: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [what = '', person, ...more] = positionals
  const isOfSomebody = ['list', 'end', 'block', 'unblock'].includes(what)
  if (isOfSomebody === (person === undefined) || more.length > 0)
    throw new UsageError('What is to be asked, and of whom?')
  const call = createCall(values.url, terminal)
  const path = `/users/${encodeURIComponent(person ?? '')}`
  const { print } = terminal
  const show = (reply: unknown, words: string) =>
    print(values.json ? `${JSON.stringify(reply, undefined, 2)}\n` : words)
  switch (what) {
    case 'list': {
      const reply = read(seenReply, await call('GET', `${path}/sessions`))
      return show(reply, seenInWords(reply))
    }
    case 'end': {
      const reply = read(endedReply, await call('DELETE', `${path}/sessions`))
      const words =
        reply.revoked === 0
          ? `was signed in nowhere. ${BY_ID}`
          : `is signed out: ${sessionsInWords(reply.revoked)} ended.`
      return show(reply, `${person} ${words}\n`)
    }
    case 'block': {
      const reply = read(blockedReply, await call('POST', `${path}/block`))
      return show(reply, `${person} is blocked: ${sessionsInWords(reply.revoked)} ended.\n`)
    }
    case 'unblock':
      await call('DELETE', `${path}/block`)
      return show({}, `${person} can sign in again.\n`)
    case 'blocked': {
      const reply = read(blocksReply, await call('GET', '/blocks'))
      return show(reply, columns(reply.blocks.map(({ user, blocked_at }) => [user.id, `since ${blocked_at}`])))
    }
    case 'metrics':
      return print(await call('GET', '/metrics'))
    default:
      throw new UsageError('There is no such command for operators.')
  }
}

/** Asks, and gives the body of what is answered. @throws CommandError for what is refused */
function createCall(url: string | undefined, { env, readFile }: Terminal) {
  const reader = new EnvironmentReader(env, readFile)
  const host = reader.text('ADMIN_HOST') ?? '127.0.0.1'
  const port = reader.optionalInteger('ADMIN_PORT', 0, 65_535)
  const token = reader.text('ADMIN_TOKEN')
  reader.throwIfBad()
  if (token === undefined)
    throw new CommandError('ADMIN_TOKEN (or ADMIN_TOKEN_FILE) has to be the one that the service has.')
  const base = parseOrigin(url ?? (port === undefined ? '' : `http://${reachable(host)}:${port}`))
  if (base === undefined)
    throw new CommandError(
      'Where? ADMIN_PORT says it as the service has it, or --url http://127.0.0.1:PORT, without a path.',
    )

  return async (method: string, path: string): Promise<string> => {
    const { status, body } = await ask(method, new URL(path, base), token)
    if (status >= 200 && status <= 299) return body
    const refusal = read(problem, body)
    // The service's own port answers the same at every address that it does not have, such as `/blocks`.
    const isOfPath =
      refusal.code === 'not_found' && (await ask('GET', new URL('/blocks', base), token)).status === status
    throw new CommandError(isOfPath ? NO_ADMIN_PORT : refusalInWords(status, refusal))
  }
}

function noReplyInWords({ origin, protocol }: URL, wasSent: boolean): string {
  if (wasSent) return `No reply came from ${origin} in time. It may have been done all the same: look, and ask again.`
  const how = protocol === 'https:' ? ' The port itself speaks plain http.' : ''
  return `Nobody answers at ${origin}: does the service run there, with this ADMIN_PORT?${how}`
}

/**
 * Not by `fetch`, which calls some ports never. A redirect is not followed: it would be shown the token.
 * @throws CommandError where no reply comes
 */
async function ask(method: string, url: URL, token: string): Promise<{ status: number; body: string }> {
  const isSecure = url.protocol === 'https:'
  const { request } = isSecure ? await import('node:https') : await import('node:http')
  const headers = { authorization: `Bearer ${token}` }
  const asked = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) })
  let wasSent = false
  asked.once('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => (wasSent = true)))
  const replied = once(asked, 'response')
  asked.end()
  try {
    const [reply]: IncomingMessage[] = await replied
    return reply === undefined ? { status: 0, body: '' } : { status: reply.statusCode ?? 0, body: await text(reply) }
  } catch (cause) {
    throw new CommandError(noReplyInWords(url, wasSent), { cause })
  }
}

/** A port that listens on all addresses of a machine is asked on the machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** The service does not say whether it knows an id: a provider's people have no account here. */
const BY_ID = '(People go by their id, and not by their user name: scanin accounts list has both.)'
const NO_ADMIN_PORT = 'What answers there is no admin port of this ScanIn.'
const problem = Type.Object({ title: Type.String(), code: Type.String() })

function refusalInWords(status: number, { code, title }: Static<typeof problem>): string {
  if (code === 'authentication_required') return 'The service has another ADMIN_TOKEN: nothing was done.'
  if (code === 'not_found')
    return 'Nobody here has that id: nothing was done. (scanin accounts list has those of the accounts.)'
  return `${title} (${status} ${code}): nothing was done, or not all of it. Try again.`
}

function read<Schema extends TSchema>(schema: Schema, body: string): Static<Schema> {
  try {
    const value: unknown = JSON.parse(body)
    const validator = Compile(schema)
    if (validator.Check(value)) return value
  } catch {
    // As below.
  }
  throw new CommandError(NO_ADMIN_PORT)
}

function seenInWords({ user, blocked, sessions }: Static<typeof seenReply>): string {
  const head = `${user.id} ${blocked ? 'is blocked, and ' : ''}has ${sessionsInWords(sessions.length)}.`
  if (sessions.length === 0) return `${head} ${BY_ID}\n`
  const rows = sessions.map(({ kind, browser, ip, created_at, last_seen_at }) => [
    ...[kind, `${browser.name}, ${browser.os}`, ip],
    `since ${created_at}`,
    `last seen ${last_seen_at}`,
  ])
  return `${head}\n${columns(rows)}`
}

function sessionsInWords(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`
}
