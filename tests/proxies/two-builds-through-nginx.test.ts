import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { readWeb } from '../../server/http/built-web.ts'
import { createTestApp } from '../support/app.ts'
import { assetsOfThisBuild } from '../support/assets.ts'
import { freePort } from '../support/free-port.ts'
import { createClient } from '../support/http-client.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { ROOT } from '../support/service.ts'
import { sampleConfiguration } from '../support/two-instances.ts'

/** docs/operations.md, "Upgrades without downtime": one instance has this build, the other a newer one. */

const THIS_BUILD = join(ROOT, 'dist/web')
const apps: FastifyInstance[] = []
let folder: string
let nginx: Nginx

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-newer-build-'))
  makeNewerBuild()
  const upstream = [await freePort(), await freePort()]
  nginx = await startNginx((port) => sampleConfiguration(port, upstream))
  for (const [at, root] of [THIS_BUILD, folder].entries()) {
    const { app } = await createTestApp({ PUBLIC_URL: nginx.url }, { web: readWeb(root) })
    await app.listen({ host: '127.0.0.1', port: upstream[at] ?? 0 })
    apps.push(app)
  }
})

afterAll(async () => {
  await nginx.stop()
  await Promise.all(apps.map((app) => app.close()))
  rmSync(folder, { recursive: true })
})

/** The same files, at the address that another build would have. */
function makeNewerBuild(): void {
  const nameInIt = (name: string) => name.replace(/-(\w{8})(?=\.)/, '-NEWBUILD-$1')
  mkdirSync(join(folder, 'assets'))
  for (const name of assetsOfThisBuild()) {
    cpSync(join(THIS_BUILD, 'assets', name), join(folder, 'assets', nameInIt(name)))
  }
  mkdirSync(join(folder, 'en'))
  const pages = readdirSync(join(THIS_BUILD, 'en')).map((name) => `en/${name}`)
  for (const name of [...pages, ...readdirSync(THIS_BUILD)].filter((file) =>
    /\.(html|js|json|webmanifest)$/.test(file),
  )) {
    const page = readFileSync(join(THIS_BUILD, name), 'utf8')
    writeFileSync(join(folder, name), page.replaceAll(/"\/assets\/[^"]+"/g, nameInIt))
  }
}

test('pages of both builds are served, and to each its own files, whichever instance is asked', async () => {
  const client = createClient(nginx.url)
  const builds = new Set<string>()
  for (let visit = 0; visit < 10; visit++) {
    const page = await client.get(['/', '/scan', '/home'][visit % 3] ?? '/')
    const files = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)]
    expect(files.length).toBeGreaterThan(1)
    for (const [, path = ''] of files) {
      builds.add(path.includes('-NEWBUILD-') ? 'newer' : 'this')
      const { status, headers } = await client.get(path)
      expect({ path, status, cache: headers['cache-control'] }).toEqual({
        path,
        status: 200,
        cache: 'public, max-age=31536000, immutable',
      })
    }
  }
  expect(builds.size).toBe(2)
})

test('what neither has is still not there', async () => {
  expect((await createClient(nginx.url).get('/assets/page-FFFFFFFF.js')).status).toBe(404)
})
