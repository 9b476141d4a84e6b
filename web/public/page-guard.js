// Watches whether a page's own script comes to life. It may not: the connection broke, or the service has a newer build
// and the files of this page's build are gone. Then the page is loaded anew, which also keeps it from being put together
// of two builds; a few times, and then it says so. A classic script of old syntax, at one address for all builds.
;(() => {
  var pausesMs = [1000, 3000, 9000]
  var longestStartMs = 20000
  var broken = false

  // In the history's state, which a reload keeps also where storage is blocked.
  function reloads() {
    return Object(history.state).scaninReloads || 0
  }

  function setReloads(count) {
    var state = {}
    for (var key in history.state) state[key] = history.state[key]
    state.scaninReloads = count
    history.replaceState(state, '')
  }

  function hasStarted() {
    return document.documentElement.hasAttribute('data-started')
  }

  function reload(count) {
    setReloads(count)
    location.reload()
  }

  function say() {
    var trouble = document.getElementById('start-trouble')
    if (trouble) trouble.hidden = false
  }

  // Errors of what a page loads do not bubble: they are heard on the way down.
  window.addEventListener(
    'error',
    (event) => {
      var name = Object(event.target).nodeName
      if (name === 'SCRIPT' || name === 'LINK') broken = true
    },
    true,
  )

  document.addEventListener('DOMContentLoaded', () => {
    var again = document.getElementById('start-again')
    if (again) {
      again.addEventListener('click', () => {
        reload(0)
      })
    }
  })

  // Scripts of pages run before this, or never.
  window.addEventListener('load', () => {
    if (hasStarted() && !broken) {
      if (reloads() > 0) setReloads(0)
      return
    }
    var done = reloads()
    if (done >= pausesMs.length) return hasStarted() || say()
    setTimeout(
      () => {
        reload(done + 1)
      },
      pausesMs[done] * (0.5 + Math.random()),
    )
  })

  // A file that never ends to come keeps the page from loading, and may come yet: this only says so.
  setTimeout(() => {
    if (!hasStarted()) say()
  }, longestStartMs)
})()
