#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each step of createRuntime, from the first one that may change something, is made to fail in a created container, by
# `fault`: nothing is changed then, and where the hook fails the runtime doesn't start the container. So is each
# allocation meanwhile, and undoing gets along without memory. With FAULT_STRIDE only every so many of them. Runs as root in
# the guest that `boot` starts with machine.conf and map.json. What is tagged v1 runs there as well as with cgroup v2.
#
# The program under test, CGROUP and the others come by the variables that live.bats and live_cgroup.bats name.
#
# jq's variables look like the shell's, bats' own are set in every test, and others in live.bash:
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load helpers
load live

setup_file() {
	bind_to vfio-pci "$edu_port"
}

setup() {
	untraced
	new_bundle
	work=/run/live-fault/$BATS_SUITE_TEST_NUMBER
	mkdir -p "$work"
	foreign_spec crun
}

# SYSTEM-CALL...: those that must have failed once at least.
each_fails() {
	local name
	add_hook createRuntime "$BATS_TEST_DIRNAME/fault" fault "$bundle" "$work/table" "$work/errors" \
		"$OCI_VFIO_HOOK" createRuntime
	edit_spec --arg path "PATH=$PATH" --arg program "DEVICE_CGROUP=$DEVICE_CGROUP" \
		--arg library "FAILING_MALLOC_LIBRARY=$FAILING_MALLOC_LIBRARY" --arg stride "FAULT_STRIDE=${FAULT_STRIDE:-}" \
		'.hooks.createRuntime[-1].env = [$path, $program, $library, $stride]'
	chattr +i "$bundle/config.json"
	run container crun
	echo "$output"
	cat "$work/table" "$work/errors"
	[ "$status" -eq 0 ]
	[[ $output == *"$device"* ]]
	for name in malloc setns openat2 renameat2 renameat fchmod writev "$@"; do
		echo "$name: did it fail?"
		grep "^$name .* undone" "$work/table"
	done
	[ "$(grep -vc ' undone$' "$work/table")" = 0 ]
	echo "# $(cat "$work/table.count"), $(grep -c '^malloc' "$work/table") allocations" >&3
}

# bats test_tags=v1
@test "crun" {
	local rule=bpf
	[ "$CGROUP" = v2 ] || rule='write'
	each_fails mknodat fchownat "$rule"
}

@test "crun, user namespace" {
	user_namespace
	each_fails bpf move_mount open_tree umount2
}

@test "crun, no mount on /dev" {
	no_dev_mount
	each_fails bpf mknodat fchownat
}

# RUNTIME SYSTEM-CALL
no_start() {
	local before
	foreign_spec "$1"
	add_hook createRuntime "$(command -v strace)" strace -qq -o "$work/trace" -e "trace=$2" -e "inject=$2:error=EIO:when=1" \
		"$OCI_VFIO_HOOK" --log "$work/log" createRuntime
	before=$(sha256sum "$bundle/config.json")
	run container "$1"
	echo "$output"
	cat "$work/trace" "$work/log"
	[ "$status" -ne 0 ]
	[[ $output != *probe:* && $output != *"$device"* ]]
	grep -F '(INJECTED)' "$work/trace"
	[ "$before" = "$(sha256sum "$bundle/config.json")" ]
	[ "$(ls -A "$bundle")" = $'config.json\nrootfs' ]
}

@test "crun doesn't start the container when the last step fails" { no_start crun renameat; }
@test "runc doesn't start the container when the node can't be made" { no_start runc mknodat; }
