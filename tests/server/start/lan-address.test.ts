import { expect, test } from '@jest/globals'
import { lanAddress } from '../../../server/start/lan-address.ts'

type Named = [name: string, ...addresses: string[]]

const found = (...interfaces: Named[]) =>
  lanAddress(
    Object.fromEntries(
      interfaces.map(([name, ...addresses]) => [
        name,
        addresses.map((address) => ({ address, internal: /^(127\.|::1$)/.test(address) })),
      ]),
    ),
  )

const LOOPBACK: Named = ['lo', '127.0.0.1', '::1']

test.each<[string, string | undefined, Named[]]>([
  ['the only card', '192.168.1.5', [['eth0', '192.168.1.5', 'fe80::1']]],
  [
    'the card after Docker',
    '192.168.1.5',
    [
      ['docker0', '172.17.0.1'],
      ['br-1f2e', '172.18.0.1'],
      ['wlp3s0', '192.168.1.5'],
    ],
  ],
  [
    'the card after a link-local address',
    '10.0.0.7',
    [
      ['en0', '169.254.3.4'],
      ['en1', '10.0.0.7'],
    ],
  ],
  [
    'the card of a Mac with tunnels',
    '192.168.178.20',
    [
      ['utun3', '10.8.0.2'],
      ['awdl0', 'fe80::2'],
      ['en0', '192.168.178.20'],
    ],
  ],
  [
    'the card of a Windows with WSL',
    '192.168.0.9',
    [
      ['vEthernet (WSL)', '172.20.0.1'],
      ['Wi-Fi', '192.168.0.9'],
    ],
  ],
  [
    'the card and not a VPN',
    '192.168.2.2',
    [
      ['wg0', '10.66.0.2'],
      ['tailscale0', '100.101.1.2'],
      ['eth1', '192.168.2.2'],
    ],
  ],
  [
    'a virtual machine beside a card',
    '192.168.5.1',
    [
      ['vmnet8', '192.168.99.1'],
      ['virbr0', '192.168.122.1'],
      ['enp0s3', '192.168.5.1'],
    ],
  ],
  [
    'a private before a public address',
    '10.1.1.1',
    [
      ['eth0', '203.0.113.9'],
      ['eth1', '10.1.1.1'],
    ],
  ],
  ['a public address where there is no other', '203.0.113.9', [['eth0', '203.0.113.9']]],
  [
    'a card before an unknown interface',
    '203.0.113.9',
    [
      ['foo0', '10.1.1.1'],
      ['eth0', '203.0.113.9'],
    ],
  ],
  ['an unknown interface where there is no card', '10.1.1.1', [['foo0', '10.1.1.1']]],
  ['IPv6 where there is nothing else', '2001:db8::5', [['eth0', 'fe80::5', '2001:db8::5']]],
  ['IPv4 beside IPv6', '192.168.1.5', [['eth0', '2001:db8::5', '192.168.1.5']]],
  ['nothing without a network', undefined, []],
  ['nothing with Docker alone', undefined, [['docker0', '172.17.0.1']]],
])('finds %s', (_name, expected, interfaces) => {
  expect(found(LOOPBACK, ...interfaces)).toBe(expected)
})
