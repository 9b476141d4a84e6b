import { expect, test } from '@jest/globals'
import { cameraHelpFor } from '../../../../web/src/phone/scanner/permission-help.ts'

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const ANDROID = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'

test.each([
  ['Safari on an iPhone', `${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 5, 'safariPhone'],
  ['Safari on an iPad that calls itself a Mac', `${MAC} Version/18.5 Safari/605.1.15`, 5, 'safariPhone'],
  ['Safari on a Mac', `${MAC} Version/18.5 Safari/605.1.15`, 0, 'safariMac'],
  ['Chrome on an iPhone', `${IPHONE} CriOS/148.0.0.0 Mobile/15E148 Safari/604.1`, 5, 'otherOnIphone'],
  ['Firefox on an iPhone', `${IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`, 5, 'otherOnIphone'],
  ['an app’s view on an iPhone', `${IPHONE} Mobile/15E148`, 5, 'inApp'],
  ['Instagram on an iPhone', `${IPHONE} Mobile/15E148 Instagram 330.0.0.0`, 5, 'inApp'],
  [
    'Facebook on Android',
    `${ANDROID} Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/500;]`,
    5,
    'inApp',
  ],
  [
    'a WebView',
    'Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/X; wv) AppleWebKit/537.36 Version/4.0 Chrome/148.0.0.0 Mobile Safari/537.36',
    5,
    'inApp',
  ],
  ['Chrome on Android', `${ANDROID} Chrome/148.0.0.0 Mobile Safari/537.36`, 5, 'chromeAndroid'],
  ['Samsung Internet', `${ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 5, 'samsung'],
  ['Firefox on Android', 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 5, 'firefoxAndroid'],
  ['Firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 0, 'firefoxDesktop'],
  ['Chrome', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36', 0, 'chromeDesktop'],
  ['something else', 'Lynx/2.9', 0, 'unknown'],
])('%s has help of its own', (_name, userAgent, touchPoints, help) => {
  expect(cameraHelpFor(userAgent, touchPoints)).toBe(help)
})
