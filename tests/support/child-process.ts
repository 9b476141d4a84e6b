import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'
import { endLater } from './end-later.ts'
import { eventually } from './eventually.ts'

export interface RunningProcess {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Sends the signal and waits for the end. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  exited: Promise<number | null>
}

export function startProcess(command: string, args: string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  letGo(child)
  // No SIGKILL: nginx's workers would live on without their master.
  const hasEnded = endLater(() => child.kill('SIGTERM'))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      hasEnded()
      resolve(code)
    })
    child.once('error', (error) => {
      stderr += error.message
      resolve(null)
    })
  })
  const running: RunningProcess = {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    },
  }
  return running
}

/** Lets the run end although a test that failed has not stopped its processes. */
function letGo(child: ChildProcessByStdio<null, Readable, Readable>): void {
  child.unref()
  for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref()
}

/** Waits until `isReady`, and fails at once with what the process said when it ends before. */
export async function untilReady(
  running: RunningProcess,
  isReady: () => boolean | Promise<boolean>,
  patienceMs?: number,
): Promise<void> {
  const look = async () => {
    if (running.child.exitCode !== null) {
      throw new Error(`ended with ${running.child.exitCode}\n${running.stdout()}\n${running.stderr()}`)
    }
    return isReady()
  }
  await eventually('the process is ready', look, patienceMs)
}

/** A program by the variable that names it, or the first of `names` there is. A missing one fails the test. */
export function findProgram(variable: string, ...names: string[]): string {
  const named = process.env[variable]
  if (named !== undefined) return named
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error(`${names[0]} is missing: node tests/install-parts.mjs installs it`)
  return found
}
