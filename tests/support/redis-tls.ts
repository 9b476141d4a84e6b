import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './child-process.ts'
import { endLater } from './end-later.ts'

/** A certificate that is its own authority. */
export interface RedisTls {
  /** A file: whom to trust. */
  certificate: string
  /** Has a server, or a Sentinel, speak TLS at a port, to its like too. */
  configuration(port: number): Record<string, string>
}

/** @param names that the certificate is for, as `DNS:localhost` */
export function makeRedisTls(names: string): RedisTls {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-tls-'))
  endLater(() => rmSync(folder, { recursive: true, force: true }))
  const [certificate, key] = [join(folder, 'certificate'), join(folder, 'key')]
  execFileSync(
    findProgram('OPENSSL', 'openssl'),
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=redis', '-addext', `subjectAltName=${names}`, '-out', certificate, '-keyout', key],
    ],
    { stdio: 'ignore' },
  )
  return {
    certificate,
    configuration: (port) => ({
      ...{ 'tls-port': String(port), 'tls-cert-file': certificate, 'tls-key-file': key },
      ...{ 'tls-ca-cert-file': certificate, 'tls-auth-clients': 'no', 'tls-replication': 'yes' },
    }),
  }
}

/** As a program's arguments. */
export function argumentsOf(configuration: Record<string, string>): string[] {
  return Object.entries(configuration).flatMap(([name, value]) => [`--${name}`, value])
}
