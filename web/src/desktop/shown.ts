// Parts keep their room when they are not shown, so that nothing moves: `[data-off]` in login.css.

/** Shows a part or takes it from sight, keyboard and screen reader. */
export const setShown = (part: Element, isShown: boolean): void => {
  part.toggleAttribute('data-off', !isShown)
}

export const isShown = (part: Element): boolean => part.closest('[data-off]') === null
