import Type, { type TSchema } from 'typebox'
import { ScanInError } from '../../errors.ts'
import { AWAY } from '../../http/schemas.ts'
import type { TypedApp } from '../../http/typed-app.ts'
import type { FindAppLink } from './app-links.ts'
import type { AppLinkName } from './app-links-file.ts'

/** Platforms ask about once a day; who tries a change waits no longer. */
const CACHED_SECONDS = 300

const anything = { additionalProperties: true } as const

const appleReply = Type.Object(
  {},
  {
    ...anything,
    title: 'AppleAppSiteAssociation',
    examples: [
      {
        applinks: {
          details: [{ appIDs: ['ABCDE12345.com.example.app'], components: [{ '/': '/scan', '#': '?*' }] }],
        },
      },
    ],
  },
)

const androidReply = Type.Array(Type.Object({}, anything), {
  title: 'AssetLinks',
  examples: [
    [
      {
        relation: ['delegate_permission/common.handle_all_urls'],
        target: {
          namespace: 'android_app',
          package_name: 'com.example.app',
          sha256_cert_fingerprints: [Array.from({ length: 32 }, () => '14').join(':')],
        },
      },
    ],
  ],
})

interface Answer {
  name: AppLinkName
  operationId: string
  summary: string
  reply: TSchema
}

const ANSWERS: readonly Answer[] = [
  {
    name: 'apple-app-site-association',
    operationId: 'getAppleAppSiteAssociation',
    summary: "With `APP_LINKS_FILE`: which apps iOS opens this host's addresses in (universal links)",
    reply: appleReply,
  },
  {
    name: 'assetlinks.json',
    operationId: 'getAssetLinks',
    summary: "With `APP_LINKS_FILE`: which apps Android opens this host's addresses in (app links)",
    reply: androidReply,
  },
]

/** What iOS and Android ask for before they open the team's app by our codes: at this very address, by no redirect. */
export function appLinksRoutes(app: TypedApp, find: FindAppLink): void {
  for (const { name, operationId, summary, reply: schema } of ANSWERS) {
    app.get(
      `/.well-known/${name}`,
      {
        exposeHeadRoute: true,
        schema: {
          operationId,
          tags: ['phone'],
          security: [],
          summary,
          problems: ['not_found', ...AWAY],
          replyHeaders: { 200: { 'Cache-Control': `\`public, max-age=${CACHED_SECONDS}\`` } },
          response: { 200: schema },
        },
      },
      async (_request, reply) => {
        const body = find(name)
        if (body === undefined) throw new ScanInError('not_found')
        // As it is: with a charset some would not take it.
        return reply
          .header('cache-control', `public, max-age=${CACHED_SECONDS}`)
          .header('content-type', 'application/json')
          .send(body)
      },
    )
  }
}
