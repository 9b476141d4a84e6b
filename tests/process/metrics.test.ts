import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { findProgram } from '../support/child-process.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type Client, createClient, createPhone } from '../support/http-client.ts'
import { scan, signInBrowser, startLogin } from '../support/login-flow.ts'
import { sendRaw } from '../support/raw-socket.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from '../support/webhook-receiver.ts'

const MONITORING = join(ROOT, 'docs/monitoring')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const promtool =
  (...args: string[]) =>
  (input?: string) =>
    execFileSync(findProgram('PROMTOOL', 'promtool'), args, { cwd: MONITORING, encoding: 'utf8', input, stdio: 'pipe' })

let receiver: WebhookReceiver
let service: Service
let metrics: Client
let metricsUrl: string

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  const port = await freePort()
  const env = { METRICS_PORT: String(port), WEBHOOK_URL: receiver.url, WEBHOOK_SECRET, MATCH: 'never' }
  service = await startService(env)
  metricsUrl = `http://127.0.0.1:${port}`
  metrics = createClient(metricsUrl)
})

afterAll(async () => {
  await service.stop()
  await receiver.stop()
})

const scrape = async () => (await metrics.get('/metrics')).text

/** How much each series has grown while something was done. */
async function grown(done: () => Promise<unknown>): Promise<Map<string, number>> {
  const before = seriesIn(await scrape())
  await done()
  const after = seriesIn(await scrape())
  return new Map([...after].map(([series, value]) => [series, value - (before.get(series) ?? 0)]))
}

function seriesIn(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^(\w+(?:\{.*\})?) ([\d.e+-]+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  )
}

describe('what is counted', () => {
  test('the funnel of a login, its polls, its replies and what the store was asked', async () => {
    const phone = await createPhone(service.url)
    const seen = await grown(async () => {
      const denied = await startLogin(createClient(service.url))
      await scan(phone, denied)
      await phone.post('/login/deny', { token: denied })
      const left = createClient(service.url)
      await left.delete(`/login/${await startLogin(left)}`)
      await signInBrowser(createClient(service.url), phone)
    })
    for (const [step, times] of Object.entries({
      created: 3,
      scanned: 2,
      confirmed: 1,
      collected: 1,
      denied: 1,
      cancelled: 1,
      matched: 0,
      expired: 0,
    })) {
      expect({ step, times: seen.get(`scanin_logins_total{step="${step}"}`) }).toEqual({ step, times })
    }
    expect(seen.get('scanin_audit_events_total{event="login.collected"}')).toBe(1)
    expect(seen.get('scanin_polls_total{client="browser"}')).toBe(1)
    expect(seen.get('scanin_http_replies_total{method="POST",route="/login",status="201"}')).toBe(3)
    expect(seen.get('scanin_http_reply_seconds_count{route="/login"}')).toBe(3)
    expect(seen.get('scanin_http_reply_seconds_bucket{le="+Inf",route="/login"}')).toBe(3)
    for (const operation of ['read', 'write', 'remove']) {
      expect(seen.get(`scanin_store_seconds_count{operation="${operation}"}`)).toBeGreaterThan(0)
    }
  })

  test('polls that are held, by who waits, and that they do not wait any more', async () => {
    const [browser, phone] = [createClient(service.url), await createPhone(service.url)]
    const token = await startLogin(browser)
    let held: Promise<unknown> = Promise.resolve()
    const seen = await grown(async () => {
      held = browser.get(`/login/status/${token}?seen=pending&wait=25`)
      await eventually('one waits', async () => (await scrape()).includes('scanin_waiters{client="browser"} 1\n'))
      await scan(phone, token)
      await held
    })
    expect(seen.get('scanin_held_polls_total{client="browser"}')).toBe(1)
    expect(seriesIn(await scrape()).get('scanin_waiters{client="browser"}')).toBe(0)
  })

  test('refusals by their code, of whatever kind of request', async () => {
    const client = createClient(service.url)
    const seen = await grown(async () => {
      await client.get('/nowhere')
      await client.get('/session')
      await client.get('/%zz')
      await client.post('/sign-in', { username: 'demo', password: 'wrong' })
      await client.get('/login/status/no-token')
      await sendRaw(service.port, 'GET / HTTP/1.1\r\nno colon\r\n\r\n')
      await sendRaw(service.port, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nConnection: close\r\n\r\n')
    })
    const codes = { not_found: 1, authentication_required: 1, invalid_credentials: 1, invalid_request: 4 }
    for (const [code, times] of Object.entries(codes)) {
      expect({ code, times: seen.get(`scanin_refusals_total{code="${code}"}`) }).toEqual({ code, times })
    }
  })

  test('webhooks that were delivered, and that none waits any more', async () => {
    const series = async (name: string) => seriesIn(await scrape()).get(name) ?? 0
    const noneWaits = async () => (await series('scanin_webhooks_waiting')) === 0
    await eventually('those of the tests before are delivered', noneWaits)
    const delivered = 'scanin_webhooks_total{result="delivered"}'
    const before = await series(delivered)
    await createPhone(service.url)
    await eventually('that of a sign-in is delivered', async () => (await series(delivered)) > before)
    await eventually('none waits any more', noneWaits)
  })

  test('under no label that a client chooses', async () => {
    const client = createClient(service.url)
    const before = seriesIn(await scrape()).size
    for (let call = 0; call < 20; call++) {
      await client.get(`/nowhere/${call}`)
      await client.get(`/login/status/${'u'.repeat(16)}.${String(call).padStart(22, 'v')}`)
      await client.post('/sign-in', { username: `somebody-${call}`, password: 'wrong' })
      await client.get('/', { headers: { 'x-request-id': `id-${call}`, 'user-agent': `agent-${call}` } })
    }
    // Of each route a status that had not been there, and a histogram of eight buckets, sum and count.
    expect(seriesIn(await scrape()).size - before).toBeLessThan(40)
  })
})

describe('replies on the port for metrics have the manners of all others', () => {
  const MANNERS = {
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': expect.stringContaining('no-store'),
    'x-request-id': expect.stringMatching(/^[\w-]{21}$/),
  }

  test('the metrics themselves', async () => {
    const { status, headers } = await metrics.get('/metrics')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ ...MANNERS, 'content-type': expect.stringContaining('text/plain') })
  })

  test.each([
    ['GET', '/somewhere-s3cret', 404, 'not_found'],
    ['POST', '/metrics?s3cret', 404, 'not_found'],
    ['GET', '/%zz-s3cret', 400, 'invalid_request'],
  ])('a problem, which does not repeat what was asked: %s %s', async (method, path, status, code) => {
    const reply = await metrics.call(method, path, { headers: { origin: undefined } })
    expect([reply.status, reply.json.code]).toEqual([status, code])
    expect(reply.headers).toMatchObject({ ...MANNERS, 'content-type': 'application/problem+json; charset=utf-8' })
    expect(reply.text).not.toContain('s3cret')
  })

  test('what never became a request', async () => {
    const port = Number(new URL(metricsUrl).port)
    const reply = await sendRaw(port, 'GET /metrics HTTP/1.1\r\nno colon s3cret\r\n\r\n')
    expect(reply.status).toBe(400)
    expect(Object.fromEntries(reply.headers)).toMatchObject(MANNERS)
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'invalid_request' })
  })
})

describe('for those who look', () => {
  const namesIn = (text: string) => new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name))
  const usedIn = (query: string) => [...query.matchAll(/\b(?:scanin|nodejs|process)_\w+/g)].map(([name]) => name)

  /** What a query says is there: a metric, or a part of a histogram. */
  function expectKnown(query: string, known: Set<string>): void {
    expect(usedIn(query)).not.toEqual([])
    for (const name of usedIn(query)) {
      expect({ query, name, isKnown: known.has(name) || known.has(name.replace(/_(bucket|sum|count)$/, '')) }).toEqual({
        query,
        name,
        isKnown: true,
      })
    }
  }

  test('promtool finds nothing to say of the metrics', async () => {
    expect(promtool('check', 'metrics')(await scrape())).toBe('')
  })

  test('docs/operations.md explains every metric of ours, and no other', async () => {
    const [, section = ''] = read('docs/operations.md').split('\n## Metrics\n')
    const explained = [...section.matchAll(/^\| `(scanin_\w+)`/gm)].map(([, name]) => name)
    const ours = [...namesIn(await scrape())].filter((name) => name.startsWith('scanin_'))
    expect([...explained].sort()).toEqual(ours.sort())
  })

  test('the dashboard asks for metrics that there are, in queries that Prometheus can read', async () => {
    const { panels } = JSON.parse(read('docs/monitoring/grafana-dashboard.json'))
    const queries: string[] = panels.flatMap(({ targets = [] }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr),
    )
    expect(queries.length).toBeGreaterThan(20)
    const known = namesIn(await scrape())
    for (const query of queries) expectKnown(query, known)
    const rules = queries.map((query, at) => ({
      record: `panel:${at}`,
      expr: query.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
    }))
    const folder = mkdtempSync(join(tmpdir(), 'scanin-rules-'))
    try {
      writeFileSync(join(folder, 'panels.yaml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }))
      expect(promtool('check', 'rules', join(folder, 'panels.yaml'))()).toContain(`${queries.length} rules found`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  describe('alerts', () => {
    const { groups } = parse(read('docs/monitoring/alerts.yaml'))
    const rules: { alert: string; expr: string; annotations: { runbook: string } }[] = groups[0].rules

    test('ask for metrics that there are', async () => {
      const known = namesIn(await scrape()).add('up')
      for (const { expr, alert } of rules) {
        if (alert === 'ScanInDown') expect(expr).toBe('up{job="scanin"} == 0')
        else expectKnown(expr, known)
      }
    })

    test('are made to fire, each in its trouble and none on a busy day', () => {
      expect(promtool('check', 'rules', 'alerts.yaml')()).toContain(`${rules.length} rules found`)
      expect(promtool('test', 'rules', 'alerts.test.yaml')()).toContain('SUCCESS')
      const { tests } = parse(read('docs/monitoring/alerts.test.yaml'))
      const tried: { alertname: string; exp_alerts?: unknown[] }[] = tests.flatMap(
        ({ alert_rule_test }: { alert_rule_test: unknown[] }) => alert_rule_test,
      )
      for (const { alert } of rules) {
        const fires = tried
          .filter(({ alertname }) => alertname === alert)
          .map(({ exp_alerts = [] }) => exp_alerts.length > 0)
        expect({ alert, fires: new Set(fires) }).toEqual({ alert, fires: new Set([false, true]) })
      }
    })

    test('say where it stands what to do', () => {
      const titles = [...read('docs/operations.md').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
      for (const { annotations } of rules) {
        const [path, anchor] = annotations.runbook.split('#')
        expect([path, titles]).toEqual(['docs/operations.md', expect.arrayContaining([anchor])])
      }
    })
  })
})
