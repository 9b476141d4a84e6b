import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import type { networkInterfaces } from 'node:os'
import { createInterface } from 'node:readline'
import { endLater } from './end-later.ts'
import { eventually } from './eventually.ts'

/** What the host of this Jest worker (worker-host.mjs) is asked for, over its Unix socket. */

/** In place of this machine's. */
export type Networks = ReturnType<typeof networkInterfaces>

interface Message {
  stdout?: string
  stderr?: string
  complaint?: string
  exited?: number
}

/** Runs the built service in this worker's host. Ending it fails if anything but the service has written something. */
export async function startHosted(env: Record<string, string>, networks?: Networks) {
  const connection = await eventually('the host of services listens', connectToHost)
  // Lets the run end although a test that failed has not stopped its services.
  connection.unref()
  // When the connection ends, the host ends the service.
  const hasEndedInTime = endLater(() => connection.destroy())
  const said = { stdout: '', stderr: '', complaint: '' }
  let code: number | null = null
  let hasEnded = false
  const closed = new Promise<void>((resolve) => {
    connection.once('close', () => {
      hasEnded = true
      hasEndedInTime()
      resolve()
    })
  })
  createInterface({ input: connection }).on('line', (line) => {
    const { stdout = '', stderr = '', complaint = '', exited }: Message = JSON.parse(line)
    code = exited ?? null
    said.stdout += stdout
    said.stderr += stderr
    said.complaint += complaint
  })
  connection.write(`${JSON.stringify({ env, networks })}\n`)
  return {
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    hasEnded: () => hasEnded,
    reload: () => connection.write('reload\n'),
    async stop() {
      connection.ref()
      if (!hasEnded) connection.write('stop\n')
      await closed
      if (said.complaint !== '') throw new Error(`beside the service's lines there is ${said.complaint}`)
      return code
    },
  }
}

async function connectToHost(): Promise<Socket | undefined> {
  const connection = createConnection(`${process.env['SCANIN_HOSTS']}${process.env['JEST_WORKER_ID']}`)
  try {
    await once(connection, 'connect')
    return connection
  } catch {
    return undefined
  }
}

/** The Chromium of this worker, launched by whoever asks first. @returns where its DevTools are */
export async function sharedChromium(launch: { program: string; args: readonly string[] }): Promise<string> {
  const connection = await eventually('the host of services listens', connectToHost)
  connection.write(`${JSON.stringify({ launch })}\n`)
  const reply = await connection.setEncoding('utf8').toArray()
  const { endpoint, failure }: { endpoint?: string; failure?: string } = JSON.parse(reply.join(''))
  if (endpoint === undefined) throw new Error(failure)
  return endpoint
}
