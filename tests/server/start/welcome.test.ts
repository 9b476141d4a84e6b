import { expect, test } from '@jest/globals'
import { welcome } from '../../../server/start/welcome.ts'
import { readConfig } from '../../support/read-config.ts'

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
  ['by both', { REDIS_HOST: 'redis', REDIS_PORT: '6379' }, 'REDIS_HOST and REDIS_PORT: not read'],
  ['by its host', { REDIS_HOST: 'redis' }, 'REDIS_HOST: not read'],
  ['by its host, beside STORE_PATH', { REDIS_HOST: 'redis', STORE_PATH: './data' }, 'REDIS_HOST: not read'],
  ['by its host, beside REDIS_URL', { REDIS_HOST: 'redis', REDIS_URL: 'redis://redis' }, undefined],
  ['by Kubernetes, about a service of that name', { REDIS_PORT: 'tcp://10.0.0.1:6379' }, undefined],
  ['by an empty variable', { REDIS_HOST: '' }, undefined],
])('a Redis that is named as other programs want it (%s) is told where we read it', (_how, env, said) => {
  expect(/REDIS_(HOST|PORT)\b.*: not read/.exec(saidOf(env))?.[0]).toBe(said)
  expect(saidOf(env).includes('Name it in REDIS_URL')).toBe(said !== undefined)
})

test.each([
  [{ ACCOUNTS_FILE: '/accounts.yaml', DEMO_PASSWORD: 'x' }, true],
  [{ ACCOUNTS_FILE: '/accounts.yaml' }, false],
  [{ DEMO_PASSWORD: 'x' }, false],
])('that a demo password is nobody`s beside an accounts file is said, and stops no start: %j', (env, isSaid) => {
  expect(saidOf(env).includes("DEMO_PASSWORD is nobody's")).toBe(isSaid)
})

test.each([
  ['two issuers and applications', { ...APPS, ...SIGN_IN, PHONE_JWT_ISSUER: 'https://other.example.org' }, true],
  ['one issuer', { ...APPS, ...SIGN_IN, PHONE_JWT_ISSUER: 'https://id.example.org' }, false],
  ['no applications', { ...SIGN_IN, PHONE_JWT_ISSUER: 'https://other.example.org' }, false],
  ['native apps alone', { ...APPS, PHONE_JWT_ISSUER: 'https://other.example.org' }, false],
])('that people of two providers may be one to applications is said where it is so: %s', (_what, env, isSaid) => {
  expect(saidOf(env).includes('PHONE_JWT_ISSUER is not PHONE_OIDC_ISSUER')).toBe(isSaid)
})

test.each([
  ['by plain http', { COOKIE_SECURE: 'always' }, true],
  ['by plain http at a name', { COOKIE_SECURE: 'always', PUBLIC_URL: 'http://login.example.org' }, true],
  ['on this machine', { COOKIE_SECURE: 'always', PUBLIC_URL: 'http://localhost:3000' }, false],
  ['by https', { COOKIE_SECURE: 'always', PUBLIC_URL: 'https://login.example.org' }, false],
  ['as PUBLIC_URL has it', {}, false],
])('that cookies are Secure where browsers keep none of those is said: %s', (_where, env, isSaid) => {
  expect(saidOf(env).includes('nobody can sign in')).toBe(isSaid)
})

test.each([
  [{ PORT: '0' }, true],
  [{ PORT: '0', PUBLIC_URL: 'http://192.168.1.5:3000' }, false],
  [{}, false],
])('that nothing is where phones are sent is said: %j', (env, isSaid) => {
  expect(saidOf(env).includes('PORT=0')).toBe(isSaid)
})

test.each<[env: Record<string, string>, listenOn: string | undefined]>([
  [{ HOST: '127.0.0.1' }, '0.0.0.0'],
  [{ HOST: '127.0.0.1', PORT: '80' }, '0.0.0.0'],
  [{ HOST: '::1', PORT: '4000' }, '0.0.0.0'],
  [{ HOST: '::1', PUBLIC_URL: 'http://[2001:db8::1]:3000' }, '::'],
  [{ HOST: 'localhost', PUBLIC_URL: 'http://192.168.1.5:3000' }, '0.0.0.0'],
  [{ HOST: '127.0.0.1', PUBLIC_URL: 'http://192.168.1.5' }, undefined],
  [{ HOST: '127.0.0.1', PUBLIC_URL: 'https://login.example.org:3000' }, undefined],
  [{ HOST: '127.0.0.1', PUBLIC_URL: 'http://localhost:3000' }, undefined],
  [{ HOST: '192.168.1.5' }, undefined],
  [{}, undefined],
])('that nothing is where pages and codes lead, for it listens on this machine alone, is said: %j', (env, listenOn) => {
  expect(/listens on this machine alone: .* Set HOST to (.*)\.$/m.exec(saidOf(env))?.[1]).toBe(listenOn)
})

test.each([
  [{ TRUST_PROXY: '10.0.0.1, 0.0.0.0/0' }, true],
  [{ TRUST_PROXY: '::/0' }, true],
  [{ TRUST_PROXY: '10.0.0.0/8' }, false],
  [{}, false],
])('that whoever connects is believed where clients are is said: %j', (env, isSaid) => {
  expect(saidOf(env).includes('TRUST_PROXY is every address')).toBe(isSaid)
})

test.each([
  [{ COLLECT_SECONDS: '2' }, true],
  [{ COLLECT_SECONDS: '5', POLL_INTERVAL_SECONDS: '10' }, true],
  [{ COLLECT_SECONDS: '3' }, false],
  [{}, false],
])('that browsers would come too late for what was confirmed is said: %j', (env, isSaid) => {
  expect(saidOf(env).includes('browsers may come too late')).toBe(isSaid)
})
