import type { Condition } from './scenes.ts'

const INVERTED = { dark: 235, light: 20 }
const each = <Level>(levels: readonly Level[], condition: (level: Level) => Condition): Condition[] =>
  levels.map(condition)

/** All that docs/scanning.md tells of, in its order. A code of 300 px in a frame of 1280 × 720 where nothing else is said. */
export const conditions: readonly Condition[] = [
  { name: 'straight' },
  ...each([200, 150, 120, 100, 80], (side) => ({ name: `${side} px wide`, pose: { side } })),
  ...each([600, 690], (side) => ({ name: `${side} px wide`, pose: { side, x: 0, y: 0 } })),
  ...each([30, 40, 50, 60], (pitch) => ({ name: `tilted back ${pitch}°`, pose: { pitch } })),
  ...each([30, 40, 50, 60], (yaw) => ({ name: `tilted sideways ${yaw}°`, pose: { yaw } })),
  ...each([15, 30, 45, 90, 180], (roll) => ({ name: `turned ${roll}°`, pose: { roll } })),
  ...each([20, 25, 35, 45], (angle) => ({
    name: `all three axes ${angle}°`,
    pose: { pitch: angle, yaw: angle, roll: angle },
  })),
  ...each([2, 3, 4, 5], (blur) => ({ name: `blur ${blur} px`, trouble: { blur } })),
  ...each([6, 10, 14, 18], (motion) => ({ name: `moved ${motion} px`, trouble: { motion } })),
  ...each([0.6, 0.8, 0.9, 1], (glare) => ({ name: `glare over a quarter, ${glare * 100} %`, trouble: { glare } })),
  ...each([8, 16, 32], (part) => ({ name: `dark, a ${part}th of the light`, trouble: { exposure: 1 / part } })),
  ...each([20, 40, 60], (noise) => ({ name: `noise ${noise}`, trouble: { noise } })),
  { name: 'washed out, a tenth of the contrast', trouble: { exposure: 0.1, haze: 180, noise: 4 } },
  { name: 'inverted', screen: INVERTED },
  { name: 'inverted, tilted 40°', screen: INVERTED, pose: { pitch: 40 } },
  { name: 'text around it', screen: { clutter: 'text' } },
  { name: 'dense clutter around it', screen: { clutter: 'dense' } },
  ...each([1.1, 0.97, 0.52], (ratio) => ({
    name: `moiré, ${ratio} screen pixels to the camera's`,
    screen: { pixels: 300 * ratio },
  })),
  { name: 'moiré, tilted 30°', screen: { pixels: 300 }, pose: { pitch: 30, roll: 10 } },
  {
    name: 'an evening: 200 px, tilted 25°, blur 1.5, dark, noise',
    pose: { side: 200, yaw: 25 },
    trouble: { blur: 1.5, exposure: 0.2, noise: 5 },
  },
  {
    name: 'in haste: tilted 30°, turned 20°, moved 6 px, noise',
    pose: { pitch: 30, roll: 20 },
    trouble: { motion: 6, noise: 12 },
  },
]
