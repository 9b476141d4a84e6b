/** What came over the wire is not what the contract says. It names the field and never its content. */
export class DecodeError extends Error {
  override name = 'DecodeError'
  constructor(field: string, wanted: string) {
    super(`${field} is not ${wanted}`)
  }
}

export type Fields = Readonly<Record<string, unknown>>
export type Field<T> = (from: Fields, key: string) => T

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function fieldsOf(value: unknown, name = 'reply'): Fields {
  if (isFields(value)) return value
  throw new DecodeError(name, 'an object')
}

export const text: Field<string> = (from, key) => {
  const value = from[key]
  if (typeof value === 'string') return value
  throw new DecodeError(key, 'a string')
}

export const flag: Field<boolean> = (from, key) => {
  const value = from[key]
  if (typeof value === 'boolean') return value
  throw new DecodeError(key, 'a boolean')
}

/** A count or a duration: a finite number that is not below zero. */
export const amount: Field<number> = (from, key) => {
  const value = from[key]
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new DecodeError(key, 'an amount')
}

export const oneOf =
  <T extends string>(...allowed: readonly T[]): Field<T> =>
  (from, key) => {
    const match = allowed.find((each) => each === from[key])
    if (match !== undefined) return match
    throw new DecodeError(key, `one of ${allowed.join(', ')}`)
  }

export const inside =
  <T>(decode: (fields: Fields) => T): Field<T> =>
  (from, key) =>
    decode(fieldsOf(from[key], key))

export const listOf =
  <T>(decode: (fields: Fields) => T): Field<readonly T[]> =>
  (from, key) => {
    const value = from[key]
    if (Array.isArray(value)) return value.map((each: unknown) => decode(fieldsOf(each, key)))
    throw new DecodeError(key, 'a list')
  }

export const texts: Field<readonly string[]> = (from, key) => {
  const value = from[key]
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw new DecodeError(key, 'a list of strings')
}

export const optional =
  <T>(field: Field<T>): Field<T | undefined> =>
  (from, key) =>
    from[key] === undefined || from[key] === null ? undefined : field(from, key)
