// Before `npm start` and `npm run scanin`: says so where packages are missing, builds what was never built, or not to its
// end, and says so where what is built is older than its sources. It does not build again by itself: other processes may
// run from this folder, or be starting in it.
import { execSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const SOURCES = ['server', 'web', 'package-lock.json']
/** A build writes each of them as that half of it is done. */
const NOTES = ['dist/server/builds.json', 'dist/web/builds.json']

const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

askFor(dependencies)
if (!existsSync('dist/server/main.js')) build('Nothing is built yet')
else if (existsSync('server') && !NOTES.every((path) => existsSync(path))) build('The build was cut short')
else tellOfNewer()

/** Names a missing package in a line: Node would say it by a stack. */
function askFor(packages = {}) {
  const missing = Object.keys(packages).find((name) => !existsSync(join('node_modules', name)))
  if (missing === undefined) return
  console.error(`node_modules has no ${missing}: npm ci`)
  process.exit(1)
}

function build(why) {
  askFor(devDependencies)
  console.error(`${why}: building, which takes a minute`)
  execSync('npm run build', { stdio: 'inherit' })
}

function tellOfNewer() {
  const built = Math.min(...NOTES.map(timeOf))
  const newer = SOURCES.flatMap(filesAt).find((path) => timeOf(path) > built)
  if (newer !== undefined) console.error(`What is built is older than ${newer}, and runs as it is: npm run build`)
}

function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function filesAt(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
}
