import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, startProcess, untilReady } from './child-process.ts'
import { endLater } from './end-later.ts'
import { freePort } from './free-port.ts'

export interface Nginx {
  url: string
  port: number
  stop(): Promise<void>
}

/**
 * A real nginx of the test's own.
 * @param http what stands inside its `http` block, made for the port it listens on
 */
export async function startNginx(http: (port: number, folder: string) => string): Promise<Nginx> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'scanin-nginx-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join('\n')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn; ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 512; }
    http { access_log off; ${temporary} ${http(port, folder)} }`,
  )
  const running = startProcess(findProgram('NGINX', 'nginx'), [
    '-p',
    folder,
    '-c',
    join(folder, 'nginx.conf'),
    '-e',
    'stderr',
  ])
  const url = `http://127.0.0.1:${port}`
  await untilReady(running, () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  )
  return {
    url,
    port,
    async stop() {
      await running.stop('SIGTERM')
    },
  }
}
