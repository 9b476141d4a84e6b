// Draws docs/screenshots from the built service: `npm run build && node tests/screenshots.mjs`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { chromium } from 'playwright-core'

const root = join(import.meta.dirname, '..')
const target = join(root, 'docs/screenshots')
/** A name to show instead of a loopback address; the browser resolves it to the service. */
const publicUrl = 'http://login.example.com'
const password = 'only for the pictures'

const agents = {
  windows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36',
  mac: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15',
  linux: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  ipad: 'Mozilla/5.0 (iPad; CPU OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1',
  android:
    'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36',
}

const folder = mkdtempSync(join(tmpdir(), 'scanin-screenshots-'))
const port = await freePort()
const service = await startService(port)
const browser = await launchChromium(port)
try {
  mkdirSync(target, { recursive: true })
  await draw()
} finally {
  await browser.close()
  service.kill('SIGTERM')
  await once(service, 'exit')
  rmSync(folder, { recursive: true })
}

async function draw() {
  const phone = await openPhone()
  await phone.goto(`${publicUrl}/scan`)
  await phone.fill('#username', 'ada')
  await phone.fill('#password', password)
  await phone.click('#sign-in-form [type=submit]')
  await phone.locator('#camera').waitFor()

  const laptop = await openDesktop({ userAgent: agents.mac, address: '192.168.1.31' })
  await approve(await shownToken(laptop))
  await laptop.locator('#user-name').waitFor()
  await phone.reload()
  await phone.locator('#new-links-known').click()

  const dark = await openDesktop({ colorScheme: 'dark' })
  await shownToken(dark)
  await save(dark, 'login-dark')

  const desktop = await openDesktop({})
  const token = await shownToken(desktop)
  await save(desktop, 'login-desktop')

  await phone.goto(`${publicUrl}/scan#${token}`)
  await phone.locator('#confirm').waitFor()
  await save(phone, 'phone-request')

  await phone.locator('#confirm').click()
  await desktop.locator('#user-name').waitFor()
  await desktop.locator('#sessions li').first().waitFor()
  await save(desktop, 'home')
  await phone.locator('#result').filter({ hasText: 'Signed in on' }).waitFor()
  await phone.locator('#sessions li').nth(2).waitFor()
  await save(phone, 'phone-devices', { fullPage: true })

  const tablet = await openPhone({ userAgent: agents.ipad, address: '192.168.1.57' })
  await tablet.goto(`${publicUrl}/scan`)
  await tablet.fill('#username', 'ada')
  await tablet.fill('#password', password)
  await tablet.click('#sign-in-form [type=submit]')
  await tablet.locator('#camera').waitFor()
  const stranger = await openDesktop({ userAgent: agents.linux, address: '203.0.113.7' })
  const strangersToken = await shownToken(stranger)
  await approve(strangersToken, tablet)
  await stranger.locator('#user-name').waitFor()
  await phone.goto(`${publicUrl}/home`)
  await phone.goto(`${publicUrl}/scan`)
  await phone.locator('#new-links li').first().waitFor()
  await save(phone, 'phone-new-link')

  await phone.locator('#new-links-known').click()
  await phone.goto(`${publicUrl}/scan#${await shownToken(await openDesktop({}))}`)
  await phone.reload()
  await phone.locator('#deny').click()
  await phone.locator('.not-you').waitFor()
  await save(phone, 'phone-denied')

  async function approve(ownToken, by = phone) {
    await by.evaluate(async (given) => {
      const post = (path) =>
        fetch(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token: given }),
        })
      await post('/login/scan')
      await post('/login/confirm')
    }, ownToken)
  }
}

/** Opens the login page. @returns the token in its code */
async function shownToken(page) {
  const [reply] = await Promise.all([
    page.waitForResponse((response) => response.url() === `${publicUrl}/login`),
    page.goto(publicUrl),
  ])
  await page.locator('[data-state="pending"] #qr').waitFor()
  return (await reply.json()).token
}

async function save(page, name, options = {}) {
  await page.screenshot({ path: join(target, `${name}.png`), animations: 'disabled', ...options })
  console.log(`docs/screenshots/${name}.png`)
}

function openDesktop({ userAgent = agents.windows, address = '192.168.1.20', colorScheme = 'light' }) {
  return open({ viewport: { width: 1280, height: 800 }, userAgent, colorScheme }, address)
}

function openPhone({ userAgent = agents.android, address = '192.168.1.42' } = {}) {
  const viewport = { width: 390, height: 844 }
  return open({ viewport, isMobile: true, hasTouch: true, userAgent }, address)
}

async function open(options, address) {
  const context = await browser.newContext({
    ...options,
    deviceScaleFactor: 2,
    locale: 'en-GB',
    extraHTTPHeaders: { 'x-forwarded-for': address },
  })
  return context.newPage()
}

async function startService(ownPort) {
  const accountsFile = join(folder, 'accounts.json')
  const ada = { username: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', password_hash: await hash(password) }
  writeFileSync(accountsFile, JSON.stringify([ada]))
  const child = spawn(process.execPath, [join(root, 'dist/server/main.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(ownPort),
      PUBLIC_URL: publicUrl,
      MATCH: 'never',
      TRUST_PROXY: '127.0.0.1/32',
      ACCOUNTS_FILE: accountsFile,
    },
  })
  let told = ''
  child.stderr.setEncoding('utf8')
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (text) => {
      told += text
      if (told.includes('ScanIn ')) resolve()
    })
    child.once('exit', () => reject(new Error(`the service ended: ${told}`)))
  })
  return child
}

function launchChromium(ownPort) {
  const names = process.env.CHROMIUM
    ? [process.env.CHROMIUM]
    : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const executablePath = names.find(isThere)
  if (executablePath === undefined) throw new Error('Chromium is missing: node tests/install-parts.mjs installs it')
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-quic'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      `--host-resolver-rules=MAP login.example.com 127.0.0.1:${ownPort}`,
      // As over https, where the camera works.
      `--unsafely-treat-insecure-origin-as-secure=${publicUrl}`,
    ],
  })
}

function isThere(path) {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port: found } = probe.address()
      probe.close(() => resolve(found))
    })
  })
}
