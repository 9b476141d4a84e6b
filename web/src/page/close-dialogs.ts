/** Answers whatever is asked over the page with no: what it was about is shown no longer. */
export function closeDialogs(root: ParentNode): void {
  for (const dialog of root.querySelectorAll<HTMLDialogElement>('dialog[open]')) dialog.close()
}
