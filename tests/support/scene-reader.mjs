// The thread of tests/web/phone/scanner/reading.test.ts: draws scenes and reads them as the page's worker does. In Jest's
// sandbox each look at a global is slow. Started with typescript.mjs.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { prepareZXingModule } from 'zxing-wasm/reader'
import { readCode } from '../../web/src/phone/scanner/read-code.ts'
import { conditions } from './scenes/conditions.ts'
import { drawScene } from './scenes/scenes.ts'

const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
const ready = prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm) }, fireImmediately: true })

parentPort?.on('message', async ({ name, count, size }) => {
  try {
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
    parentPort.postMessage({ read })
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})
