#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many starts at once, none of them wrong and none leaving a file behind: 500 containers that crun really starts through
# the wrapper, and 500 runs of `precreate`, 16 at a time, of which the first ones race for the token of this boot; and
# 2,000 containers with a createRuntime hook that has nothing to do.
#
# jq's variables look like the shell's:
# shellcheck disable=SC2016

load helpers

starts=500
at_once=16

# A device and its address, translated and in front of a process that prints both.
setup() {
	needs_root
	machine
	bundle
	common_case
	add_env PCIDEVICE_A=0000:3b:02.0
	rootfs=$BUNDLE/rootfs
	mkdir -p "$rootfs"/{dev,proc}
	cp "$(command -v busybox)" "$rootfs/busybox"
	edit_config '.root.path = $rootfs | .root.readonly = true
		| .process.args = ["/busybox", "sh", "-c", "/busybox echo $PCIDEVICE_A $(/busybox stat -c \"%n %t:%T\" /dev/vfio/[0-9]*)"]
		| .mounts += [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]' --arg rootfs "$rootfs"
}

# What changed below the machine: the token is all that may come.
machine_files() {
	(cd "$ROOT" && find . -path ./run/crun -prune -o -path ./sys/fs -prune -o -print | sort)
}

assert_only_token_came() {
	[ "$(comm -13 "$BATS_TEST_TMPDIR/before" <(machine_files))" = ./run/oci-vfio-hook/token ] ||
		fail 'left behind:' "$(comm -13 "$BATS_TEST_TMPDIR/before" <(machine_files))"
}

@test "$starts containers through the wrapper, $at_once at once" {
	local wrapper=$BATS_TEST_TMPDIR/oci-vfio-crun bundles=$BATS_TEST_TMPDIR/bundles number output
	ln -s "${OCI_VFIO_RUNTIME:?the wrapper under test}" "$wrapper"
	mkdir "$bundles"
	for ((number = 1; number <= starts; number++)); do
		mkdir "$bundles/$number"
		cp "$CONFIG" "$bundles/$number"
	done
	mkdir "$ROOT/run/oci-vfio-hook"
	machine_files > "$BATS_TEST_TMPDIR/before"
	output=$(on_machine crun --cgroup-manager=disabled run --bundle "$BUNDLE" foreign)
	[ "$output" = '0000:3b:02.0 /dev/vfio/45 f3:5' ] || fail "without the wrapper: $output"
	on_machine bash -c "seq $starts | xargs -P $at_once -I{} '$wrapper' --cgroup-manager=disabled run --bundle '$bundles/{}' load-{}" \
		> "$BATS_TEST_TMPDIR/output" 2>&1
	[ "$(sort "$BATS_TEST_TMPDIR/output" | uniq -c | xargs)" = "$starts 0000:01:00.0 /dev/vfio/3 f2:0" ] ||
		fail "$(sort "$BATS_TEST_TMPDIR/output" | uniq -c | head -n 20)"
	[ "$(find "$bundles" -type f -name config.json -exec sha256sum {} + | cut -c 1-64 | uniq -c | wc -l)" = 1 ]
	[ "$(find "$bundles" -mindepth 2 ! -name config.json)" = '' ]
	assert_only_token_came
}

# crun fails a container whose hook doesn't read its stdin to the end, now and then.
@test "2000 containers with createRuntime and nothing to do, $at_once at once" {
	edit_config 'del(.linux.devices) | del(.linux.resources) | del(.process.env) | .process.args = ["/busybox", "echo", "started"]
		| .hooks.createRuntime = [{path: $hook, args: ["oci-vfio-hook", "createRuntime"]}]' --arg hook "$OCI_VFIO_HOOK"
	machine_files > "$BATS_TEST_TMPDIR/before"
	sha256sum "$CONFIG" > "$BATS_TEST_TMPDIR/sum"
	on_machine bash -c "seq 2000 | xargs -P $at_once -I{} crun --cgroup-manager=disabled run --bundle '$BUNDLE' load-{}" \
		> "$BATS_TEST_TMPDIR/output" 2>&1 || true
	[ "$(sort "$BATS_TEST_TMPDIR/output" | uniq -c | xargs)" = '2000 started' ] ||
		fail "$(sort "$BATS_TEST_TMPDIR/output" | uniq -c | head -n 20)"
	sha256sum --check "$BATS_TEST_TMPDIR/sum"
	[ "$(comm -13 "$BATS_TEST_TMPDIR/before" <(machine_files))" = '' ]
}

@test "$starts runs of precreate, $at_once at once" {
	local outputs=$BATS_TEST_TMPDIR/outputs
	mkdir "$outputs"
	mkdir "$ROOT/run/oci-vfio-hook"
	machine_files > "$BATS_TEST_TMPDIR/before"
	# As podman calls it: no environment, some directory.
	(cd / && seq "$starts" | xargs -P "$at_once" -I{} env -i /bin/sh -c \
		"exec '$OCI_VFIO_HOOK' --root '$ROOT' precreate < '$CONFIG' > '$outputs/{}'") \
		> "$BATS_TEST_TMPDIR/messages" 2>&1
	[ ! -s "$BATS_TEST_TMPDIR/messages" ] || fail "$(head "$BATS_TEST_TMPDIR/messages")"
	apply --output "$BATS_TEST_TMPDIR/expected.json"
	assert_silent
	[ "$(find "$outputs" -type f | wc -l)" = "$starts" ]
	[ "$(find "$outputs" -type f -exec cmp {} "$BATS_TEST_TMPDIR/expected.json" \; 2>&1)" = '' ]
	assert_unchanged
	assert_only_token_came
}
