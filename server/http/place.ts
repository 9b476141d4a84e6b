/** Where an address is, in words that people know: `Berlin, Germany`. `undefined`: nobody can say. */
export type PlaceOf = (address: string) => string | undefined

/** Where there is no file that says. */
export const nowhere: PlaceOf = () => undefined

/** What is said of a place on the wire: nothing, where it is not known. */
export function placed(place: string | undefined): { place?: string } {
  return place === undefined ? {} : { place }
}
