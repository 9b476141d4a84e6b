// The Chromium of a worker's host. Test files speak to it directly, over its DevTools: a Playwright server in between
// would read and write every message once more.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What Playwright gives a Chromium that it starts itself, as far as it tells in a headless one of Linux. */
const AS_PLAYWRIGHT_STARTS_IT = [
  ...['--headless', '--hide-scrollbars', '--mute-audio', '--no-startup-window', '--force-color-profile=srgb'],
  '--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4',
  ...['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows'],
  ...['--disable-renderer-backgrounding', '--disable-back-forward-cache', '--disable-ipc-flooding-protection'],
  ...['--disable-hang-monitor', '--disable-popup-blocking', '--disable-prompt-on-repost', '--allow-pre-commit-input'],
  ...['--disable-field-trial-config', '--disable-breakpad', '--disable-default-apps', '--disable-extensions'],
  ...['--disable-component-extensions-with-background-pages', '--disable-dev-shm-usage', '--metrics-recording-only'],
  ...['--no-default-browser-check', '--password-store=basic', '--use-mock-keychain', '--enable-unsafe-swiftshader'],
  `--disable-features=${[
    ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'MediaRouter', 'OptimizationHints'],
    ...['HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'PaintHolding', 'ThirdPartyStoragePartitioning'],
    ...['AvoidCorsURLLoaderRestartOnRedirect', 'NetworkTimeServiceQuerying', 'PreconnectToSearch'],
  ].join(',')}`,
  '--enable-features=CDPScreenshotNewSurface',
]

/** Starts the program that `PROGRAM` names. */
const START = fileURLToPath(new URL('chromium.sh', import.meta.url))

/**
 * Ends with this process.
 * @param {{ program: string, args: readonly string[] }} launch
 * @returns {Promise<string>} where its DevTools are: `ws://127.0.0.1:PORT/devtools/browser/ID`
 */
export function startChromium({ program, args }) {
  const profile = mkdtempSync(join(tmpdir(), 'scanin-chromium-'))
  const own = ['--remote-debugging-port=0', `--user-data-dir=${profile}`]
  // In a process group of its own, because the program may be a script that starts Chromium.
  const chromium = spawn(START, [...AS_PLAYWRIGHT_STARTS_IT, ...own, ...args], {
    env: { ...process.env, PROGRAM: program },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  process.once('exit', () => {
    if (chromium.pid !== undefined && chromium.exitCode === null) process.kill(-chromium.pid, 'SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return new Promise((resolve, reject) => {
    /** @type {string[]} */
    const said = []
    chromium.once('error', reject)
    chromium.once('exit', () => reject(new Error(`${program} ended: ${said.join('\n')}`)))
    // Its output is read to the end: a full pipe would stop the browser.
    createInterface({ input: chromium.stderr }).on('line', (line) => {
      const [, endpoint] = line.match(/^DevTools listening on (ws:\S+)$/) ?? []
      if (endpoint) resolve(endpoint)
      else if (said.length < 50) said.push(line)
    })
  })
}
