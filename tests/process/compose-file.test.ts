import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import ipaddr from 'ipaddr.js'
import { parse } from 'yaml'
import { addressOn, type ComposeService, readComposeFile, readRepository } from '../support/compose-file.ts'
import { ROOT } from '../support/service.ts'

/** What our Compose files promise about their containers, read from the files: no Docker is needed. */

const { services, networks = {} } = readComposeFile('docker-compose.yml')
const single = readComposeFile('docs/single-container.yml').services
const everywhere = { ...services, ...single }
const { version } = JSON.parse(readRepository('package.json'))
const dockerfile = readRepository('Dockerfile')

const instances = Object.entries(services).filter(([name]) => /^scanin-\d$/.test(name))
const each = (look: (service: ComposeService) => unknown) =>
  Object.fromEntries(Object.entries(everywhere).map(([name, service]) => [name, look(service)]))
const forEach = (expected: unknown) => each(() => expected)
const namesOf = (names: ComposeService['networks'] = []) => (Array.isArray(names) ? names : Object.keys(names))

test('no container can write to its image, gain rights, run as root, or take more than its share', () => {
  expect(each((service) => service.read_only)).toEqual(forEach(true))
  expect(each((service) => service.cap_drop)).toEqual(forEach(['ALL']))
  expect(each((service) => service.security_opt)).toEqual(forEach(['no-new-privileges:true']))
  expect(each(({ user = '0' }) => /^[1-9]\d*:[1-9]\d*$/.test(user))).toEqual(forEach(true))
  expect(each(({ mem_limit = '' }) => /^\d+[mg]$/.test(mem_limit))).toEqual(forEach(true))
  expect(each(({ pids_limit = 0 }) => pids_limit > 0)).toEqual(forEach(true))
  // Docker refuses to start a container that may have more processors than there are.
  expect(each(({ cpus = 0 }) => cpus > 0 && cpus <= 1)).toEqual(forEach(true))
})

test('our images name their user by number: Kubernetes cannot tell of a name that it is not root', () => {
  const users = [...dockerfile.matchAll(/^USER (.+)$/gm)].map(([, user]) => user)
  const built = Object.values(everywhere).filter(({ build }) => build !== undefined)
  expect(users).toHaveLength(2)
  expect(new Set(users)).toEqual(new Set(built.map(({ user }) => user)))
})

test('each image has an exact version, and ours has the one that package.json names', () => {
  expect(each(({ image }) => /:v?\d+\.\d+\.\d+(-\w+)?$/.test(image))).toEqual(forEach(true))
  const built = Object.values(everywhere).filter(({ build }) => build !== undefined)
  expect(new Set(built.map(({ image }) => image.split(':')[1]))).toEqual(new Set([version]))
  expect(dockerfile).toContain(`org.opencontainers.image.version="${version}"`)
})

test('no password is written anywhere, nor one to fall back on: each comes from a file', () => {
  const secret = /password|secret|token/i
  for (const { environment = {} } of Object.values(everywhere)) {
    for (const [name, value] of Object.entries(environment).filter(([variable]) => secret.test(variable))) {
      expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\/\w+$/)])
    }
  }
  const text = readRepository('docker-compose.yml') + readRepository('docs/single-container.yml')
  expect(text.match(/\$\{\w*(PASSWORD|SECRET|TOKEN)\w*/)).toBeNull()
  expect(text.match(/(requirepass|--pass|-a) +[^$\s]/)).toBeNull()
  expect(text.match(/:\/\/\S*:\S*@/)).toBeNull()
})

test('the proxy is trusted by its address alone, which Docker gives to nobody else', () => {
  const proxy = addressOn('front', services['proxy'] ?? { image: '' })
  expect(instances.map(([, { environment }]) => environment?.['TRUST_PROXY'])).toEqual([proxy, proxy])
  for (const [name, { ipam }] of Object.entries(networks)) {
    const written = Object.values(services).flatMap((service) => addressOn(name, service) ?? [])
    expect(new Set(written).size).toBe(written.length)
    for (const { subnet, ip_range } of ipam?.config ?? []) {
      const isIn = (range: string) => (address: string) => ipaddr.parse(address).match(ipaddr.parseCIDR(range))
      expect(written.filter(isIn(subnet))).toEqual(written)
      expect(written.filter(isIn(ip_range))).toEqual([])
    }
  }
})

test('what is mounted where another proxy stands before ours believes that one, on the network that it comes by', () => {
  const [, believed] = /^set_real_ip_from (\S+);$/m.exec(readRepository('docs/proxies/nginx-behind-another.conf')) ?? []
  expect([believed]).toEqual(networks['front']?.ipam?.config?.map(({ subnet }) => subnet))
})

test('the proxy finds the instances without asking, also those that are away when it starts', () => {
  const upstreams = [...readRepository('docs/proxies/nginx.conf').matchAll(/^ {2}server ([\w-]+):3000/gm)]
  const found = instances.map(([name, service]) => `${name}:${addressOn('front', service)}`)
  expect(upstreams.map(([, name]) => name)).toEqual(instances.map(([name]) => name))
  expect(services['proxy']?.extra_hosts).toEqual(found)
})

test('an instance that stands still is waited for as long as the documents say that one may be silent, and no longer', () => {
  const [, seconds] =
    /^\| [^|]*a connection on which nothing moves \| (\d+) seconds \|/m.exec(readRepository('docs/operations.md')) ?? []
  expect(readRepository('docs/proxies/nginx.conf')).toContain(`proxy_read_timeout ${seconds}s;`)
  expect(readRepository('docs/proxies/Caddyfile')).toContain(`response_header_timeout ${seconds}s\n`)
})

test('Redis and metrics are on networks that lead nowhere else, and only the proxy is open to other machines', () => {
  expect(namesOf(services['redis']?.networks).map((name) => networks[name]?.internal)).toEqual([true])
  for (const [, service] of instances) {
    expect(service.environment?.['METRICS_HOST']).toBe(addressOn('metrics', service))
  }
  expect(networks['metrics']?.internal).toBe(true)
  const open = Object.entries(services).filter(([, { ports = [] }]) => ports.some((port) => !/^127\./.test(port)))
  expect(open.map(([name]) => name)).toEqual(['proxy'])
})

test('Prometheus asks each instance where it has its metrics, and Grafana asks that Prometheus', () => {
  const { scrape_configs: jobs } = parse(readRepository('docs/monitoring/prometheus.yml'))
  const places = instances.map(([name, { environment = {} }]) => `${name}:${environment['METRICS_PORT']}`)
  expect(jobs).toEqual([{ job_name: 'scanin', static_configs: [{ targets: places }] }])
  const { datasources } = parse(readRepository('docs/monitoring/grafana/datasources/prometheus.yaml'))
  expect(datasources).toEqual([expect.objectContaining({ type: 'prometheus', url: 'http://prometheus:9090' })])
  const shared = namesOf(services['prometheus']?.networks)
  expect(shared).toContain('metrics')
  expect(namesOf(services['grafana']?.networks).filter((name) => shared.includes(name))).toHaveLength(1)
  const { providers } = parse(readRepository('docs/monitoring/grafana/dashboards/files.yaml'))
  expect(services['grafana']?.volumes).toContain(`./docs/monitoring:${providers[0].options.path}:ro`)
})

test('whatever stays up says how it is, on the port it was told', () => {
  const staying = Object.values(everywhere).filter(({ restart }) => restart !== undefined)
  expect(staying.filter(({ healthcheck, image }) => healthcheck === undefined && !image.startsWith('scanin:'))).toEqual(
    [],
  )
})

test('instances differ in their addresses alone', () => {
  const [one, other] = instances.map(([, service]) =>
    JSON.stringify(service).replaceAll(/10\.213\.8[78]\.\d+/g, 'ADDRESS'),
  )
  expect(one).toBe(other)
})

test('what is mounted from the repository is there', () => {
  const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes)
  const paths = mounted.filter((mount) => mount.startsWith('./')).map((mount) => mount.split(':')[0] ?? '')
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  expect(paths.length).toBeGreaterThan(0)
})

test('tests and monitoring are there for who asks for them', () => {
  const always = Object.entries(services).filter(([, { profiles }]) => profiles === undefined)
  expect(always.map(([name]) => name)).toEqual(['secrets', 'redis', 'scanin-1', 'scanin-2', 'proxy'])
})

test('the container that is alone keeps what it is told in its volume', () => {
  const { environment = {}, volumes = [] } = single['scanin'] ?? {}
  const [mount] = volumes.map((volume) => volume.split(':')[1])
  expect(environment['STORE_PATH']).toMatch(new RegExp(`^${mount}/\\w+$`))
  // Docker makes a volume for whom the image's folder belongs to.
  expect(dockerfile).toContain(`install -d -o node -g node -m 700 ${mount} `)
})
