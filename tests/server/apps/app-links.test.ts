import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { parseAppLinks } from '../../../server/apps/app-links/app-links-file.ts'
import { createTestApp } from '../../support/app.ts'
import { eventually } from '../../support/eventually.ts'
import { createClient } from '../../support/http-client.ts'
import { type Service, startService, tryToStart } from '../../support/service.ts'

const FINGERPRINT = Array.from({ length: 32 }, () => 'A0').join(':')
const APPLE = { applinks: { details: [{ appIDs: ['ABCDE12345.com.example.app'], components: [{ '/': '/scan' }] }] } }
const target = { namespace: 'android_app', package_name: 'com.example.app', sha256_cert_fingerprints: [FINGERPRINT] }
const ANDROID = [{ relation: ['delegate_permission/common.handle_all_urls'], target }]
const both = { 'apple-app-site-association': APPLE, 'assetlinks.json': ANDROID }

const folder = mkdtempSync(join(tmpdir(), 'scanin-app-links-'))
let service: Service | undefined
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true })
})

const parse = (value: unknown) => parseAppLinks(JSON.stringify(value))
const apple = (detail: object) => ({ 'apple-app-site-association': { applinks: { details: [detail] } } })
const ids = { appIDs: ['ABCDE12345.com.example.app'] }
const android = (changes: object) => ({ 'assetlinks.json': [{ ...ANDROID[0], target: { ...target, ...changes } }] })

describe('the file', () => {
  test('holds what each platform is answered, in JSON or YAML, and one may be left out', () => {
    expect(parse(both).map(({ name, body }) => [name, JSON.parse(String(body))])).toEqual(Object.entries(both))
    expect(parse({ 'assetlinks.json': ANDROID })).toHaveLength(1)
    const yaml = 'apple-app-site-association: { webcredentials: { apps: [ABCDE12345.com.example.app] } }'
    expect(String(parseAppLinks(yaml)[0]?.body)).toBe('{"webcredentials":{"apps":["ABCDE12345.com.example.app"]}}')
  })

  test.each<[string, object]>([
    ['any page', apple({ ...ids, components: [{ '/': '*' }] })],
    ['any page, by leaving it out', apple({ ...ids, components: [{ '#': '?*' }] })],
    ['pages by a variable', apple({ ...ids, components: [{ '/': '/$(page)' }] })],
    ['pages by the older spelling', apple({ appID: ids.appIDs[0], paths: ['NOT /home', '/sc?n*'] })],
    ['another app', both],
    [
      'a site',
      {
        'assetlinks.json': [
          {
            relation: ['delegate_permission/common.get_login_creds'],
            target: { namespace: 'web', site: 'https://a.example' },
          },
        ],
      },
    ],
  ])('may lead to an app by %s', (_what, value) => {
    expect(() => parse(value)).not.toThrow()
  })

  test.each<[string, unknown, string]>([
    ['what is neither', 'apple-app-site-association: [', 'line 1: neither JSON nor YAML'],
    ['a list', [], 'must have apple-app-site-association or assetlinks.json in it'],
    ['nothing', {}, 'must have apple-app-site-association or assetlinks.json in it'],
    ['another key', { ...both, assetlinks: ANDROID }, 'has a key that is none of'],
    ['the wrong document', { 'assetlinks.json': APPLE }, 'assetlinks.json: must be array'],
    [
      'no details',
      { 'apple-app-site-association': { applinks: {} } },
      'applinks must have required properties details',
    ],
    ['no app', apple({ components: [] }), 'details 1 names no app'],
    ['an app without its team', apple({ ...ids, appIDs: ['com.example.app'] }), 'as ABCDE12345.com.example.app'],
    ['no way to /scan', apple({ ...ids, components: [{ '/': '/buy/*' }] }), 'no components of applinks lead /scan'],
    [
      'a way that is shut',
      apple({ ...ids, components: [{ '/': '/s*', exclude: true }, { '/': '*' }] }),
      'no components',
    ],
    ['a way that is shut, as of old', apple({ ...ids, paths: ['NOT /scan', '*'] }), 'no components'],
    ['no relation', { 'assetlinks.json': [{ target }] }, '0 must have required properties relation'],
    ['no statement', { 'assetlinks.json': [] }, 'must not have fewer than 1 items'],
    ['no package', android({ package_name: 'app' }), 'statement 1: package_name'],
    ['no fingerprint', android({ sha256_cert_fingerprints: [] }), 'statement 1: sha256_cert_fingerprints'],
    ['SHA-1', android({ sha256_cert_fingerprints: [FINGERPRINT.slice(0, 59)] }), 'as keytool prints them'],
    ['too much', { 'assetlinks.json': [{ ...ANDROID[0], more: 'x'.repeat(131_072) }] }, 'has more than 131072 bytes'],
  ])('is refused with %s, and says where', (_what, value, why) => {
    const attempt = () => (typeof value === 'string' ? parseAppLinks(value) : parse(value))
    expect(attempt).toThrow(why)
    expect(attempt).toThrow(/^APP_LINKS_FILE: /)
  })
})

test('without a file there is nothing for either platform', async () => {
  const { app } = await createTestApp()
  for (const name of Object.keys(both)) {
    const reply = await app.inject(`/.well-known/${name}`)
    expect([reply.statusCode, reply.json().code]).toEqual([404, 'not_found'])
  }
})

test('a running service answers what the file says now; one that went bad is as before, and a start with it is none', async () => {
  const path = join(folder, 'app-links.json')
  writeFileSync(path, JSON.stringify({ 'assetlinks.json': ANDROID }))
  service = await startService({ APP_LINKS_FILE: path })
  const client = createClient(service.url)
  const ask = (name: string) => client.get(`/.well-known/${name}`, { headers: { accept: 'text/html' } })
  expect((await ask('apple-app-site-association')).status).toBe(404)

  writeFileSync(path, JSON.stringify(both))
  const reply = await eventually('it was read again', async () => {
    const now = await ask('apple-app-site-association')
    return now.status === 200 && now
  })
  expect([reply.json, reply.headers['content-type']]).toEqual([APPLE, 'application/json'])
  expect(reply.headers['cache-control']).toBe('public, max-age=300')
  expect((await client.call('HEAD', '/.well-known/assetlinks.json')).status).toBe(200)

  writeFileSync(path, '{}')
  const { stdout, reload } = service
  await reload()
  await eventually('it was refused', () => stdout().includes('app links as before: the file is bad'))
  expect((await ask('assetlinks.json')).json).toEqual(ANDROID)
  const { code, said } = await tryToStart({ APP_LINKS_FILE: path, PORT: '0' })
  expect(code).not.toBe(0)
  expect(said).toContain('APP_LINKS_FILE: must have')
})
