import Type, { type Static } from 'typebox'
import type { Application } from './application.ts'

/** The wire form of an application. */
export const applicationSchema = Type.Object(
  {
    name: Type.String({ examples: ['Reports'] }),
    origin: Type.Optional(
      Type.String({ description: 'Where it is, if it is at one place', examples: ['https://reports.example.org'] }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What it asks for: scopes of OpenID Connect',
        examples: [['openid', 'profile']],
      }),
    ),
    logo: Type.Optional(
      Type.String({
        description: 'Its logo, as a `data:` address. On the phone alone',
        examples: ['data:image/svg+xml;base64,PHN2Zy8+'],
      }),
    ),
    device: Type.Optional(
      Type.Boolean({ description: 'It is on a device without a browser (RFC 8628)', examples: [true] }),
    ),
  },
  {
    title: 'Application',
    description: 'What the login is for, as the configuration has it. Left out: for ScanIn itself',
  },
)

export function applicationOnWire(
  { name, origin, scopes, isDevice }: Application,
  logo?: string,
): Static<typeof applicationSchema> {
  return {
    name,
    ...(logo === undefined ? {} : { logo }),
    ...(origin === undefined ? {} : { origin }),
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(isDevice === undefined ? {} : { device: true }),
  }
}
