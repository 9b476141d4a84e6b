import { expect, test } from '@jest/globals'
import { readConfig } from '../../server/config.ts'
import { welcome } from '../../server/welcome.ts'

const APPS = { APPS_FILE: '/etc/scanin/apps.yml' }
const SIGN_IN = {
  PHONE_OIDC_ISSUER: 'https://id.example.org/',
  PHONE_OIDC_CLIENT_ID: 'scanin',
  PHONE_OIDC_CLIENT_SECRET: 'secret',
}

function saidOf(env: Record<string, string>): string {
  const config = readConfig(env, '192.168.1.5', () => '')
  return welcome({ config, version: '1', madePassword: undefined, storeTrouble: undefined })
}

test.each([
  ['two issuers and applications', { ...APPS, ...SIGN_IN, PHONE_JWT_ISSUER: 'https://other.example.org' }, true],
  ['one issuer', { ...APPS, ...SIGN_IN, PHONE_JWT_ISSUER: 'https://id.example.org' }, false],
  ['no applications', { ...SIGN_IN, PHONE_JWT_ISSUER: 'https://other.example.org' }, false],
  ['native apps alone', { ...APPS, PHONE_JWT_ISSUER: 'https://other.example.org' }, false],
])('that people of two providers may be one to applications is said where it is so: %s', (_what, env, isSaid) => {
  expect(saidOf(env).includes('PHONE_JWT_ISSUER is not PHONE_OIDC_ISSUER')).toBe(isSaid)
})
