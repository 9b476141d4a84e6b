/** Where people find the switch for the camera: each browser has it elsewhere. */
export type CameraHelp =
  | 'inApp'
  | 'safariPhone'
  | 'otherOnIphone'
  | 'chromeAndroid'
  | 'samsung'
  | 'firefoxAndroid'
  | 'safariMac'
  | 'firefoxDesktop'
  | 'chromeDesktop'
  | 'unknown'

// Apps that open pages in a browser of their own. Android's WebView says `; wv`; iOS's does not say Safari.
const apps =
  /\b(FBAN|FBAV|FB_IAB|Instagram|Line\/|MicroMessenger|KAKAOTALK|Snapchat|musical_ly|BytedanceWebview|LinkedInApp|Pinterest|Twitter)|; wv\)/

/** @param userAgent `navigator.userAgent`; iPads that call themselves Macs are told by `touchPoints` */
export function cameraHelpFor(userAgent: string, touchPoints: number): CameraHelp {
  const isApple = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)
  if (apps.test(userAgent)) return 'inApp'
  if (isApple) return onApple(userAgent)
  if (/Android/.test(userAgent)) return onAndroid(userAgent)
  if (/Firefox\//.test(userAgent)) return 'firefoxDesktop'
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chromeDesktop'
  return /Macintosh.*Safari\//.test(userAgent) ? 'safariMac' : 'unknown'
}

function onApple(userAgent: string): CameraHelp {
  if (/CriOS|FxiOS|EdgiOS|OPT\/|DuckDuckGo|Brave|GSA\//.test(userAgent)) return 'otherOnIphone'
  return /Safari\//.test(userAgent) ? 'safariPhone' : 'inApp'
}

function onAndroid(userAgent: string): CameraHelp {
  if (/SamsungBrowser/.test(userAgent)) return 'samsung'
  if (/Firefox\//.test(userAgent)) return 'firefoxAndroid'
  return /Chrome\//.test(userAgent) ? 'chromeAndroid' : 'unknown'
}

/** Whether the browser would ask again: the question was put aside, and not answered by no. Not every browser tells. */
export async function asksAgain(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: 'camera' })
    return state === 'prompt'
  } catch {
    return false
  }
}
