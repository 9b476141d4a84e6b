/** How long a provider's people may go on without its word, whatever keeps that from us: twelve hours. */
export const LONGEST_SILENCE_MS = 43_200_000
