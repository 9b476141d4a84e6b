// npm run dev: builds and runs, and does so again after each edit below server/ and web/. A build that fails leaves what runs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'

let service
let isBuilding = false
let isEdited = false
let isEnding = false

for (const folder of ['server', 'web']) watch(folder, { recursive: true }, buildAndRun)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end)
await buildAndRun()

async function buildAndRun() {
  isEdited = true
  if (isBuilding) return
  isBuilding = true
  while (isEdited) {
    isEdited = false
    const [code] = await once(spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }), 'exit')
    if (code === 0 && !isEdited) await restart()
  }
  isBuilding = false
}

async function restart() {
  await stop()
  if (isEnding) return
  service = spawn(process.execPath, ['dist/server/main.js'], { stdio: 'inherit' })
}

async function stop() {
  if (service === undefined || service.exitCode !== null || service.signalCode !== null) return
  service.kill()
  await once(service, 'exit')
}

async function end() {
  isEnding = true
  await stop()
  process.exit()
}
