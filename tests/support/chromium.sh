#!/bin/sh
# Starts the Chromium that PROGRAM names, in this process's place. Started by root, a Chromium runs before everything else
# of the machine (nice -8), and a busy one keeps a Redis from answering in time. Without that right it runs as it does for
# anybody. Whoever is not root may not give it up, and need not.
: "${PROGRAM:?names a Chromium}"
if setpriv --bounding-set=-sys_nice true 2>/dev/null; then set -- setpriv --bounding-set=-sys_nice "$PROGRAM" "$@"; else set -- "$PROGRAM" "$@"; fi
exec "$@"
