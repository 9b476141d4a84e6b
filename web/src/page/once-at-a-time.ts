/**
 * Does what a button is for, unless that is under way. The button is marked as busy: if it were `disabled`, it would
 * lose the focus.
 * @param buttons which are busy together
 * @param isStill whether the buttons are still for this action; once they are for another, they are left as they are
 */
export async function onceAtATime(
  buttons: HTMLButtonElement | readonly HTMLButtonElement[],
  act: () => Promise<void>,
  isStill = () => true,
): Promise<void> {
  const pressed = [buttons].flat()
  if (pressed.some(isBusy)) return
  setBusy(true, ...pressed)
  try {
    await act()
  } finally {
    if (isStill()) setBusy(false, ...pressed)
  }
}

/** Buttons of which one is pressed at a time wait together. */
export function setBusy(busy: boolean, ...buttons: readonly HTMLButtonElement[]): void {
  for (const button of buttons) {
    if (busy) button.setAttribute('aria-disabled', 'true')
    else button.removeAttribute('aria-disabled')
  }
}

const isBusy = (button: HTMLButtonElement): boolean => button.getAttribute('aria-disabled') === 'true'
