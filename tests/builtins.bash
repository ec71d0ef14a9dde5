# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Commands that tests call so often that starting them takes most of the time, in an emulated guest above all: as bash's
# own loadable builtins (Debian's bash-builtins), where it has them.

for builtin in mkdir ln rm; do
	enable -f "/usr/lib/bash/$builtin" "$builtin" 2> /dev/null || true
done
unset -v builtin

# The builtin doesn't know -n, which keeps it from following a link to a directory.
ln() {
	if [ "$1" = -sfn ]; then
		rm -f "$3"
		set -- -s "${@:2}"
	fi
	command ln "$@"
}

# The real one takes ten times as long to start.
jq() {
	gojq "$@"
}

# Debian's own: a version manager's first in PATH takes as much time to find it.
python3() {
	/usr/bin/python3 "$@"
}
