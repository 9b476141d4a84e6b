// The tests and the benchmarks use real parts: a Redis server, an nginx, a Chromium, a wrk. This installs what is missing
// where it can (Debian and its kin, by apt-get) and says plainly what to install where it cannot. Nothing is skipped
// instead.
//   node tests/install-parts.mjs tests|benchmarks
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const REDIS = { commands: ['redis-server'], variable: 'REDIS_SERVER', package: 'redis-server' }
const NGINX = { commands: ['nginx'], variable: 'NGINX', package: 'nginx-light' }
/** The shell is the same browser without windows, which take as much of the processor as the pages in them. */
const CHROMIUM = {
  commands: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'],
  variable: 'CHROMIUM',
  package: 'chromium-headless-shell',
}
/** For certificates of the tests' own. */
const OPENSSL = { commands: ['openssl'], variable: 'OPENSSL', package: 'openssl' }
const PROMTOOL = { commands: ['promtool'], variable: 'PROMTOOL', package: 'prometheus' }
const FAIL2BAN = { commands: ['fail2ban-regex'], variable: 'FAIL2BAN_REGEX', package: 'fail2ban' }
/** For processes whose clock is wrong. */
const FAKETIME = { commands: ['faketime'], variable: 'FAKETIME', package: 'faketime' }
/** A verifier of tokens that is not ours: Debian's Python finds Debian's library, and no other Python does. */
const PYJWT = {
  files: ['/usr/bin/python3', '/usr/lib/python3/dist-packages/jwt/__init__.py'],
  variable: 'PYTHON',
  package: 'python3-jwt',
}
/** It verifies Ed25519 with this alone. */
const CRYPTOGRAPHY = {
  files: ['/usr/lib/python3/dist-packages/cryptography/__init__.py'],
  variable: 'PYTHON',
  package: 'python3-cryptography',
}
/** What pictures of the pages are written in, on every machine alike. */
const INTER = { files: ['/usr/share/fonts/opentype/inter/Inter-Regular.otf'], package: 'fonts-inter' }
const DEJAVU = {
  files: ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf'],
  package: 'fonts-dejavu-core',
}
/** Another browser than the one that most tests drive. */
const FIREFOX = { commands: ['firefox-esr', 'firefox'], variable: 'FIREFOX', package: 'firefox-esr' }
const CADDY = { commands: ['caddy'], variable: 'CADDY', package: 'caddy' }
const HAPROXY = { commands: ['haproxy'], variable: 'HAPROXY', package: 'haproxy' }
/** Lines of documents are run as they stand there. */
const CURL = { commands: ['curl'], package: 'curl' }
const JQ = { commands: ['jq'], package: 'jq' }
const WRK = { commands: ['wrk'], variable: 'WRK', package: 'wrk' }
/**
 * Debian starts what it installs: a Redis, an nginx, a fail2ban that watches who logs in to this machine. The tests start
 * their own, so a policy of none is there while it installs (invoke-rc.d(8)), unless somebody has one already.
 */
const INSTALL_AND_START_NOTHING = `
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod +x $policy
fi
apt-get install -y -qq --no-install-recommends "$@"`
const PARTS_FOR = {
  tests: [
    ...[REDIS, NGINX, CADDY, HAPROXY, CHROMIUM, FIREFOX, INTER, DEJAVU, OPENSSL, PROMTOOL, FAIL2BAN, FAKETIME, PYJWT],
    ...[CRYPTOGRAPHY, CURL, JQ],
  ],
  benchmarks: [REDIS, WRK],
}

const purpose = process.argv[2] === 'benchmarks' ? 'benchmarks' : 'tests'
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isMissing(part) {
  if (process.env[part.variable]) return false
  if (part.files !== undefined) return !part.files.every((file) => existsSync(file))
  return !part.commands.some((command) => folders.some((folder) => isExecutable(join(folder, command))))
}

// What is named by a variable and is not there no package would put there.
const misnamed = PARTS_FOR[purpose].filter(
  ({ variable }) => process.env[variable] && !isExecutable(process.env[variable]),
)
if (misnamed.length > 0) {
  for (const { variable } of misnamed)
    console.error(`${variable}=${process.env[variable]} is no program that can be run`)
  process.exit(1)
}

const missing = PARTS_FOR[purpose].filter(isMissing)
if (missing.length > 0) {
  const names = missing.map((part) => part.package)
  if (!isExecutable('/usr/bin/apt-get')) {
    const variables = [...new Set(missing.flatMap((part) => part.variable ?? []))]
    const orNamed = variables.length === 0 ? '' : `, or name their programs in ${variables.join(', ')}`
    console.error(`The ${purpose} need ${names.join(', ')}. Install them with your package manager${orNamed}.`)
    process.exit(1)
  }
  const sudo = process.getuid?.() === 0 ? [] : ['sudo']
  const run = (...words) => {
    const [command, ...rest] = [...sudo, ...words]
    execFileSync(command, rest, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  }
  console.error(`Installing ${names.join(', ')}`)
  run('apt-get', 'update', '-qq')
  run('sh', '-c', INSTALL_AND_START_NOTHING, 'install', ...names)
}
