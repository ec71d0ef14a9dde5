#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whole specs from beginning to end: ../cases/<case> has a setup (the machine, by helpers.bash, and the warning if there
# is one), the map, the bundle and what its config.json must become, to the byte.

load helpers

run_case() {
	local case=$BATS_TEST_DIRNAME/../cases/$1 warning=''
	machine
	bundle
	mkdir -p "$MAPS" "$ROOT/run/oci-vfio-hook"
	# Part of the expected annotation.
	echo 00112233445566778899aabbccddeeff > "$ROOT/run/oci-vfio-hook/token"
	chmod 600 "$ROOT/run/oci-vfio-hook/token"
	# shellcheck source=/dev/null
	. "$case/setup"
	cp "$case/map.json" "$MAPS/case.json"
	assert_case
	python3 "$BATS_TEST_DIRNAME/lossless.py" "$case/bundle/config.json" "$CONFIG" "$BATS_TEST_TMPDIR/plan.json"
	# The same by --device-map, on a machine that has no map of its own.
	mv "$MAPS/case.json" "$BATS_TEST_TMPDIR/map.json"
	OPTIONS+=(--device-map "$BATS_TEST_TMPDIR/map.json")
	assert_case
}

assert_case() {
	cp "$case/bundle/config.json" "$CONFIG"
	plan --json
	assert_status 0
	cp "$STDOUT" "$BATS_TEST_TMPDIR/plan.json"
	apply
	if [ -n "$warning" ]; then
		assert_warning "$warning"
	else
		assert_silent
	fi
	cmp "$CONFIG" "$case/expected.json" ||
		fail "$(diff <(jq . "$case/expected.json") <(jq . "$CONFIG"))" "$(diff "$case/expected.json" "$CONFIG")"
	assert_no_leftover
	assert_idempotent
}

@test "podman: one function of a CDI device" {
	needs_root
	run_case podman-cdi
}

@test "CRI-O: two functions, swapped" {
	needs_root
	run_case crio-swapped
}

@test "a function for this kernel and one for the container" {
	needs_root
	run_case guest-kernel
}

@test "a rootless container's bind mounts" {
	needs_root
	run_case rootless-mounts
}

@test "every case is run" {
	local case
	for case in "$BATS_TEST_DIRNAME"/../cases/*/expected.json; do
		case=${case%/*}
		grep -q "run_case ${case##*/}\$" "$BATS_TEST_FILENAME" || fail "$case isn't run"
	done
}
