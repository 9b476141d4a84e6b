import Type, { type Static } from 'typebox'

/** How often to poll, and how long a poll may be held: in whole seconds, in every reply to one. */
export type Pace = Static<typeof pace>

/** The wire form of a pace, spread into the replies that carry it. */
export const pace = Type.Object({
  interval: Type.Integer({ description: 'Whole seconds from one poll to the next; more under load', examples: [2] }),
  hold: Type.Integer({
    description: 'Whole seconds to ask for as `wait`; more under load, 0 where nothing is held',
    examples: [2],
  }),
})
