import { expect, test } from '@jest/globals'
import { readComposeFile } from '../support/compose-file.ts'

/** Traefik is in no Debian: its documented file is read. What it asks ScanIn is asked in tests/server/apps. */

const { services, networks } = readComposeFile('docs/proxies/traefik-compose.yml')
const { scanin, traefik, ...applications } = services as Record<string, { labels?: Record<string, string> }>

test("Traefik's file asks as Traefik has to, believes no client, and is believed alone (T30)", () => {
  const labels = scanin?.labels ?? {}
  const middleware = (name: string) => labels[`traefik.http.middlewares.${name}`]
  expect(middleware('ask-scanin.forwardauth.address')).toBe('http://scanin:3000/auth/forward')
  const told = ['Remote-User', 'Remote-Name', 'Remote-Email', 'Remote-Groups']
  expect(middleware('ask-scanin.forwardauth.authResponseHeaders')).toBe(told.join(','))
  expect(Object.keys(labels).filter((label) => /trustforwardheader/i.test(label))).toEqual([])
  const ofPaths = ['X-Original-URL', 'X-Original-URI', 'X-Original-Method', 'X-Rewrite-URL']
  for (const name of [...told, ...ofPaths, 'Forwarded', 'X-Forwarded-Prefix', 'X-Request-Id', 'HTTP2-Settings']) {
    expect([name, middleware(`no-claims.headers.customrequestheaders.${name}`)]).toEqual([name, ''])
  }
  expect(middleware('scanin.chain.middlewares')).toBe('no-claims,ask-scanin')
  expect(labels['traefik.http.routers.scanin-part.rule']).toBe('PathPrefix(`/.scanin/`)')

  expect(Object.keys(applications).length).toBe(2)
  for (const [name, application] of Object.entries(applications)) {
    expect(application.labels?.[`traefik.http.routers.${name}.middlewares`]).toBe('scanin')
  }
  // Other spellings of what it is told, from 3.7.12 on; no h2c, from 3.7.13 on.
  const { image, command } = traefik as { image: string; command: string[] }
  const [major = 0, minor = 0, patch = 0] = image.split(':v')[1]?.split('.').map(Number) ?? []
  expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_007_013)
  expect(command).toContain('--entrypoints.https.http.aliasHeadersStrategy=delete')
  const addresses = JSON.stringify(traefik)
  const trusted = JSON.stringify(scanin).match(/"TRUST_PROXY":"([\d.]+)"/)?.[1] ?? 'nobody'
  expect(addresses).toContain(`"ipv4_address":"${trusted}"`)
  expect(JSON.stringify(networks)).toContain('10.213.89.128/25')
})
