/** For what would be waited for without an end. @returns nothing, once so much time has passed */
export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
