import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './ports.mjs'
import { SERVER_CORE, start, untilReady } from './processes.mjs'

/** Where ScanIn is built. Another checkout, to compare two versions, by BENCH_ROOT. */
export const ROOT = process.env.BENCH_ROOT ?? join(import.meta.dirname, '../../..')
/** ScanIn's Node has the options that `npm start` gives it; others, to try them out, by BENCH_NODE_OPTIONS. */
export const NODE_OPTIONS = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? optionsOfStart(ROOT)
export const PASSWORD = 'correct horse battery staple'

/**
 * ScanIn as `npm start` runs it in production, all protections on, its log lines at info going to /dev/null. Only the
 * limits on an address's logins and sign-ins are off: the whole load comes from one address.
 * @param redis undefined where `env` names another store
 */
export async function startScanIn(redis, { env = {}, core = SERVER_CORE, root = ROOT } = {}) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const process_ = start(core, process.execPath, [...NODE_OPTIONS, join(root, 'dist/server/main.js')], {
    cwd: root,
    log: openSync('/dev/null', 'w'),
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), ...serviceEnv(redis, url), ...env },
  })
  await untilReady(process_, () => process_.stderr().includes('ScanIn '))
  return { ...process_, port, url }
}

/** What the service is told, whoever runs it. @param redis where its store is one */
export function serviceEnv(redis, url) {
  return {
    HOST: '127.0.0.1',
    PUBLIC_URL: url,
    ...(redis && { REDIS_URL: redis.url }),
    DEMO_PASSWORD: PASSWORD,
    RATE_LOGINS_PER_MINUTE: '0',
    RATE_SIGN_INS_PER_MINUTE: '0',
    // Two lives of a browser key, so that no login of the bench ends while it is measured.
    LOGIN_SECONDS: '3600',
  }
}

/** One of the servers in `servers/`, which listen on `PORT` and say so. */
export async function startServer(name, env = {}) {
  const port = await freePort()
  const process_ = start(SERVER_CORE, process.execPath, [join(import.meta.dirname, '../servers', `${name}.mjs`)], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), ...env },
  })
  await untilReady(process_, () => process_.stdout().includes('listening'))
  return { ...process_, port, url: `http://127.0.0.1:${port}` }
}

function optionsOfStart(root) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [, options] = /exec node (.*)dist\/server\/main\.js/.exec(scripts.start)
  return options.split(' ').filter(Boolean)
}
