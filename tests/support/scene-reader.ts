import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { prepareZXingModule } from 'zxing-wasm/reader'
import { readCode } from '../../web/src/phone/scanner/read-code.ts'
import { conditions } from './scenes/conditions.ts'
import { drawScene } from './scenes/scenes.ts'

const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
const ready = prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm) }, fireImmediately: true })

/** Draws scenes and reads them as the page's worker does. @returns how many were read; throws where one was read wrongly */
export async function countRead(name: string, count: number, size: { width: number; height: number }): Promise<number> {
  await ready
  const condition = conditions.find((each) => each.name === name)
  if (condition === undefined) throw new Error(`no condition is called ${name}`)
  let read = 0
  for (let number = 1; number <= count; number++) {
    const scene = drawScene(condition, number, size)
    const said = await readCode(scene, number, true)
    if (said !== undefined && said !== scene.said) throw new Error(`${name} ${number} was read as ${said}`)
    if (said === scene.said) read += 1
  }
  return read
}
