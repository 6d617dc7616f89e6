#!/bin/sh
# Tells whether internal/console/static is what web/ builds to now: exit 1 and
# the names of the files that differ if it is not. Needs node and npm.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
node_modules/.bin/tsc --noEmit
node build.mjs "--out=$fresh/static"
if ! diff -rq "$fresh/static" ../internal/console/static; then
	echo "internal/console/static is not current: run npm run build in web/ and commit the result" >&2
	exit 1
fi
