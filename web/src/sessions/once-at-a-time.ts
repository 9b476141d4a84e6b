/** Does what a button is for, unless that is under way. A button that is `disabled` would lose the focus. */
export async function onceAtATime(button: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  await act()
  button.removeAttribute('aria-disabled')
}
