// Loaded into the service before it starts (`--import`): gives its HTTP server more connections than the process may have
// descriptors. The crowd's come as frames on a few real ones (`load/frames.mjs`), each as a stream that the server takes for
// a socket: all that the service and Node's HTTP keep and do for a connection is there, but the system's part of it is not.
import fs from 'node:fs'
import { Server } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { Frames, framesTo } from '../load/frames.mjs'

/** The limit of open files that the service reads in place of the process's own: the usual one of a container. */
const OPEN_FILES = 1_048_576
const AN_ADDRESS = 20_000
const NO_TIMER = { refresh() {}, close() {} }

class LaneSocket extends Duplex {
  remoteFamily = 'IPv4'
  bytesRead = 0
  #send
  #timer = NO_TIMER

  constructor(id, send) {
    super({ decodeStrings: false })
    this.remoteAddress = `127.0.0.${2 + Math.floor(id / AN_ADDRESS)}`
    this.#send = send
  }

  take(bytes) {
    this.bytesRead += bytes.length
    this.#timer.refresh()
    this.push(bytes)
  }

  setTimeout(ms) {
    this.#timer.close()
    this.#timer = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : NO_TIMER
    return this
  }

  setNoDelay() {}
  setKeepAlive() {}
  _read() {}

  _write(chunk, encoding, done) {
    this.#timer.refresh()
    this.#send(typeof chunk === 'string' && encoding !== 'latin1' ? Buffer.from(chunk, encoding) : chunk)
    done()
  }

  _final(done) {
    done()
    this.destroy()
  }

  destroySoon() {
    this.end()
  }

  _destroy(error, done) {
    this.#timer.close()
    this.#send('')
    done(error)
  }
}

/** A lane's own end of a trunk. */
function carry(trunk, server) {
  const sockets = new Map()
  const send = framesTo(trunk)
  trunk.setNoDelay()
  trunk.on('error', () => undefined)

  function sendFor(id, text) {
    if (text !== '' || sockets.delete(id)) send(id, text)
  }

  function open(id) {
    const socket = new LaneSocket(id, (text) => sendFor(id, text))
    sockets.set(id, socket)
    server.emit('connection', socket)
    return socket
  }

  const frames = new Frames((id, bytes) => {
    if (bytes.length > 0) (sockets.get(id) ?? open(id)).take(bytes)
    else {
      const socket = sockets.get(id)
      sockets.delete(id)
      socket?.destroy()
    }
  })
  trunk.on('data', (chunk) => frames.read(chunk))
}

const { listen } = Object.getPrototypeOf(Server.prototype)
Server.prototype.listen = function listenWithLane(...args) {
  Server.prototype.listen = listen
  createServer((trunk) => carry(trunk, this)).listen(Number(process.env.LANE_PORT), '127.0.0.1')
  return listen.apply(this, args)
}

const { readFileSync } = fs
fs.readFileSync = (path, ...rest) =>
  path === '/proc/self/limits' ? `Max open files ${OPEN_FILES}` : readFileSync(path, ...rest)
syncBuiltinESMExports()
