/** Does what a button is for, unless that is under way. A button that is `disabled` would lose the focus. */
export async function onceAtATime(button: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  if (isBusy(button)) return
  setBusy(true, button)
  try {
    await act()
  } finally {
    setBusy(false, button)
  }
}

/** Buttons of which one is pressed at a time wait together. */
export function setBusy(busy: boolean, ...buttons: readonly HTMLButtonElement[]): void {
  for (const button of buttons) {
    if (busy) button.setAttribute('aria-disabled', 'true')
    else button.removeAttribute('aria-disabled')
  }
}

export const isBusy = (button: HTMLButtonElement): boolean => button.getAttribute('aria-disabled') === 'true'
