import Type from 'typebox'

/** A `User` as stores keep it, within other records. */
export const userRecord = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
})
