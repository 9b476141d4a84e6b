/** @returns nothing where the text is no address. `URL.canParse` is newer than the oldest of our browsers */
export function urlOf(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
