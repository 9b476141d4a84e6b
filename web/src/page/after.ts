/** Limits a wait that might never end: resolves to nothing once so much time has passed. */
export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
