#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 8: the annotation that says what was done, and the token of this boot that proves it.

load helpers

KEY=io.github.oci-vfio-hook.applied

setup() {
	machine
	bundle
	TOKEN=$ROOT/run/oci-vfio-hook/token
}

# TOKEN: an annotation in our form that claims device 45 and its address for done.
forge() {
	add_annotation "$KEY" "{\"token\":\"$1\",\"nodes\":[{\"container_path\":\"/dev/vfio/45\",\"final_path\":\"/dev/vfio/45\",\"node\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5}],\"addresses\":[[\"0000:3b:09.0\",\"0000:3b:02.0\"]]}"
}

@test "the annotation names token, paths, numbers and addresses" {
	needs_root
	common_case
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_silent
	[ "$(stat -c '%a %u %g %s' "$TOKEN")" = '600 0 0 33' ]
	[[ $(< "$TOKEN") =~ ^[0-9a-f]{32}$ ]]
	assert_spec ".annotations | keys == [\"$KEY\"]"
	applied > "$BATS_TEST_TMPDIR/applied.json"
	jq -e --arg token "$(< "$TOKEN")" '.token == $token' "$BATS_TEST_TMPDIR/applied.json"
	assert_json "$BATS_TEST_TMPDIR/applied.json" \
		'[.. | strings] | contains(["/dev/vfio/45", "/dev/vfio/3", "0000:3b:02.0", "0000:01:00.0"])' \
		'[.nodes[] | select(.container_path == "/dev/vfio/45")] ==
			[{"container_path":"/dev/vfio/45","final_path":"/dev/vfio/3","node":"/dev/vfio/3","type":"c","major":242,"minor":0}]' \
		'.addresses == [["0000:3b:02.0","0000:01:00.0"]]'
}

@test "no change, no annotation and no token" {
	two_functions
	two_entries
	add_device /dev/fuse c 10 229
	apply
	assert_silent
	assert_unchanged
	[ ! -e "$TOKEN" ]
}

@test "the second run changes nothing" {
	common_case
	second_host_device
	add_mount /run/card /dev/vfio/46
	add_env PCIDEVICE_A=0000:3b:02.0,0000:3b:02.1 \
		'PCIDEVICE_A_INFO={"0000:3b:02.0":{"dev-mount":"/dev/vfio/45"},"0000:3b:02.1":{"dev-mount":"/dev/vfio/46"}}'
	apply
	assert_silent
	assert_idempotent
	assert_silent
	assert_idempotent --unmapped=error
	assert_silent
}

@test "the second run, where final names are other entries' names" {
	two_functions
	add_map 45 "$(entry /dev/vfio/3 0000:02:00.0=07/00)"
	add_map 46 "$(entry /dev/vfio/4 0000:01:00.0=06/00)"
	add_device /dev/vfio/3 c 243 5
	add_device /dev/vfio/4 c 243 6
	add_mount /run/three /dev/vfio/3
	add_env PCIDEVICE_A=0000:02:00.0,0000:01:00.0 'PCIDEVICE_A_INFO={"0000:01:00.0":"/dev/vfio/4"}'
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_idempotent
	assert_silent
}

@test "a chain, run three times" {
	two_functions
	# Host 3 is guest 4, and host 4 is a function of its own: were the second run to look again, it would map 4 on.
	add_pci_function 0000:00:09.0 driver=vfio-pci group=5 node=242:2
	add_map a "$(entry /dev/vfio/3 0000:01:00.0=07/00)"
	add_map b "$(entry /dev/vfio/4 0000:02:00.0=09)"
	add_device /dev/vfio/3 c 243 5
	add_env PCIDEVICE_A=0000:01:00.0
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_env PCIDEVICE_A=0000:02:00.0
	assert_idempotent
	assert_idempotent
}

@test "the second run with --device-map: the listed entry counts as found" {
	two_functions
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	host_device
	apply
	assert_silent
	assert_idempotent
	assert_silent
}

@test "after the first run nothing else is ours: no machine map is opened" {
	common_case
	apply
	assert_silent
	echo broken > "$MAPS/46.json"
	assert_idempotent
	assert_silent
}

@test "after the first run a removed node's name is still in _INFO: no machine map is opened for it" {
	add_pci_function 0000:00:05.0 driver=ixgbevf
	add_map gk "$(gk_entry /dev/vfio/45 0000:3b:02.0=05)"
	host_device
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":{"dev-mount":"/dev/vfio/45"}}'
	apply
	assert_warning /dev/vfio/45
	echo broken > "$MAPS/gk.json"
	assert_idempotent
}

@test "after the first run something else is ours: the machine map is opened" {
	common_case
	apply
	assert_silent
	echo broken > "$MAPS/46.json"
	edit_config '.linux.devices += [{"path":"/dev/vfio/46","type":"c","major":243,"minor":6}]'
	apply
	assert_refused 65 46.json
}

@test "a device that came later is mapped, and both are listed" {
	common_case
	apply
	assert_silent
	edit_config '.linux.devices += [{"path":"/dev/vfio/46","type":"c","major":243,"minor":6}]
		| .process.env += ["PCIDEVICE_B=0000:3b:02.1"]'
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
	assert_env PCIDEVICE_B=0000:02:00.0
	applied > "$BATS_TEST_TMPDIR/applied.json"
	assert_json "$BATS_TEST_TMPDIR/applied.json" \
		'[.nodes[].container_path] | contains(["/dev/vfio/45", "/dev/vfio/46"])' '[.nodes[].final_path] | contains(["/dev/vfio/3", "/dev/vfio/4"])'
	assert_idempotent
}

@test "the machine's numbers are no longer those of a listed node: 69" {
	common_case
	apply
	assert_silent
	add_sysfs_node vfio 3 242:7
	apply
	assert_refused 69 config.json /dev/vfio/3 242:7
}

@test "a listed node isn't there any more: 69" {
	common_case
	apply
	assert_silent
	rm "$ROOT/sys/class/vfio/3"
	apply
	assert_refused 69 /dev/vfio/3
}

@test "another boot, another token: the annotation counts as absent" {
	needs_root
	common_case
	apply
	assert_silent
	rm "$TOKEN"
	# /dev/vfio/3 is a name of the host again, and nobody maps it.
	apply
	assert_status 69
	assert_unchanged
	grep -q /dev/vfio/3 "$STDERR"
}

@test "a forged annotation doesn't switch the mapping off; it is replaced, with a warning" {
	needs_root
	local token
	for token in 0123456789abcdef0123456789abcdef '' ffff; do
		rm -rf "$CONFIG" "$ROOT/run/oci-vfio-hook"
		DEVICES=() RULES=() ANNOTATIONS=() ENVIRONMENT=()
		rm -rf "$ROOT/sys"
		machine
		common_case
		add_env PCIDEVICE_A=0000:3b:02.0
		add_annotation other kept
		forge "$token"
		apply
		assert_warning "$KEY"
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_env PCIDEVICE_A=0000:01:00.0
		assert_spec '.annotations.other == "kept"' '.annotations | length == 2'
		[ "$(grep -o "$KEY" "$CONFIG" | wc -l)" = 1 ]
		[ "$(applied | jq -r .token)" = "$(< "$TOKEN")" ]
		! applied | grep -q 243 || fail "$(applied)"
	done
}

@test "a forged annotation with a token of this boot that is there: another one all the same" {
	needs_root
	common_case
	mkdir -p "${TOKEN%/*}"
	echo 00112233445566778899aabbccddeeff > "$TOKEN"
	chmod 600 "$TOKEN"
	forge 00112233445566778899aabbccddeefe
	apply
	assert_warning "$KEY"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	[ "$(applied | jq -r .token)" = 00112233445566778899aabbccddeeff ]
}

@test "the right token in capitals is another one" {
	common_case
	mkdir -p "${TOKEN%/*}"
	echo 00112233445566778899aabbccddeeff > "$TOKEN"
	chmod 600 "$TOKEN"
	forge 00112233445566778899AABBCCDDEEFF
	apply
	assert_warning "$KEY"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "an annotation that isn't in our form counts as absent, with a warning" {
	needs_root
	local text
	common_case
	for text in '' x '[]' '{}' '{"token":7}' '{"token":"0123456789abcdef0123456789abcdef"'; do
		rm -f "$CONFIG"
		ANNOTATIONS=()
		add_annotation "$KEY" "$text"
		apply
		assert_warning "$KEY"
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		[ "$(applied | jq -r .token)" = "$(< "$TOKEN")" ]
	done
}

@test "a forged annotation where nothing is ours: nothing is edited" {
	forge 0123456789abcdef0123456789abcdef
	add_device /dev/fuse c 10 229
	apply
	assert_status 0
	assert_unchanged
}

@test "annotations missing, null, empty, with others" {
	needs_root
	local annotations
	two_functions
	two_entries
	for annotations in '' ',"annotations":null' ',"annotations":{}' ',"annotations":{"a":"b","IO.github.oci-vfio-hook.applied":"x"}'; do
		config "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5}]}$annotations}"
		apply
		assert_silent
		[ "$(applied | jq -r .token)" = "$(< "$TOKEN")" ]
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	done
	assert_spec '.annotations.a == "b"' '.annotations["IO.github.oci-vfio-hook.applied"] == "x"'
}

@test "the token is made once: runs share it" {
	needs_root
	local first
	common_case
	apply
	assert_silent
	first=$(< "$TOKEN")
	rm "$CONFIG"
	apply
	assert_silent
	[ "$(< "$TOKEN")" = "$first" ]
	[ "$(applied | jq -r .token)" = "$first" ]
}

@test "many first runs at once agree on one token, and each spec comes out whole" {
	needs_root
	local i pids=()
	common_case
	write_config
	for i in 1 2 3 4 5 6 7 8; do
		mkdir "$BATS_TEST_TMPDIR/bundle$i"
		cp "$CONFIG" "$BATS_TEST_TMPDIR/bundle$i/config.json"
	done
	for i in 1 2 3 4 5 6 7 8; do
		timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BATS_TEST_TMPDIR/bundle$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(jq -r ".annotations[\"$KEY\"]" "$BATS_TEST_TMPDIR"/bundle[1-8]/config.json | jq -r .token | sort -u)" = "$(< "$TOKEN")" ]
}

@test "many runs on one bundle at once: as if there had been one" {
	local i pids=()
	common_case
	write_config
	for i in 1 2 3 4 5 6 7 8; do
		timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_spec '.annotations | length == 1'
	assert_no_leftover
	assert_idempotent
}

@test "the token can't be made: no annotation, a warning, and the spec is mapped" {
	needs_root
	common_case
	write_config
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	# shellcheck disable=SC2016 # The inner shell's own.
	unshare -m bash -c 'mount -t tmpfs -o ro tmpfs "$1/run" && exec "$2" --root "$1" apply "$3"' bash \
		"$ROOT" "$OCI_VFIO_HOOK" "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_warning io.github.oci-vfio-hook.applied
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_spec 'has("annotations") | not'
}

@test "plan never makes a token" {
	common_case
	plan
	assert_status 0
	assert_unchanged
	plan --json
	assert_status 0
	[ ! -e "$ROOT/run/oci-vfio-hook" ]
}

@test "root in a user namespace of its own has root's token, made there or not" {
	local first second=$BATS_TEST_TMPDIR/second
	common_case
	write_config
	mkdir -p "$ROOT/run/user/0" "$second"
	cp "$CONFIG" "$second"
	unshare --map-root-user "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE"
	first=$(< "$CONFIG")
	"$OCI_VFIO_HOOK" --root "$ROOT" apply "$second"
	unshare --map-root-user "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE"
	[ "$(< "$CONFIG")" = "$first" ]
	[ "$(< "$second/config.json")" = "$first" ]
	[ ! -e "$ROOT/run/user/0/oci-vfio-hook" ]
}

@test "another user's token is below /run/user" {
	needs_root
	common_case
	write_config
	open_to_nobody
	install -d -o 65534 -g 65534 -m 700 "$ROOT/run/user/65534"
	chown -R 65534:65534 "$BUNDLE"
	remember
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_silent
	[ ! -e "$TOKEN" ]
	[ "$(stat -c '%a %u %s' "$ROOT/run/user/65534/oci-vfio-hook/token")" = '600 65534 33' ]
	[ "$(applied | jq -r .token)" = "$(< "$ROOT/run/user/65534/oci-vfio-hook/token")" ]
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "another user without a directory below /run/user: mapped, with a warning" {
	needs_root
	common_case
	write_config
	open_to_nobody
	chown -R 65534:65534 "$BUNDLE"
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_warning io.github.oci-vfio-hook.applied
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_spec 'has("annotations") | not'
}

@test "a node entry and a guest-kernel entry are listed and done" {
	needs_root
	mknod "$ROOT/dev/gpu0" c 226 0
	add_pci_function 0000:00:05.0 driver=ixgbevf
	add_map a "$(node_entry /dev/gpu /dev/gpu0)" "$(gk_entry /dev/vfio/45 0000:3b:02.0=05)"
	add_device /dev/gpu c 1 1
	host_device
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_silent
	applied > "$BATS_TEST_TMPDIR/applied.json"
	assert_json "$BATS_TEST_TMPDIR/applied.json" '[.nodes[].container_path] | contains(["/dev/gpu", "/dev/vfio/45"])' \
		'.nodes[] | select(.container_path == "/dev/vfio/45") | has("final_path") | not'
	assert_idempotent
	assert_silent
}
