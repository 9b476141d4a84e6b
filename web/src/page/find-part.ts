/**
 * The one element that a page must have at `selector`, with its type checked.
 * Throws when the page and the script have drifted apart: better at the start than at the first click.
 */
export function findPart<T extends Element>(root: ParentNode, selector: string, type: new () => T): T {
  const found = root.querySelector(selector)
  if (found instanceof type) return found
  throw new Error(`No ${type.name} at ${selector}`)
}
