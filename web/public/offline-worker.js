// Says that there is no connection, where the browser would show a page of errors of its own, and does nothing else: it is
// asked for what pages under /scan ask for, takes navigations and what the page that it shows loads, and lets the network
// answer. It keeps that page alone: no page of the service, and no reply of it. The service puts in what that page loads and
// the tag of both: with them its text changes, so that an upgrade or another brand replaces what is kept.
;(() => {
  const page = '/offline'
  const loads = '{{loads}}'.split(' ')
  const kept = 'offline {{tag}}'

  async function keep() {
    const cache = await caches.open(kept)
    await cache.addAll([page, ...loads].map((path) => new Request(path, { cache: 'no-cache' })))
    await self.skipWaiting()
  }

  /** Keeps the page anew where it is in another language than the person reads by now. */
  async function keepIn(language) {
    // Replaced by another meanwhile, which has forgotten it.
    if (!(await caches.has(kept))) return
    const cache = await caches.open(kept)
    const reply = await cache.match(page)
    const text = await reply?.text()
    if (!text?.includes(`<html lang="${language}"`)) await cache.add(new Request(page, { cache: 'no-cache' }))
  }

  async function forgetOthers() {
    const names = await caches.keys()
    await Promise.all(names.filter((name) => name !== kept).map((name) => caches.delete(name)))
  }

  async function answer(request, path) {
    try {
      return await fetch(request)
    } catch (error) {
      const cache = await caches.open(kept)
      const reply = await cache.match(path)
      if (reply === undefined) throw error
      return reply
    }
  }

  self.addEventListener('install', (event) => event.waitUntil(keep()))
  self.addEventListener('activate', (event) => event.waitUntil(forgetOthers()))
  self.addEventListener('message', (event) => event.waitUntil(keepIn(event.data).catch(() => undefined)))
  self.addEventListener('fetch', (event) => {
    const { request } = event
    const { origin, pathname } = new URL(request.url)
    if (origin !== location.origin || request.method !== 'GET') return
    if (request.mode === 'navigate') event.respondWith(answer(request, page))
    else if (loads.includes(pathname)) event.respondWith(answer(request, pathname))
  })
})()
