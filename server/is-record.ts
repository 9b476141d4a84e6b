/** Whether it is what JSON calls an object: it may be anybody's, and have anything in it. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
