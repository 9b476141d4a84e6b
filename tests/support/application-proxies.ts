import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectByTls } from 'node:tls'
import { findProgram, startProcess, untilReady } from './child-process.ts'
import { endLater } from './end-later.ts'
import { startNginx } from './nginx.ts'

/** The names that the documents have, and which tests find on loopback. */
export const LOGIN_HOST = 'login.example.com'
export const WIKI_HOST = 'wiki.example.com'
export const STATS_HOST = 'stats.example.com'

/** Ports in the place of those that the documents have. */
export interface Ports {
  /** Of the proxy. */
  https: number
  scanin: number
  wiki: number
  stats: number
}

export interface ApplicationProxy {
  /** Of its certificate's public key, for launchChromium; where the proxy has made its certificate itself, nobody knows it. */
  keyHash?: string
  stop(): Promise<unknown>
}

/** Real proxies, each with the configuration that its page in docs/proxies shows, in front of ScanIn and two applications. */
export const APPLICATION_PROXIES: Record<string, (ports: Ports) => Promise<ApplicationProxy>> = {
  nginx,
  caddy,
  haproxy,
}

const documented = (name: string) => readFileSync(join(import.meta.dirname, '../../docs/proxies', name), 'utf8')

/** Puts these ports into a document. Throws if the document lacks one that is to be replaced. */
function atPorts(text: string, { scanin, wiki, stats }: Ports): string {
  return replaced(text, { '127.0.0.1:3000': scanin, '127.0.0.1:8081': wiki, '127.0.0.1:8082': stats })
}

function replaced(text: string, ports: Record<string, number>): string {
  return Object.entries(ports).reduce((rest, [address, port]) => put(rest, address, `127.0.0.1:${port}`), text)
}

function put(text: string, place: string, value: string): string {
  if (!text.includes(place)) throw new Error(`there is no ${place} in this document`)
  return text.replaceAll(place, value)
}

/** Puts what a proxy's page shows for an application's public part into its file, after this line. */
function withPublicPart(text: string, name: string, after: string): string {
  const snippet = new RegExp(`^ *\`\`\`${name}\\n(.*?)^ *\`\`\`$`, 'ms').exec(documented(`${name}.md`))?.[1]
  if (snippet === undefined) throw new Error(`there is no public part in ${name}.md`)
  return put(text, after, `${after}\n${snippet}`)
}

function folderFor(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `scanin-${name}-`))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A certificate for all of example.com. Nobody trusts it but a Chromium that is told the hash of its key. */
function makeCertificate(folder: string): { certificate: string; key: string; keyHash: string } {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'certificate-key.pem')]
  const subject = ['-subj', '/CN=example.com', '-addext', 'subjectAltName=DNS:*.example.com']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync(findProgram('OPENSSL', 'openssl'), ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  const publicKey = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' })
  return { certificate, key, keyHash: createHash('sha256').update(publicKey).digest('base64') }
}

async function nginx(ports: Ports): Promise<ApplicationProxy> {
  let keyHash = ''
  const running = await startNginx((port, folder) => {
    keyHash = makeCertificate(folder).keyHash
    const here = (text: string) => text.replaceAll('/etc/nginx/', `${folder}/`)
    for (const name of ['scanin.conf', 'scanin-person.conf']) {
      writeFileSync(join(folder, name), here(documented(`nginx-${name}`)))
    }
    const file = withPublicPart(documented('nginx-applications.conf'), 'nginx', 'server_name wiki.example.com;')
    const listening = put(file, 'listen 443', `listen 127.0.0.1:${ports.https}`)
    // The test asks over plain http whether nginx is up.
    return `server { listen 127.0.0.1:${port}; return 204; } ${here(atPorts(listening, ports))}`
  })
  return { ...running, keyHash }
}

async function caddy(ports: Ports): Promise<ApplicationProxy> {
  const folder = folderFor('caddy')
  const here = `{
    admin off
    local_certs
    skip_install_trust
    https_port ${ports.https}
    auto_https disable_redirects
    default_bind 127.0.0.1
    storage file_system ${folder}
  }
  `
  const file = withPublicPart(documented('Caddyfile'), 'caddy', 'wiki.example.com {')
  writeFileSync(join(folder, 'Caddyfile'), here + atPorts(file, ports))
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const args = ['run', '--config', join(folder, 'Caddyfile')]
  // Caddy listens before it has made its certificates.
  return started('CADDY', 'caddy', args, () => hasCertificates(ports.https), env)
}

async function haproxy(ports: Ports): Promise<ApplicationProxy> {
  const folder = folderFor('haproxy')
  const { certificate, key } = makeCertificate(folder)
  writeFileSync(certificate, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
  writeFileSync(join(folder, 'scanin-auth.lua'), documented('scanin-auth.lua'))
  const asked = 'http-request set-var(txn.is_asked_about) bool(true) if is_application !is_scanins_part'
  const file = withPublicPart(documented('haproxy.cfg'), 'haproxy', asked)
  const listening = put(file, 'bind :443', `bind 127.0.0.1:${ports.https}`)
  writeFileSync(join(folder, 'haproxy.cfg'), put(atPorts(listening, ports), '/etc/haproxy/', `${folder}/`))
  return started('HAPROXY', 'haproxy', ['-f', join(folder, 'haproxy.cfg')], () => isListening(ports.https))
}

async function started(
  variable: string,
  name: string,
  args: string[],
  isReady: () => Promise<boolean>,
  env: NodeJS.ProcessEnv = {},
): Promise<ApplicationProxy> {
  const running = startProcess(findProgram(variable, name), args, { env: { PATH: process.env['PATH'], ...env } })
  await untilReady(running, isReady)
  return running
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1')
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

async function hasCertificates(port: number): Promise<boolean> {
  const greeted = await Promise.all([LOGIN_HOST, WIKI_HOST, STATS_HOST].map((host) => isGreeted(port, host)))
  return greeted.every(Boolean)
}

function isGreeted(port: number, servername: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connectByTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    probe.once('secureConnect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
