import { fstatSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/**
 * Where lines of the log go. Nobody waits for it and nothing ends because of it, whatever takes the lines: a disk that is full,
 * a reader that reads no more, a terminal that is gone.
 */
export interface LogOutput {
  write(line: string): void
  /** Resolves after so many milliseconds at the latest: to whether all is out, or will never be taken by anybody. */
  settled(mostMs: number): Promise<boolean>
  /** Writes what waits, as far as that goes at once: for a process that ends here and now, and says why in its last lines. */
  tryOnce(): void
}

export interface LogOutputOptions {
  descriptor: number
  /** The line, with its end, that says how many others are lost: written as soon as there is room again. */
  lineOfLost: (lines: number) => string
  /** How many characters may wait. What comes then is lost. */
  most?: number
}

type Put = (bytes: Buffer, done: (error: Error | null | undefined, taken: number) => void) => void

const MOST_CHARACTERS = 4 * 2 ** 20
const AGAIN_AFTER_MS = 1000

/**
 * Opens the way to a descriptor, by what it is: a pipe is written to as its reader reads, a file one piece after
 * another.
 */
export function createLogOutput({ descriptor, lineOfLost, most = MOST_CHARACTERS }: LogOutputOptions): LogOutput {
  const put = isPipe(descriptor) ? intoPipe(descriptor) : intoFile(descriptor)
  const waiting: string[] = []
  let size = 0
  let lost = 0
  /** On its way, or to be tried again. */
  let underWay: Buffer | undefined
  let isRefused = false
  const settlers = new Set<() => void>()

  function goOn(): void {
    if (waiting.length === 0 && lost > 0) {
      waiting.push(lineOfLost(lost))
      lost = 0
    }
    if (waiting.length > 0) send(Buffer.from(waiting.splice(0).join('')))
    else for (const settle of settlers) settle()
  }

  function send(bytes: Buffer): void {
    underWay = bytes
    isRefused = false
    put(bytes, (error, taken) => {
      if (error) {
        isRefused = true
        setTimeout(() => send(bytes), AGAIN_AFTER_MS).unref()
        return
      }
      const rest = bytes.subarray(taken)
      if (rest.length > 0) return send(rest)
      underWay = undefined
      size = waiting.reduce((sum, line) => sum + line.length, 0)
      goOn()
    })
  }

  return {
    write(line) {
      if (size + line.length > most) {
        lost += 1
        return
      }
      waiting.push(line)
      size += line.length
      if (underWay === undefined) goOn()
    },
    settled(mostMs) {
      if (underWay === undefined) return Promise.resolve(true)
      return new Promise((resolve) => {
        const end = (isOut: boolean) => {
          clearTimeout(timer)
          settlers.delete(settle)
          resolve(isOut)
        }
        const settle = () => end(true)
        const timer = setTimeout(end, mostMs, false)
        settlers.add(settle)
      })
    },
    tryOnce() {
      try {
        if (isRefused && underWay !== undefined) writeSync(descriptor, underWay)
        writeSync(descriptor, waiting.join(''))
      } catch {}
    },
  }
}

function isPipe(descriptor: number): boolean {
  const kind = fstatSync(descriptor)
  return kind.isFIFO() || kind.isSocket()
}

/** Writes by the event loop. A thread would never return from a pipe that nobody reads, nor let the process end. */
function intoPipe(descriptor: number): Put {
  const pipe = new Socket({ fd: descriptor, readable: false, writable: true })
  pipe.unref()
  // Nobody will ever read the pipe again: what is written from then on is dropped, and waits for nothing.
  pipe.on('error', () => undefined)
  return (bytes, done) => void pipe.write(bytes, (error) => done(pipe.destroyed ? undefined : error, bytes.length))
}

function intoFile(descriptor: number): Put {
  return (bytes, done) => write(descriptor, bytes, done)
}
