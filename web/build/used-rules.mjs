// Removes rules from a page's sheet for what the page does not have. What all pages share grows with each of them, and
// whoever sees a page for the first time waits for all of it.

const WORD = /[A-Za-z_][\w-]*/g
/** What stands in these does not decide whether a selector is used: they say what it is not, or may be among others. */
const FUNCTION = /:[\w-]+\([^()]*\)/g
const NAMED = /[.#]([A-Za-z_][\w-]*)/g
/** The rules inside these are looked at one by one; any other at-rule is kept whole. */
const GROUP = /^@(?:layer|media|supports)\b/

/** @returns all that could be a class or an id in some texts */
export const wordsIn = (texts) => new Set(texts.flatMap((text) => text.match(WORD) ?? []))

/**
 * @param css minified, as esbuild writes it: no comments, nothing nested in a rule
 * @param words see `wordsIn`: of the page, and of every script that may come into it
 * @returns the sheet without the rules that cannot apply: all their selectors have a class or an id that is not among
 *   the words
 */
export function onlyUsed(css, words) {
  return blocksOf(css)
    .map(({ head, body }) => {
      if (body === undefined) return head
      if (GROUP.test(head)) {
        const inner = onlyUsed(body, words)
        return inner === '' ? '' : `${head}{${inner}}`
      }
      if (head.startsWith('@')) return `${head}{${body}}`
      const used = selectorsOf(head).filter((selector) => isUsed(selector, words))
      return used.length === 0 ? '' : `${used.join(',')}{${body}}`
    })
    .join('')
}

function isUsed(selector, words) {
  let bare = selector
  while (bare !== bare.replace(FUNCTION, '')) bare = bare.replace(FUNCTION, '')
  // A point in an attribute's value begins no class.
  return [...bare.replace(/\[[^\]]*\]/g, '').matchAll(NAMED)].every(([, name]) => words.has(name))
}

/** @returns each block's body with what stands before it; or a statement without a block */
function blocksOf(css) {
  const blocks = []
  let depth = 0
  let from = 0
  let bodyAt = 0
  for (const [at, sign] of marksIn(css)) {
    if (sign === '{') {
      if (depth++ === 0) bodyAt = at
    } else if (sign === '}') {
      if (--depth > 0) continue
      blocks.push({ head: css.slice(from, bodyAt), body: css.slice(bodyAt + 1, at) })
      from = at + 1
    } else if (sign === ';' && depth === 0) {
      blocks.push({ head: css.slice(from, at + 1) })
      from = at + 1
    }
  }
  return blocks
}

/** @returns the signs that separate blocks and statements, and where they are; not those within quotes */
const marksIn = (css) =>
  [...css.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]/gs)].flatMap(({ index, 0: sign }) =>
    sign.length === 1 ? [[index, sign]] : [],
  )

/** @returns the selectors of a list, which is split at its commas, but not at those within brackets */
function selectorsOf(head) {
  const selectors = ['']
  let depth = 0
  for (const sign of head) {
    if (sign === '(' || sign === '[') depth++
    if (sign === ')' || sign === ']') depth--
    if (sign === ',' && depth === 0) selectors.push('')
    else selectors[selectors.length - 1] += sign
  }
  return selectors
}
