import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export interface ComposeService {
  image: string
  profiles?: string[]
  user?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  mem_limit?: string
  cpus?: number
  pids_limit?: number
  restart?: string
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  extra_hosts?: string[]
  networks?: string[] | Record<string, { ipv4_address?: string }>
  healthcheck?: { test: string[] }
  build?: unknown
}

export interface ComposeNetwork {
  internal?: boolean
  ipam?: { config: { subnet: string; ip_range: string }[] }
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  networks?: Record<string, ComposeNetwork>
}

const ROOT = join(import.meta.dirname, '../..')

export const readRepository = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** A Compose file of this repository, its anchors and merges written out. */
export function readComposeFile(path: string): ComposeFile {
  return parse(readRepository(path), { merge: true })
}

/** A command's script as the container's shell sees it: Compose writes `$$` for `$`. */
export function scriptOf({ command = [] }: ComposeService): string {
  return (command.at(-1) ?? '').replaceAll('$$', '$')
}

/** Where a service is on a network: the address that is written, `undefined` for one that Docker gives it. */
export function addressOn(network: string, { networks = [] }: ComposeService): string | undefined {
  return Array.isArray(networks) ? undefined : networks[network]?.ipv4_address
}
