import { expect, test } from '@jest/globals'
import { lensNames } from '../../../../web/src/phone/scanner/camera-controls.ts'

test('cameras have names that people know, each once', () => {
  expect(lensNames(['camera2 1, facing front', 'camera2 0, facing back', 'camera2 2, facing back'])).toEqual([
    ...['Front camera', 'Back camera 1', 'Back camera 2'],
  ])
  expect(lensNames(['Rückkamera', 'Ultra-Weitwinkel-Rückkamera'])).toEqual([
    'Rückkamera',
    'Ultra-Weitwinkel-Rückkamera',
  ])
  expect(lensNames(['', ''])).toEqual(['Camera 1', 'Camera 2'])
})
