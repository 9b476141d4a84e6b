import { lstat, readlink, symlink, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { codeOf } from '../errors.ts'
import { CommandError } from './terminal.ts'

/** A lock that is held. */
export interface HeldLock {
  /** @throws CommandError when somebody took it away: it was held for very long */
  check(): Promise<void>
}

/** What is done under a lock takes milliseconds. */
const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 20
/** A lock that is older than this counts as left over, where its process cannot be looked up from here. */
const LONGEST_MS = 60_000

/**
 * Runs `work` while no other process does under the lock at `path`, a symbolic link beside what it guards: made in one
 * step, with who made it as its target. One that was left behind by a process that is gone is cleared away.
 * @throws CommandError when it cannot be had
 */
export async function withLock<Result>(path: string, work: (lock: HeldLock) => Promise<Result>): Promise<Result> {
  const me = `${process.pid}@${await placeOfThis()}`
  await take(path, me)
  const isMine = async () => (await holderOf(path)) === me
  const check = async () => {
    if (!(await isMine())) throw new CommandError(`${path} was taken away meanwhile: nothing was changed.`)
  }
  try {
    return await work({ check })
  } finally {
    if (await isMine()) await unlink(path)
  }
}

async function take(path: string, me: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  while (!(await make(path, me))) {
    if (performance.now() > until) throw new CommandError(await whyNot(path))
    // One process at a time clears away, so that none removes a lock that was just made in the place of the old one.
    if ((await isLeft(path, me, Date.now())) && (await make(clearingAt(path), me))) await clear(path, me)
    else await pause(LOOK_AGAIN_MS * (1 + Math.random()))
  }
}

const clearingAt = (path: string) => `${path}.clearing`

async function clear(path: string, me: string): Promise<void> {
  try {
    // By the file system's clock, which has just stamped the lock for clearing.
    const now = (await lstat(clearingAt(path))).mtimeMs
    if (await isLeft(path, me, now)) await unlink(path)
  } finally {
    await unlink(clearingAt(path))
  }
}

/** @returns `false`: there is one */
async function make(path: string, me: string): Promise<boolean> {
  try {
    await symlink(me, path)
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new CommandError(
      `${path} cannot be made (${codeOf(cause)}): the folder has to be one that you can write to.`,
      { cause },
    )
  }
}

async function isLeft(path: string, me: string, now: number): Promise<boolean> {
  const [holder, made] = await Promise.all([holderOf(path), lstat(path).catch(() => undefined)])
  if (holder === undefined || made === undefined) return false
  const [, pid, place] = /^(\d+)@(.*)$/s.exec(holder) ?? []
  if (pid !== undefined && me.endsWith(`@${place}`)) return !isAlive(Number(pid))
  return now - made.mtimeMs > LONGEST_MS
}

async function whyNot(path: string): Promise<string> {
  const holder = (await holderOf(path)) ?? 'nobody any more'
  return `${path} is held by ${holder}: nothing was changed. If nothing runs there, remove it, and ${clearingAt(path)} too.`
}

async function holderOf(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined)
}

/** Where a process can be looked for by its id: a container has ids of its own. */
async function placeOfThis(): Promise<string> {
  const space = await readlink('/proc/self/ns/pid').catch(() => '')
  return [hostname(), ...(/\d+/.exec(space) ?? [])].join('/')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // The process is there, but somebody else's.
    return codeOf(error) === 'EPERM'
  }
}
