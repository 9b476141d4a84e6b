import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestApp, type TestApp } from '../../support/app.ts'

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const LANGUAGES = readdirSync('web/messages').map((name) => basename(name, '.json'))

let site: TestApp
beforeAll(async () => {
  site = await createTestApp()
})
afterAll(() => site.app.close())

const get = (url: string, headers: Record<string, string>) =>
  site.app.inject({ url, headers: { ...NAVIGATION, ...headers } })
const languageOf = (html: string) => /^<!doctype html>\n<html lang="([\w-]+)"(?: dir="(rtl)")?/.exec(html)?.slice(1)

describe('the language of a page', () => {
  test.each([
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['DE', 'de'],
    ['en;q=0.3, de;q=0.4', 'de'],
    ['tlh, de;q=0.1', 'de'],
    ['de;q=0, en;q=0.1', 'en'],
    ['en-GB,de;q=0.9', 'en'],
    ['tlh', 'en'],
    ['*', 'en'],
    ['', 'en'],
    [';;q=,,-', 'en'],
    ['de;q=2.3.4', 'en'],
    [undefined, 'en'],
  ])('for who accepts "%s" is %s', async (accepted, language) => {
    const reply = await get('/', accepted === undefined ? {} : { 'accept-language': accepted })
    expect(languageOf(reply.body)?.[0]).toBe(language)
  })

  test.each([
    ['scanin_language=de', 'de'],
    ['other=x; scanin_language=de; more=y', 'de'],
    ['scanin_language=tlh', 'en'],
    ['scanin_language=../../etc', 'en'],
    ['scanin_language=__proto__', 'en'],
    ['scanin_language=', 'en'],
  ])('that somebody has picked comes first: "%s"', async (cookie, language) => {
    const reply = await get('/', { cookie, 'accept-language': 'en' })
    expect(languageOf(reply.body)?.[0]).toBe(language)
  })

  test.each([
    ['https://login.example.com', 'always', ['en', 'fr']],
    ['https://login.example.com', 'never', ['en', 'fr']],
    ['http://localhost:3000', 'always', ['de', 'fr']],
  ])(
    'that a plain-http neighbour has picked counts for nothing over https: %s, COOKIE_SECURE=%s',
    async (PUBLIC_URL, COOKIE_SECURE, expected) => {
      const { app } = await createTestApp({ PUBLIC_URL, COOKIE_SECURE })
      const headers = (cookie: string) => ({ ...NAVIGATION, 'accept-language': 'en', cookie })
      const languages = ['scanin_language=de', 'scanin_language=de; __Host-scanin_language=fr'].map(async (cookie) => {
        const { body } = await app.inject({ url: '/', headers: headers(cookie) })
        return languageOf(body)?.[0]
      })
      expect(await Promise.all(languages)).toEqual(expected)
      await app.close()
    },
  )

  test('is the one that was asked for on every page, from the first byte, and the reply says that it depends', async () => {
    for (const language of LANGUAGES) {
      for (const url of ['/', '/scan', '/home', '/embed', '/nowhere']) {
        const reply = await get(url, { 'accept-language': language })
        const direction = ['ar', 'he'].includes(language) ? 'rtl' : undefined
        expect([url, languageOf(reply.body)]).toEqual([url, [language, direction]])
        expect([url, reply.headers.vary]).toEqual([url, 'accept-language, accept-encoding'])
      }
    }
  })

  test('leaves no message untold, and names in each the languages that there are', () => {
    const pages = readdirSync('dist/web/en').filter((name) => name.endsWith('.html'))
    expect(pages.length).toBeGreaterThan(8)
    for (const language of LANGUAGES) {
      for (const name of pages) {
        const html = readFileSync(`dist/web/${language}/${name}`, 'utf8')
        expect([language, name, html]).toEqual([language, name, expect.not.stringMatching(/\[\[|\]\]/)])
      }
      const offered = / data-offered="([^"]+)"/.exec(readFileSync(`dist/web/${language}/index.html`, 'utf8'))?.[1]
      expect(offered?.split(' ').sort()).toEqual([...LANGUAGES].sort())
    }
  })
})
