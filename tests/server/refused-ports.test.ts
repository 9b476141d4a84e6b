import { expect, test } from '@jest/globals'
import { REFUSED_PORTS } from '../../server/refused-ports.ts'

test.each([...REFUSED_PORTS])("port %i is one that Node's fetch does not call", async (port) => {
  const refused = await fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error.cause)
  expect(refused).toMatchObject({ message: 'bad port' })
})
