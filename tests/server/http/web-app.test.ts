import { expect, test } from '@jest/globals'
import { createTestApp } from '../../support/app.ts'
import { ADMIN_TOKEN } from '../../support/operator.ts'

test('no part of a start is given up for being slow: on a busy machine one took more than the ten seconds of Fastify', async () => {
  const { app, adminApp } = await createTestApp({
    ...{ ADMIN_PORT: '0', ADMIN_TOKEN },
  })
  const apps = [app, adminApp]
  expect(apps.map((one) => one?.initialConfig.pluginTimeout)).toEqual([0, 0])
  await Promise.all(apps.map((one) => one?.close()))
})
