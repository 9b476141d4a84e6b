import ipaddr from 'ipaddr.js'

/** What a file says of addresses, by their networks: `{ '192.0.2.0/24': { city: …, country: … } }`. */
export type Networks = Record<string, unknown>

/** A city and its country, as GeoLite2 has them. */
export function cityRecord(city: string | undefined, country: string): object {
  return {
    ...(city === undefined ? {} : { city: { names: { de: `${city} (auf Deutsch)`, en: city } } }),
    country: { iso_code: 'XX', names: { en: country } },
  }
}

/** `{ left, right }`: another node, an index into the data, or nothing. */
type Branch = Node | { data: number } | undefined
interface Node {
  branches: [Branch, Branch]
}

const SEPARATOR = Buffer.alloc(16)
const METADATA_START = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')

/**
 * A small file in MaxMind's format (MaxMind DB 2.0), for tests: a tree of all addresses, the data that its leaves point to,
 * and what it says of itself. Texts, numbers and objects of those can be in it.
 */
export function geoipFile(networks: Networks, databaseType = 'Test-City'): Buffer {
  const root: Node = { branches: [undefined, undefined] }
  const data: Buffer[] = []
  let dataLength = 0
  for (const [network, record] of Object.entries(networks)) {
    plant(root, network, dataLength)
    const encoded = encode(record)
    data.push(encoded)
    dataLength += encoded.length
  }
  const nodes = nodesOf(root)
  const tree = Buffer.concat(nodes.flatMap(({ branches }) => branches.map((branch) => pointer(branch, nodes))))
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_767_225_600,
    database_type: databaseType,
    description: { en: 'for tests' },
    ip_version: 6,
    node_count: nodes.length,
    record_size: 24,
  }
  return Buffer.concat([tree, SEPARATOR, ...data, METADATA_START, encode(metadata)])
}

/** IPv4 addresses are the last 32 bits of all that begin with zeros. */
function plant(root: Node, network: string, data: number): void {
  const [address, length] = ipaddr.parseCIDR(network)
  const isV4 = address.kind() === 'ipv4'
  const bytes = [...Array(isV4 ? 12 : 0).fill(0), ...address.toByteArray()]
  const bits = bytes.flatMap((byte) => [...byte.toString(2).padStart(8, '0')].map(Number))
  const path = bits.slice(0, length + (isV4 ? 96 : 0))
  let node = root
  for (const bit of path.slice(0, -1)) {
    const next = node.branches[bit as 0 | 1]
    const found: Node = next !== undefined && 'branches' in next ? next : { branches: [undefined, undefined] }
    node.branches[bit as 0 | 1] = found
    node = found
  }
  node.branches[path.at(-1) as 0 | 1] = { data }
}

function nodesOf(root: Node): Node[] {
  const nodes = [root]
  for (const { branches } of nodes)
    nodes.push(...branches.filter((branch) => branch !== undefined && 'branches' in branch))
  return nodes
}

function pointer(branch: Branch, nodes: readonly Node[]): Buffer {
  const bytes = Buffer.alloc(3)
  if (branch === undefined) bytes.writeUIntBE(nodes.length, 0, 3)
  else if ('branches' in branch) bytes.writeUIntBE(nodes.indexOf(branch), 0, 3)
  else bytes.writeUIntBE(nodes.length + SEPARATOR.length + branch.data, 0, 3)
  return bytes
}

const TEXT = 2
const UINT32 = 6
const MAP = 7

function encode(value: unknown): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(TEXT, bytes.length), bytes])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(UINT32, 4), bytes])
  }
  const entries = Object.entries(value as object)
  return Buffer.concat([control(MAP, entries.length), ...entries.flat().map(encode)])
}

/** The type in the first three bits, the size in the rest: from 29 on in a byte of its own. */
function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29])
}
