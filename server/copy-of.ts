/** A slice of a header keeps the whole header in memory; a copy does not. @param text well-formed */
export function copyOf(text: string): string {
  return Buffer.from(text).toString()
}
