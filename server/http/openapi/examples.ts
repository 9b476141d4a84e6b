import { isRecord } from '../../is-record.ts'
import type { JsonSchema } from './named-schemas.ts'

/**
 * An example of a schema: its own, or one put together from those of its parts. So routes give examples of texts and
 * numbers alone. `undefined`: a part of it has none.
 */
export function exampleOf(schema: unknown): unknown {
  if (!isRecord(schema)) return undefined
  if (Array.isArray(schema['examples'])) return schema['examples'][0]
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  const [kind] = kindsOf(schema)
  if (kind !== undefined) return exampleOf(kind)
  if (schema['type'] === 'array') return [exampleOf(schema['items'])]
  if (!isRecord(schema['properties'])) return undefined
  return Object.fromEntries(Object.entries(schema['properties']).map(([key, part]) => [key, exampleOf(part)]))
}

/** The examples of a body as OpenAPI has them: one, or of a body that has several kinds one of each, by its title. */
export function bodyExamples(schema: JsonSchema): Record<string, unknown> {
  const kinds = kindsOf(schema)
  if (kinds.length < 2) return { example: exampleOf(schema) }
  return { examples: Object.fromEntries(kinds.map((kind) => [kind['title'], { value: exampleOf(kind) }])) }
}

/** What a union is of, `null` aside; of anything else nothing. */
export function kindsOf(schema: JsonSchema): JsonSchema[] {
  const kinds = Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isRecord) : []
  return kinds.filter(({ type }) => type !== 'null')
}
