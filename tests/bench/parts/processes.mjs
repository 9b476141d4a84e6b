// Child processes of the bench: each on a core of its own, each ended by its own id.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** The cores of what is measured and of what measures. With one core alone both share it. */
export const SERVER_CORE = 0
export const LOAD_CORE = Math.min(1, availableParallelism() - 1)

const CLOCK_TICKS_PER_SECOND = 100
const LONGEST_END_MS = 10_000
const running = new Set()

/**
 * Starts a program pinned to a core. Its output is kept, unless `log` names a file descriptor for standard output.
 * @returns {{ pid: number, stdout(): string, stderr(): string, exited: Promise<number | null>, stop(): Promise<void> }}
 */
export function start(core, command, args, { env = process.env, cwd, log = 'pipe' } = {}) {
  const child = spawn('taskset', ['-c', String(core), command, ...args], { env, cwd, stdio: ['pipe', log, 'pipe'] })
  child.stdin.on('error', () => undefined)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = new Promise((resolve) => {
    // Not `exit`: the last output may still be on its way then.
    child.once('close', resolve)
    child.once('error', (error) => {
      stderr += error.message
      resolve(null)
    })
  })
  const process_ = {
    pid: child.pid,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    say: (text) => child.stdin.write(text),
    async stop() {
      running.delete(process_)
      const impatience = setTimeout(() => child.kill('SIGKILL'), LONGEST_END_MS)
      child.kill('SIGTERM')
      await exited
      clearTimeout(impatience)
    },
  }
  running.add(process_)
  exited.then(() => running.delete(process_))
  return process_
}

/** Runs a program to its end. @returns what it printed */
export async function run(core, command, args, options) {
  const process_ = start(core, command, args, options)
  const code = await process_.exited
  if (code !== 0) throw new Error(`${command} ended with ${code}\n${process_.stdout()}\n${process_.stderr()}`)
  return process_.stdout()
}

/** Ends whatever this bench started and has not ended yet. */
export async function stopAll() {
  await Promise.all([...running].map((process_) => process_.stop()))
}

/** Waits until `isReady`, and fails with what the process said when it ends before. */
export async function untilReady(process_, isReady, patienceMs = 20_000) {
  const end = performance.now() + patienceMs
  let hasEnded = false
  process_.exited.then(() => {
    hasEnded = true
  })
  while (!(await isReady())) {
    if (hasEnded || performance.now() > end) throw new Error(`not ready\n${process_.stdout()}\n${process_.stderr()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Seconds of processor time that a process has had. */
export function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND
}

/** Bytes of memory that a process has resident. */
export function residentBytesOf(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
