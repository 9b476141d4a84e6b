import Type from 'typebox'
import { IDENTITY_SOURCES } from './identity.ts'

/** A `User` as stores keep it, within other records. */
export const userRecord = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
  source: Type.Optional(Type.Enum([...IDENTITY_SOURCES])),
  credential: Type.Optional(Type.String()),
})
