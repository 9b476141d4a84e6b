// How a crowd reaches the service: a connection each, or the lane of `servers/shared-lane.mjs`.
import { connect } from 'node:net'
import { Frames, framesTo } from './frames.mjs'

/** Fewer than a loopback address has ports to give (`ip_local_port_range`). */
const AN_ADDRESS = 20_000
const LONGEST_READ_BYTES = 64 * 1024

/** Opens a connection. `onText` gets what comes, `onOpen` says that it can be written to, `onClose` that it is over. */
/** @typedef {(told: { onOpen(): void, onText(text: string): void, onClose(): void }) => { write(text: string): void, destroy(): void }} Open */

/**
 * A connection of its own for each browser, from loopback addresses in turn: 20,000 from each.
 * @param first how many others of the crowd connect before these
 * @returns {Open}
 */
export function ownConnections(port, first) {
  let opened = first
  /** One buffer for all sockets: what has come is read at once. */
  const buffer = Buffer.alloc(LONGEST_READ_BYTES)
  return ({ onOpen, onText, onClose }) => {
    const localAddress = `127.0.0.${2 + Math.floor(opened++ / AN_ADDRESS)}`
    const onread = {
      buffer,
      callback(length) {
        onText(buffer.latin1Slice(0, length))
        return true
      },
    }
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, onread })
    socket.on('connect', onOpen)
    socket.on('error', () => socket.destroy())
    socket.on('close', onClose)
    return { write: (text) => socket.write(text, 'latin1'), destroy: () => socket.destroy() }
  }
}

/**
 * Connections that share a real one, for when a process may not have as many descriptors as there are browsers.
 * @returns {Open}
 */
export function sharedConnection(lanePort) {
  const opened = new Map()
  let last = 0
  const trunk = connect({ port: lanePort, host: '127.0.0.1', noDelay: true })
  const send = framesTo(trunk)
  const frames = new Frames((id, payload) => {
    const told = opened.get(id)
    if (payload.length > 0) told?.onText(payload.latin1Slice())
    else if (opened.delete(id)) told.onClose()
  })
  trunk.on('data', (chunk) => frames.read(chunk))
  trunk.on('close', () => {
    for (const { onClose } of opened.values()) onClose()
  })

  return (told) => {
    const id = ++last
    opened.set(id, told)
    queueMicrotask(told.onOpen)
    return {
      write: (text) => send(id, text),
      destroy() {
        if (opened.delete(id)) send(id, '')
      },
    }
  }
}
