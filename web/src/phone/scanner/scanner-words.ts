/** What the scanner says. With it, in the file that comes when it is asked for. */
export const scannerWords = {
  readingPicture: 'Reading the picture…',
  noCodeInPicture: 'No QR code could be found in that picture. Try one that is sharper or closer.',
  pictureUnreadable: 'That file is not a picture this browser can open.',
  viewfinder: {
    starting: 'If the browser asks, allow the camera.',
    hint: 'Nothing yet? Hold the phone straight before the code, a little closer, and still.',
    found: 'Code found',
  },
  camera: {
    insecure: 'The camera works only over https. Take a picture of the code instead, or type the code.',
    refused: 'The camera is blocked for this site.',
    missing: 'No camera was found. Use a picture or type the code.',
    stopped: 'The camera has stopped. Start it again, or use a picture or the code.',
    busy: 'The camera is in use elsewhere or could not be started. Close other apps that use it and try again.',
  },
  cameraPutAside: 'The camera was not allowed yet. Press “Scan with the camera” again and choose “Allow”.',
  // By the browsers' own words, where they are.
  cameraHelp: {
    inApp: [
      'This page is open inside another app, which keeps the camera from it.',
      'Tap ··· or the share sign there, and choose to open the page in your browser.',
    ],
    safariPhone: [
      'Reload this page and scan again. Safari asks once more: choose Allow.',
      'If it does not ask: tap the page sign beside the address, then ··· and Website Settings, and set Camera to Allow.',
    ],
    otherOnIphone: [
      'Open the Settings app, then Apps, then this browser, and switch Camera on.',
      'Come back here and scan again.',
    ],
    chromeAndroid: [
      'Tap the sign to the left of the address, then Permissions.',
      'Switch Camera on, come back and scan again.',
    ],
    samsung: ['Tap the lock beside the address, then Permissions.', 'Set Camera to Allow, and scan again.'],
    firefoxAndroid: ['Tap the lock or shield beside the address.', 'Tap Camera until it says Allowed, and scan again.'],
    safariMac: ['In the menu Safari, choose Settings for this website.', 'Set Camera to Allow, and scan again.'],
    firefoxDesktop: ['Click the crossed-out camera beside the address.', 'Take the block away, and scan again.'],
    chromeDesktop: ['Click the sign to the left of the address.', 'Switch Camera on, and scan again.'],
    unknown: ['Allow the camera for this site in the browser’s settings.', 'Then scan again.'],
  },
} as const
