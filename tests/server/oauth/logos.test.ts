import { expect, test } from '@jest/globals'
import { createClients, parseClients } from '../../../server/oauth/clients-file.ts'
import { logoOf } from '../../../server/oauth/logos.ts'

const SVG = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`

const clients = createClients()
clients.replace(
  parseClients(
    JSON.stringify([
      { client_id: 'own', client_name: 'Own', redirect_uris: ['https://own.example/cb'], logo_uri: SVG },
      {
        client_id: 'far',
        client_name: 'Far',
        redirect_uris: ['https://far.example/cb'],
        logo_uri: 'https://far.example/logo.svg',
      },
    ]),
  ),
)

const asking = (clientId: string) =>
  `/oauth/authorize?response_type=code&client_id=${clientId}&redirect_uri=https%3A%2F%2F${clientId}.example%2Fcb`

test.each([
  ['of a page', asking('own'), SVG],
  ['of a request that is none', '/oauth/authorize?client_id=own&scope=openid', undefined],
  ['of a device', '/oauth/device_authorization?client_id=own', SVG],
  ['that is elsewhere, where it would be told who signs in', asking('far'), undefined],
  ['of nobody', asking('none'), undefined],
  ['of a page of ours', '/home', undefined],
])('the logo %s', (_whose, returnTo, logo) => {
  expect(logoOf(clients, returnTo)).toBe(logo)
})
