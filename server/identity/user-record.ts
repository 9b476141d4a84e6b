import Type from 'typebox'

/** A `User` as stores keep it, within other records. */
export const userRecord = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.Optional(Type.String()),
  groups: Type.Optional(Type.Array(Type.String())),
  source: Type.Optional(
    Type.Union([Type.Literal('jwt'), Type.Literal('introspection'), Type.Literal('userinfo'), Type.Literal('oidc')]),
  ),
  credential: Type.Optional(Type.String()),
})
