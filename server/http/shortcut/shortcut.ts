import type { BareRequest } from './bare-request.ts'

/** Who waits for a reply: a connection, or Node's response. Once it is closed, there is nobody to answer. */
export interface Client {
  readonly destroyed: boolean
  on(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** Where the reply to a request goes. */
export interface ReplyTo {
  readonly client: Client
  /** Once. Nobody gets it whose connection is closed. */
  send(reply: ShortReply): void
}

/** A reply as it goes over the wire, but for the fields that are the connection's. */
export interface ShortReply {
  status: number
  /** Names and values in turn, the length of `text` among them. */
  fields: string[]
  text: string
}

/** Answers a request in Fastify's place, now or later; or leaves it to Fastify: `false`. */
export type Shortcut = (request: BareRequest, replyTo: ReplyTo) => boolean
