# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Calls the wrapper on a built machine. It has no --root: it runs in a mount namespace of its own, where the built
# machine's /sys, /etc and /run stand in place of this one's, and a directory of the test in place of /usr/local/sbin.
# There the runtime is the recorder, under a name of its own; the real runc and crun are where they always are. The
# wrapper is the one that OCI_VFIO_RUNTIME names, the recorder RUNTIME_RECORDER. For use with helpers.bash.

# Links to the wrapper in $LINKS; $SBIN is /usr/local/sbin and has the recorder. $RUNTIME says by which name to call it.
wrapper() {
	local program name
	for program in "${OCI_VFIO_RUNTIME:-}" "${RUNTIME_RECORDER:-}"; do
		[ -x "$program" ] || fail "OCI_VFIO_RUNTIME and RUNTIME_RECORDER must name programs, not \"$program\""
	done
	LINKS=$BATS_TEST_TMPDIR/links
	SBIN=$BATS_TEST_TMPDIR/sbin
	LOG=$BATS_TEST_TMPDIR/log.json
	# Real containers share this machine's cgroups with other tests'.
	BOX=box-$$-$RANDOM
	RUNTIME=oci-vfio-recorder
	mkdir -p "$LINKS" "$SBIN"
	cp "$RUNTIME_RECORDER" "$SBIN/recorder"
	for name in runtime recorder runc crun; do
		ln -s "$OCI_VFIO_RUNTIME" "$LINKS/oci-vfio-$name"
	done
	RECORDER_LINK=$LINKS/oci-vfio-recorder
}

# COMMAND [ARGUMENT...]: on the built machine. With a directory /sys/fs/cgroup it has cgroups, as containers need.
in_machine() {
	# shellcheck disable=SC2016 # For that bash.
	with_mounts bash -euc '
		[ ! -d "$1/sys/fs/cgroup" ] || mount -t cgroup2 none "$1/sys/fs/cgroup"
		for directory in sys etc run; do mount --rbind "$1/$directory" "/$directory"; done
		mount --bind "$2" /usr/local/sbin
		shift 2
		exec "$@"' in_machine "$ROOT" "$SBIN" "$@"
}

# ARGUMENT...: calls the wrapper by $RUNTIME. Sets $status; its output and the runtime's is in $STDOUT and $STDERR.
runtime() {
	machine_command "$LINKS/$RUNTIME" "$@"
}

# COMMAND [ARGUMENT...]: the same for any program.
machine_command() {
	STDOUT=$BATS_TEST_TMPDIR/stdout
	STDERR=$BATS_TEST_TMPDIR/stderr
	BRIEF=''
	status=0
	in_machine timeout 20 "$@" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
}

# Writes config.json, and has `apply` say what must become of it: $REWRITTEN.
expect_rewriting() {
	REWRITTEN=$BATS_TEST_TMPDIR/rewritten.json
	apply --output "$REWRITTEN"
	assert_silent
	! cmp -s "$CONFIG" "$REWRITTEN" || fail 'apply changes nothing: this would prove nothing'
}

# Another bundle beside the first, with the same config.json: $OTHER.
other_bundle() {
	OTHER=$BATS_TEST_TMPDIR/other
	mkdir -p "$OTHER/rootfs"
	cp "$BEFORE" "$OTHER/config.json"
}

# [FILE]: this file of the bundle became what `apply` makes of it, and nothing else is there. It is as before again.
assert_rewritten() {
	local file=${1:-$CONFIG}
	cmp "$file" "$REWRITTEN" || fail "$file isn't rewritten" "$(show_output)"
	[ "$file" != "$CONFIG" ] || assert_no_leftover
	cp "$BEFORE" "$file"
}

# ARGUMENT...: the runtime ran with exactly these, after the path that was found; there is no message.
assert_ran() {
	local argument expected='argument 0 /usr/local/sbin/recorder' number=0
	assert_silent
	for argument; do
		number=$((number + 1))
		expected+=$'\n'"argument $number $argument"
	done
	[ "$(grep -a '^argument ' "$STDOUT")" = "$expected" ] || fail 'expected:' "$expected" "$(show_output)"
}

# TEXT...: the wrapper failed with these words, before it ran anything.
assert_not_ran() {
	assert_status 1
	assert_error 'oci-vfio-runtime: ' "$@"
	[ ! -s "$STDOUT" ] || fail 'the runtime ran' "$(show_output)"
}

# TEXT...: the same, and config.json wasn't touched.
assert_refused_call() {
	assert_not_ran "$@"
	assert_unchanged
}

# config.json has the bytes that it had.
assert_unchanged_text() {
	cmp "$CONFIG" "$BEFORE" || fail 'config.json changed' "$(show_output)"
	assert_no_leftover
}

# TEXT...: the last line of $LOG says what stderr says, in the runtimes' form; it has one error.
assert_logged() {
	local text
	[ "$(jq -s '[.[] | select(.level == "error")] | length' "$LOG")" = 1 ] || fail "not one error in the log:" "$(cat "$LOG")"
	tail -n 1 "$LOG" > "$BATS_TEST_TMPDIR/line.json"
	assert_json "$BATS_TEST_TMPDIR/line.json" 'keys == ["level", "msg", "time"]' '.level == "error"' \
		'.time | test("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]+)?(Z|[+-][0-9:]+)$")' \
		"\"oci-vfio-runtime: \" + .msg == $(jq -Rs 'rtrimstr("\n")' "$STDERR")"
	for text; do
		jq -e --arg text "$text" '.msg | contains($text)' "$BATS_TEST_TMPDIR/line.json" > /dev/null ||
			fail "expected \"$text\" in the log:" "$(cat "$LOG")"
	done
}
