/** Rows of texts, each column as wide as it has to be. Nothing in them turns a terminal around. */
export function columns(rows: readonly (readonly string[])[]): string {
  const plain = rows.map((row) => row.map((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')))
  const widths = (plain[0] ?? []).map((_, at) => Math.max(...plain.map((row) => (row[at] ?? '').length)))
  return plain
    .map(
      (row) =>
        `${row
          .map((text, at) => text.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
