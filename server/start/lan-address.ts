import type { NetworkInterfaceInfo } from 'node:os'
import ipaddr from 'ipaddr.js'

type Interfaces = Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>>

/** Networks that are only within this machine, and tunnels out of it: no phone in the room is in one. */
const NOT_OF_THE_ROOM =
  /^(lo\d*$|docker|br-|bridge|veth|vEthernet|virbr|vbox|vmnet|VMware|VirtualBox|vnet|lxc|lxd|cni|cbr|flannel|cali|cilium|kube|podman|nerdctl|tun|tap|utun|wg|tailscale|zt|nordlynx|ppp|ipsec|gif|stf|awdl|llw|anpi|dummy|ifb|sit|ip6tnl|nebula|ham|Loopback|Tailscale|WireGuard|OpenVPN|ZeroTier|Hyper-V)|\((WSL|Default Switch|nat)\b/i
/** Cards as systems name them, wired or by radio. */
const CARD = /^(en|eth|wl|ww|bond|team|br\d|vlan|Ethernet|Wi-?Fi|WLAN|LAN|Wireless|Local Area)/i

/**
 * The address by which a phone on the same network reaches this machine, out of what `os.networkInterfaces` says:
 * cards before unknown interfaces before virtual ones, private IPv4 before public before IPv6.
 * @returns `undefined` when there is none: the machine has no network, or only tunnels and link-local addresses
 */
export function lanAddress(interfaces: Interfaces): string | undefined {
  const found = Object.entries(interfaces)
    .flatMap(([name, entries = []]) => entries.map(({ address, internal }) => ({ name, address, internal })))
    .filter(({ internal, address }) => !internal && addressRank(address) !== undefined)
    .filter(({ name }) => !NOT_OF_THE_ROOM.test(name))
    .map(({ name, address }) => ({ address, rank: (CARD.test(name) ? 0 : 10) + (addressRank(address) ?? 0) }))
  // Sorting keeps the system's own order among equals.
  return found.sort((one, other) => one.rank - other.rank)[0]?.address
}

/** Lower is likelier to be the room's; `undefined`: nobody else can open a page by it. */
function addressRank(address: string): number | undefined {
  if (!ipaddr.isValid(address)) return undefined
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (WITHIN_THE_MACHINE_OR_LINK.includes(range)) return undefined
  if (parsed.kind() === 'ipv6') return 3
  // 100.64/10 is a carrier's, or Tailscale's.
  return range === 'private' ? 0 : range === 'carrierGradeNat' ? 2 : 1
}

/** A link-local address is no use in a URL: of IPv6 it needs a zone, and of IPv4 it says that nobody gave out another. */
const WITHIN_THE_MACHINE_OR_LINK: readonly string[] = ['loopback', 'linkLocal', 'multicast', 'broadcast', 'unspecified']
