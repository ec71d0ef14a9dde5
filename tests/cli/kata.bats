#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# As a guest hook that Kata's agent runs (tests/kata-agent): no option, no environment, the machine's own map. What it
# does to a created container needs one, and is in tests/vm.

load helpers

setup() {
	needs_root
	machine
	bundle
	common_case
	install -D "$OCI_VFIO_HOOK" "$BATS_TEST_TMPDIR/hooks/prestart/oci-vfio-hook"
	log=$BATS_TEST_TMPDIR/log
}

# [STATE-MEMBER...]: has the agent run the hooks.
agent() {
	local members=''
	[ $# = 0 ] || members=$(printf ', %s' "$@")
	on_machine "$BATS_TEST_DIRNAME/../kata-agent" "$BATS_TEST_TMPDIR/hooks" prestart "$log" \
		<<< "{\"ociVersion\": \"1.0.2\", \"id\": \"kata\", \"status\": \"created\", \"bundle\": \"$BUNDLE\"$members}"
}

@test "a container that asks for nothing" {
	edit_config 'del(.linux.devices)'
	remember
	agent '"pid": 2147483647' '"annotations": {"io.katacontainers.pkg.oci.container_type": "pod_container"}'
	[ "$(cat "$log")" = 'oci-vfio-hook: 0' ]
	assert_unchanged
}

@test "a foreign device: the container is looked for" {
	write_config
	remember
	agent '"pid": 2147483647'
	grep -qx 'oci-vfio-hook: 65' "$log"
	grep -qF 'pid 2147483647: there is no such process' "$log"
	assert_unchanged
}

# It must be able to say so before the agent kills it.
@test "another run has the bundle" {
	write_config
	remember
	hold_lock
	agent '"pid": 2147483647'
	grep -qx 'oci-vfio-hook: 75' "$log" || fail "$(cat "$log")"
	grep -qF "$CONFIG: another process has held the bundle's lock, .config.json.oci-vfio-hook.lock beside it, for 5 s" "$log" ||
		fail "$(cat "$log")"
	rm "$LOCK"
	assert_unchanged
}
