/** Nobody from elsewhere goes on for longer without a word of who vouches for them, whatever keeps it from us: twelve hours. */
export const LONGEST_SILENCE_MS = 43_200_000
