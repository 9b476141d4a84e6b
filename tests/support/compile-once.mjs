import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'

/**
 * Compiles each schema once for all apps of a process, even if each app has made its own object of it. Compiling was
 * half of the processor time that an app costs.
 * @type {NonNullable<import('fastify').FastifyServerOptions['schemaController']>}
 */
export const compileOnce = {
  compilersFactory: {
    buildValidator: onceForAll(AjvCompiler()),
    buildSerializer: onceForAll(SerializerSelector()),
  },
}

/**
 * @template {(externalSchemas: any, options?: any) => (route: any) => any} Build
 * @param {Build} build
 */
function onceForAll(build) {
  /** By what they are compiled from and for. */
  const compiled = new Map()
  const buildOnce = (/** @type {Parameters<Build>} */ ...given) => {
    const compile = build(...given)
    const base = JSON.stringify(given)
    return (/** @type {any} */ route) => {
      const key = JSON.stringify([base, route.schema, route.httpPart, route.httpStatus, route.contentType])
      const known = compiled.get(key) ?? compile(route)
      compiled.set(key, known)
      return known
    }
  }
  return /** @type {Build} */ (buildOnce)
}
