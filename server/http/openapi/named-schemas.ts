import { isRecord } from '../../is-record.ts'

/** A JSON Schema, as TypeBox makes it. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface NamedSchemas {
  /** The schema as it stands in the document. One with a `title` is a component of that name, and here a reference to it. */
  refer(schema: unknown): unknown
  /** All components so far. */
  components: Readonly<Record<string, unknown>>
}

/** Keywords whose values are no schemas. */
const VALUES = new Set(['examples', 'enum', 'const', 'default'])

/** Takes what has a name out of schemas, so that it stands in the document once, and in clients as a type. */
export function createNamedSchemas(): NamedSchemas {
  const components: Record<string, unknown> = {}

  function refer(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map(refer)
    if (!isRecord(schema)) return schema
    const parts = Object.entries(schema).map(([key, part]) => [key, VALUES.has(key) ? part : refer(part)])
    const whole: Record<string, unknown> = Object.fromEntries(parts)
    const { title } = whole
    if (typeof title !== 'string') return whole
    const known = components[title]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(whole)) {
      throw new Error(`Two schemas are called ${title}`)
    }
    components[title] = whole
    return { $ref: `#/components/schemas/${title}` }
  }

  return { refer, components }
}
