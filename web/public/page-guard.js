// Watches whether a page's own script comes to life. It may not: the connection broke, or the service has a newer build
// and the files of this page's build are gone. Then the page is loaded anew, which also keeps it from being put together
// of two builds; a few times, and then it says so. Never before the service answers: a browser's own page of errors
// tries nothing again. A classic script of old syntax, at one address for all builds. Nothing waits for it, as it may not
// come either: style.css says so by itself after a while.
;(() => {
  var pausesMs = [1000, 3000, 9000]
  var longestPauseMs = 30000
  var longestStartMs = 20000
  var longestAnswerMs = 10000
  var touched = false
  var rounds = 0

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

  // Nothing waits for this script: what failed before it came is known by what is not there.
  function isStyled() {
    return getComputedStyle(document.documentElement).getPropertyValue('--page') !== ''
  }

  function say(trouble) {
    var card = document.getElementById('start-trouble')
    if (!card) return
    document.getElementById('start-failed').hidden = trouble !== 'failed'
    document.getElementById('start-away').hidden = trouble !== 'away'
    card.hidden = false
    card.setAttribute('data-said', '')
  }

  // Calls back with whether the service answers for this page. What stands between may answer for it: 502, 503, 504.
  function ask(answered) {
    var told = false
    function tell(isThere) {
      if (told) return
      told = true
      answered(isThere)
    }
    setTimeout(tell, longestAnswerMs, false)
    fetch(location.pathname + location.search, { cache: 'no-store', redirect: 'manual' }).then(
      (reply) => {
        tell(reply.status < 500)
      },
      () => {
        tell(false)
      },
    )
  }

  // Each look for the service ends the one before. A page that works and is in use stays under its person's hands.
  function reloadOnceAnswered(count) {
    var round = ++rounds
    var failures = 0
    function look() {
      ask((isThere) => {
        if (round !== rounds || (hasStarted() && touched)) return
        if (isThere) {
          setReloads(count)
          location.reload()
          return
        }
        failures += 1
        say('away')
        setTimeout(
          () => {
            if (round === rounds) look()
          },
          Math.min(longestPauseMs, 1000 * 2 ** failures) * (0.5 + Math.random() / 2),
        )
      })
    }
    look()
  }

  function touch() {
    touched = true
  }
  window.addEventListener('pointerdown', touch, true)
  window.addEventListener('keydown', touch, true)

  // A link, which without this script does its work by itself.
  document.addEventListener('click', (event) => {
    if (!event.target.closest('#start-again')) return
    event.preventDefault()
    reloadOnceAnswered(0)
  })

  // Scripts of pages run before this, or never.
  window.addEventListener('load', () => {
    if (hasStarted() && isStyled()) {
      if (reloads() > 0) setReloads(0)
      return
    }
    var done = reloads()
    if (done >= pausesMs.length) return hasStarted() || say('failed')
    setTimeout(
      () => {
        reloadOnceAnswered(done + 1)
      },
      pausesMs[done] * (0.5 + Math.random()),
    )
  })

  // A file that never ends to come keeps the page from loading, and may come yet: this only says so.
  setTimeout(() => {
    if (!hasStarted() && rounds === 0) say('failed')
  }, longestStartMs)
})()
