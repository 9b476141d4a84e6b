/** Closes all open dialogs, which answers no: what they ask about is not shown any more. */
export function closeDialogs(root: ParentNode): void {
  for (const dialog of root.querySelectorAll<HTMLDialogElement>('dialog[open]')) dialog.close()
}
