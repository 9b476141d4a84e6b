import { BlockList, isIP } from 'node:net'

/**
 * Makes the question whether an address is one of these, or in one of them.
 * @param ranges addresses and CIDRs, as configuration was checked to have them
 */
export function createAddressRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits = longestPrefix(address)] = range.split('/')
    list.addSubnet(address, Number(bits), familyOf(address))
  }
  return (address) => list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function longestPrefix(address: string): number {
  return isIP(address) === 6 ? 128 : 32
}
