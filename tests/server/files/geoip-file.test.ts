import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { type GeoipFile, openGeoipFile } from '../../../server/files/geoip-file.ts'
import { keepLog } from '../../support/audit-lines.ts'
import { eventually } from '../../support/eventually.ts'
import { cityRecord, geoipFile } from '../../support/geoip-file.ts'
import { tryToStart } from '../../support/service.ts'

let folder: string
let path: string
let opened: GeoipFile | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scanin-geoip-'))
  path = join(folder, 'places.mmdb')
})
afterEach(() => {
  opened?.close()
  opened = undefined
  rmSync(folder, { recursive: true, force: true })
})

function put(bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}

async function open(bytes: Buffer, log = keepLog()): Promise<GeoipFile> {
  put(bytes)
  opened = await openGeoipFile({ path, logger: log.logger })
  return opened
}

const BERLIN = cityRecord('Berlin', 'Germany')

test('an address is in a city and a country, in a country alone, or nowhere that anybody knows', async () => {
  const { placeOf } = await open(
    geoipFile({
      '192.0.2.0/24': BERLIN,
      '198.51.100.128/25': cityRecord(undefined, 'Iceland'),
      '2001:db8:7::/48': cityRecord('Zürich', 'Switzerland'),
      // As other vendors write it.
      '203.0.113.0/24': { city: 'Oslo', country: 'NO', country_name: 'Norway' },
    }),
  )
  const addresses = [
    '192.0.2.7',
    '198.51.100.129',
    '2001:db8:7::1',
    '203.0.113.9',
    '198.51.100.1',
    '::1',
    '127.0.0.1',
    'unknown',
  ]
  expect(addresses.map(placeOf)).toEqual([
    'Berlin, Germany',
    'Iceland',
    'Zürich, Switzerland',
    'Oslo, NO',
    ...Array(4).fill(undefined),
  ])
})

test("no name gets onto somebody's phone that turns text around or goes on for long", async () => {
  const { placeOf } = await open(
    geoipFile({
      '192.0.2.0/24': cityRecord('Berlin\u202e', 'Germany'),
      '198.51.100.0/24': cityRecord('B'.repeat(500), 'Line\nbreak'),
      '203.0.113.0/24': { city: { names: 7 }, country: { names: { en: { en: 'x' } } } },
    }),
  )
  expect(['192.0.2.1', '198.51.100.1', '203.0.113.1'].map(placeOf)).toEqual(['Germany', undefined, undefined])
})

test('the file is followed: another one counts, and a bad one leaves the last good one', async () => {
  const log = keepLog()
  const { placeOf, reload } = await open(geoipFile({ '192.0.2.0/24': BERLIN }), log)
  put(geoipFile({ '192.0.2.0/24': cityRecord('Potsdam', 'Germany') }))
  await eventually('it is read again', () => placeOf('192.0.2.7') === 'Potsdam, Germany')
  put(Buffer.from('half of a download'))
  await reload()
  expect(placeOf('192.0.2.7')).toBe('Potsdam, Germany')
  expect(log.text()).toContain('GEOIP_FILE as before: the file is bad')
})

test.each([
  ['no file', undefined, 'GEOIP_FILE cannot be read'],
  ['a text', Buffer.from('Berlin, Germany\n'), "GEOIP_FILE: not a file in MaxMind's format (.mmdb), or not all of one"],
  ['half a file', geoipFile({ '192.0.2.0/24': BERLIN }).subarray(0, -60), "GEOIP_FILE: not a file in MaxMind's format"],
  [
    'a file of providers',
    geoipFile({ '192.0.2.0/24': { autonomous_system_number: 64_496 } }, 'GeoLite2-ASN'),
    'GEOIP_FILE: has neither cities nor countries in it',
  ],
])('%s ends the start with one line that names the variable', async (_what, bytes, line) => {
  if (bytes !== undefined) put(bytes)
  const { code, said } = await tryToStart({
    GEOIP_FILE: path,
    DEMO_PASSWORD: 'correct horse battery staple',
    PORT: '0',
  })
  expect(code).not.toBe(0)
  expect(said.trim().split('\n')).toEqual([expect.stringContaining(line)])
})
