import Type from 'typebox'

/** The wire form of an application. */
export const applicationSchema = Type.Object(
  {
    name: Type.String({ examples: ['Reports'] }),
    origin: Type.Optional(
      Type.String({ description: 'Where it is, if it is at one place', examples: ['https://reports.example.org'] }),
    ),
  },
  {
    title: 'Application',
    description: 'What the login is for, as the configuration has it. Left out: for ScanIn itself',
  },
)
