import { isIPv6 } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Reader } from 'maxmind'
import type { PlaceOf } from '../http/place.ts'
import { isName } from '../identity/names.ts'
import { ListFileError, readBytes } from './list-file.ts'
import { followFile, type LiveFile } from './live-file.ts'

export interface GeoipFileOptions {
  path: string
  logger: FastifyBaseLogger
}

/** A file that says where addresses are, as it is now. */
export interface GeoipFile extends LiveFile {
  placeOf: PlaceOf
}

/** Of MaxMind's formats (https://maxmind.github.io/MaxMind-DB/) those that know cities or countries. */
const OF_PLACES = /city|country|location|enterprise|insights/i

/**
 * Opens a file in MaxMind's format and follows it. All of it is in memory, and so is what reads it, from here on: where no
 * file is named, nothing is loaded. Rejects with `ListFileError` when it is bad from the beginning.
 */
export async function openGeoipFile({ path, logger }: GeoipFileOptions): Promise<GeoipFile> {
  let reader: Reader<never> | undefined
  const file = await followFile<Reader<never>>({
    path,
    logger,
    what: 'GEOIP_FILE',
    read: async (from) => [await readGeoipFile(from)],
    take(read) {
      reader = read.at(0)
    },
  })
  return { ...file, placeOf: (address) => reader && placeIn(reader, address) }
}

/** @throws ListFileError */
async function readGeoipFile(path: string): Promise<Reader<never>> {
  const [{ Reader: MaxmindReader }, bytes] = await Promise.all([import('maxmind'), readBytes('GEOIP_FILE', path)])
  const reader = opened(() => new MaxmindReader<never>(bytes))
  const { databaseType } = reader.metadata
  if (!OF_PLACES.test(databaseType)) {
    throw new ListFileError('GEOIP_FILE: has neither cities nor countries in it: take a City or Country file')
  }
  // Only a look-up shows whether the tree, and what it leads to, are whole.
  opened(() => reader.get('192.0.2.1'))
  return reader
}

function opened<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (cause) {
    throw new ListFileError("GEOIP_FILE: not a file in MaxMind's format (.mmdb), or not all of one", { cause })
  }
}

function placeIn(reader: Reader<never>, address: string): string | undefined {
  try {
    // In a tree of IPv4 addresses, the first bits of an IPv6 address would lead to the place of another.
    if (isIPv6(address) && reader.metadata.ipVersion === 4) return undefined
    return placeOfRecord(reader.get(address))
  } catch {
    // No address, or a file that is broken in one place.
    return undefined
  }
}

/** The city and the country, by their English names: the file may have either, neither, or another of its own. */
function placeOfRecord(record: unknown): string | undefined {
  const { city, country } = fields(record)
  const parts = [nameOf(city), nameOf(country) ?? nameOf(fields(record)['country_name'])]
  return parts.filter((part) => part !== undefined).join(', ') || undefined
}

/** `{ names: { en } }`, or in some vendors' files the name itself. It is shown to people beside an approval. */
function nameOf(part: unknown): string | undefined {
  const name = typeof part === 'string' ? part : fields(fields(part)['names'])['en']
  return typeof name === 'string' && name.length <= 80 && isName(name) ? name : undefined
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
