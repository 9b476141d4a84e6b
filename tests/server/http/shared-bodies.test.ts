import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { shareBodies } from '../../../server/http/shared-bodies.ts'

const request = {} as FastifyRequest
const reply = { header: () => reply } as unknown as FastifyReply

test('a file that is known is sent, the same bytes, though it cannot be opened just now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-shared-'))
  const file = join(folder, 'file.js')
  writeFileSync(file, 'text')
  const share = shareBodies()
  const body = await share(request, reply, createReadStream(file))
  expect(String(body)).toBe('text')
  rmSync(folder, { recursive: true })
  const unopened = createReadStream(file)
  expect(await share(request, reply, unopened)).toBe(body)
  // The error that nobody hears ends the process.
  await new Promise<void>((resolve) => unopened.once('close', () => resolve()))
})

test('a file that could not be read is read again, and what is no file is left as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scanin-shared-'))
  const file = join(folder, 'file.js')
  const share = shareBodies()
  await expect(share(request, reply, createReadStream(file))).rejects.toMatchObject({ code: 'ENOENT' })
  writeFileSync(file, 'text')
  expect(String(await share(request, reply, createReadStream(file)))).toBe('text')
  const nothing = Readable.from('')
  expect(await share(request, reply, nothing)).toBe(nothing)
  rmSync(folder, { recursive: true })
})
