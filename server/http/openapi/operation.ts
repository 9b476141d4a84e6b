import { STATUS_CODES } from 'node:http'
import { isRecord } from '../../is-record.ts'
import { JSON_TYPE } from '../json-body.ts'
import { WHOLE_NUMBER } from '../schemas.ts'
import { bodyExamples, exampleOf, kindsOf } from './examples.ts'
import type { JsonSchema, NamedSchemas } from './named-schemas.ts'
import { problemReplies } from './problem-replies.ts'
import type { DescribedRoute } from './route-schema.ts'

const [JSON_MEDIA_TYPE = ''] = JSON_TYPE.split(';')
const WHOLE_NUMBER_IN_WORDS = { type: 'integer', minimum: 0, maximum: 10 ** WHOLE_NUMBER.maxLength - 1 }

/** A route as OpenAPI's Operation Object. Its named schemas are added to `schemas`. */
export function operationOf(route: DescribedRoute, schemas: NamedSchemas): object {
  const { operationId, tags, summary, description, security, params, querystring, body } = route.schema
  return {
    operationId,
    tags,
    summary,
    description,
    security,
    parameters: [...parametersOf(params, 'path', schemas), ...parametersOf(querystring, 'query', schemas)],
    ...(isRecord(body) ? { requestBody: requestBodyOf(body, schemas) } : {}),
    responses: responsesOf(route, schemas),
  }
}

function parametersOf(schema: unknown, place: 'path' | 'query', schemas: NamedSchemas): object[] {
  if (!isRecord(schema) || !isRecord(schema['properties'])) return []
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(schema['properties'])
    .filter((entry): entry is [string, JsonSchema] => isRecord(entry[1]))
    .map(([name, part]) => ({
      name,
      in: place,
      required: required.includes(name),
      ...parameterOf(part, schemas),
    }))
}

/** In an address all is text; what has to be digits is told of as the number that it is. */
function parameterOf(part: JsonSchema, schemas: NamedSchemas): object {
  const { description, examples: _, ...rest } = part
  const example = exampleOf(part)
  if (part['pattern'] === WHOLE_NUMBER.pattern) {
    return { description, example: Number(example), schema: WHOLE_NUMBER_IN_WORDS }
  }
  return { description, example, schema: schemas.refer('title' in part ? part : rest) }
}

/** One that may be `null` may be left out. */
function requestBodyOf(body: JsonSchema, schemas: NamedSchemas): object {
  const kinds = kindsOf(body)
  const [only] = kinds
  const isOptional = Array.isArray(body['anyOf']) && kinds.length < body['anyOf'].length
  const schema = isOptional && kinds.length === 1 && only !== undefined ? only : body
  return { required: !isOptional, content: contentOf(schema, schemas) }
}

function contentOf(schema: JsonSchema, schemas: NamedSchemas): object {
  return { [JSON_MEDIA_TYPE]: { schema: schemas.refer(schema), ...bodyExamples(schema) } }
}

function responsesOf(route: DescribedRoute, schemas: NamedSchemas): object {
  const headersOf = (status: number) => ({
    'Cache-Control': { $ref: '#/components/headers/CacheControl' },
    ...(route.isPoll ? {} : { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } }),
    ...Object.fromEntries(
      Object.entries(route.schema.replyHeaders?.[status] ?? {}).map(([name, description]) => [
        name,
        { description, schema: { type: 'string' } },
      ]),
    ),
  })
  const replies = isRecord(route.schema.response) ? Object.entries(route.schema.response) : []
  const good = replies.map(([status, schema]) => [
    status,
    {
      description: (isRecord(schema) && schema['description']) || STATUS_CODES[status],
      headers: headersOf(Number(status)),
      ...(isRecord(schema) && hasBody(schema) ? { content: contentOf(schema, schemas) } : {}),
    },
  ])
  return { ...Object.fromEntries(good), ...problemReplies(route, schemas, headersOf) }
}

const hasBody = ({ type, anyOf }: JsonSchema): boolean => type !== 'null' && (type ?? anyOf) !== undefined
