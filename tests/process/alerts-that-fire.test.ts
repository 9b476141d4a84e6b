import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from '@jest/globals'
import { findProgram, type RunningProcess, startProcess, untilReady } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { createClient, createPhone } from '../support/http-client.ts'
import { approve, startLogin } from '../support/login-flow.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

/** docs/monitoring/alerts.yaml in a real Prometheus, over a service that has these troubles; minutes are seconds here. */

let folder: string
let receiver: WebhookReceiver
let redis: RedisServer
let service: Service
let prometheus: RunningProcess
let prometheusUrl: string

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  receiver.answer((_request, response) => void response.writeHead(410).end())
  redis = await startRedis()
  const metricsPort = await freePort()
  service = await startService({
    REDIS_URL: redis.url,
    METRICS_PORT: String(metricsPort),
    MATCH: 'never',
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET,
  })
  folder = mkdtempSync(join(tmpdir(), 'scanin-prometheus-'))
  const port = await freePort()
  prometheusUrl = `http://127.0.0.1:${port}`
  prometheus = await startPrometheus(port, metricsPort)
})

afterAll(async () => {
  await Promise.all([prometheus.stop('SIGKILL'), service.stop(), redis.stop(), receiver.stop()])
  rmSync(folder, { recursive: true })
})

async function startPrometheus(port: number, metricsPort: number): Promise<RunningProcess> {
  const rules = readFileSync(join(ROOT, 'docs/monitoring/alerts.yaml'), 'utf8')
  writeFileSync(join(folder, 'alerts.yaml'), rules.replaceAll(/\[\d+m\]/g, '[20s]').replaceAll(/for: \d+m/g, 'for: 0s'))
  const scrape = { job_name: 'scanin', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] }
  const everywhere = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  const config = { global: everywhere, rule_files: ['alerts.yaml'], scrape_configs: [scrape] }
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const running = startProcess(findProgram('PROMETHEUS', 'prometheus'), [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ])
  await untilReady(running, async () => (await query('up')).some(({ value }) => value[1] === '1'))
  return running
}

async function query(expression: string): Promise<{ value: [number, string] }[]> {
  const { data } = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)
  return data?.result ?? []
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into replies freely
async function ask(path: string): Promise<any> {
  const reply = await fetch(prometheusUrl + path).catch(() => undefined)
  return (await reply?.json().catch(() => undefined)) ?? {}
}

async function firing(): Promise<Set<string>> {
  const { data } = await ask('/api/v1/alerts')
  const alerts: { state: string; labels: { alertname: string } }[] = data?.alerts ?? []
  return new Set(alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname))
}

/** Causes a trouble again and again until it is noticed: what one look at the metrics has missed, the next has not. */
async function expectFiring(alerts: string[], trouble: () => Promise<unknown> = async () => undefined): Promise<void> {
  const seen = new Set<string>()
  const look = async () => {
    await trouble()
    for (const alert of await firing()) seen.add(alert)
    return alerts.every((alert) => seen.has(alert))
  }
  // Causing it takes longer than looking: on a slow machine a minute is a handful of looks.
  await eventually(`${alerts} fire`, look, 4 * PATIENCE_MS)
}

const guess = () => createClient(service.url).post('/sign-in', { username: 'nobody', password: 'wrong' })

test('alerts fire on what a service shows of its troubles, and on nothing before', async () => {
  // A scrape on a busy machine may come too late, and a start be slow: neither lasts.
  await eventually('no alert fires', async () => (await firing()).size === 0)
  const phone = await createPhone(service.url)
  await expectFiring(
    ['ScanInLoginsLost', 'ScanInNobodyGetsIn', 'ScanInGuessing', 'ScanInWebhooksDropped'],
    async () => {
      for (let left = 0; left < 12; left++) await approve(phone, await startLogin(createClient(service.url)))
      for (let left = 0; left < 12; left++) await startLogin(createClient(service.url))
      await Promise.all(Array.from({ length: 12 }, guess))
    },
  )
  await redis.stop()
  await expectFiring(['ScanInStoreFailing'], () => phone.get('/session'))
  await service.stop()
  await expectFiring(['ScanInDown'])
})
