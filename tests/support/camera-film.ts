import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { PATIENCE_MS } from './patience.ts'
import { pictureOf } from './picture-of.ts'

const FRAMES = 30

/** Where a file's tests have what their cameras play. It goes with them. */
export function placeForFilm(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-camera-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'film.mjpeg')
}

/** What a phone's camera sees of a wall, in a page that is nothing else. */
export async function filmWall(wall: Page, file: string): Promise<void> {
  await wall.setContent('<div id="qr" style="width: 200px; height: 200px; background: #ccc"></div>')
  await filmQr(wall, file)
}

/**
 * What a phone's camera sees of a desktop: the code as the page really draws it, smaller, askew, on a grey wall.
 * @param tilt by how many degrees the screen leans back
 */
export async function filmQr(desktop: Page, file: string, tilt = 0): Promise<void> {
  const shot = await pictureOf(desktop.locator('#qr'), { type: 'jpeg', quality: 90, animations: 'disabled' })
  const browser = desktop.context().browser()
  if (browser === null) throw new Error('the page has no browser')
  const frame = await sceneWith(browser, shot, tilt)
  // Motion JPEG is pictures one after another.
  writeFileSync(file, Buffer.concat(Array.from({ length: FRAMES }, () => frame)))
}

async function sceneWith(browser: Browser, picture: Buffer, tilt: number): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  page.setDefaultTimeout(PATIENCE_MS)
  try {
    await page.setContent(
      `<body style="margin: 0; background: linear-gradient(120deg, #8d8f92, #6f7276)">
       <img style="position: absolute; left: 480px; top: 190px; width: 290px;
         transform: perspective(1000px) rotateX(${tilt}deg) rotate(7deg)"
         src="data:image/jpeg;base64,${picture.toString('base64')}">`,
    )
    return await pictureOf(page, { type: 'jpeg', quality: 85 })
  } finally {
    await page.close()
  }
}
