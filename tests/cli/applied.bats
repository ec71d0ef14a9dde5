#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 8: the annotation that says what was done, the code in it that proves it, and the token of this boot, its key.

load helpers

KEY=io.github.oci-vfio-hook.applied

setup() {
	machine
	bundle
	TOKEN=$ROOT/run/oci-vfio-hook/token
	[ "$EUID" = 0 ] || TOKEN=$ROOT/run/user/$EUID/oci-vfio-hook/token
}

# MEMBER: an annotation in our form, with this besides, that claims device 45 for done.
forge() {
	add_annotation "$KEY" "{\"nodes\":[{\"container_path\":\"/dev/vfio/45\",\"final_path\":\"/dev/vfio/45\",\"node\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5}],\"addresses\":[]$1}"
}

# A token that is there already.
known_token() {
	mkdir -p "${TOKEN%/*}"
	echo 00112233445566778899aabbccddeeff > "$TOKEN"
	chmod 600 "$TOKEN"
}

# 3 becomes 4 here, and 4 is an entry's too: were the second run to look again, it would map 4 on.
chain() {
	two_functions
	add_pci_function 0000:00:09.0 driver=vfio-pci group=5 node=242:2
	add_map a "$(entry /dev/vfio/3 0000:01:00.0=07/00)"
	add_map b "$(entry /dev/vfio/4 0000:02:00.0=09)"
}

@test "the annotation names paths, numbers and addresses" {
	common_case
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_silent
	[ "$(stat -c '%a %u %g %s' "$TOKEN")" = '600 0 0 33' ]
	[[ $(< "$TOKEN") =~ ^[0-9a-f]{32}$ ]]
	assert_spec ".annotations | keys == [\"$KEY\"]"
	applied > "$BATS_TEST_TMPDIR/applied.json"
	assert_proven
	assert_json "$BATS_TEST_TMPDIR/applied.json" \
		'[.. | strings] | contains(["/dev/vfio/45", "/dev/vfio/3", "0000:3b:02.0", "0000:01:00.0"])' \
		'[.nodes[] | select(.container_path == "/dev/vfio/45")] ==
			[{"container_path":"/dev/vfio/45","final_path":"/dev/vfio/3","node":"/dev/vfio/3","type":"c","major":242,"minor":0}]' \
		'.addresses == [["0000:3b:02.0","0000:01:00.0"]]' 'keys == ["addresses", "mac", "nodes"]'
}

@test "the token never leaves its file: not in the spec, not in what is printed or logged" {
	common_case
	known_token
	add_env PCIDEVICE_A=0000:3b:02.0
	forge ',"token":"x"'
	plan
	plan --json
	assert_status 0
	! grep -r 00112233445566778899aabbccddeeff "$BATS_TEST_TMPDIR" --exclude token || fail 'plan'
	OPTIONS=(--log "$BATS_TEST_TMPDIR/log" --log-level debug)
	apply
	assert_proven
	apply
	assert_status 0
	rm "$CONFIG"
	chmod 644 "$TOKEN"
	apply
	assert_warning 'must be mode 0600'
	! grep -ri 00112233445566778899aabbccddeeff "$BATS_TEST_TMPDIR" --exclude token || fail 'apply'
	# The key as bytes, too.
	! grep -rlP '\x00\x11\x22\x33\x44\x55\x66\x77' "$BATS_TEST_TMPDIR" --exclude token || fail 'bytes'
}

@test "plan shows what apply writes, but for the code" {
	common_case
	plan --json
	assert_status 0
	assert_output '.changes[-1].rule == 8' '.changes[-1].why | contains("apply adds the \"mac\"")'
	shown=$(jq -r ".changes[-1].new[\"$KEY\"]" "$STDOUT")
	apply
	assert_proven
	[ "$(applied | sed 's/,"mac":"[^"]*"}$/}/')" = "$shown" ] || fail "$shown"
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
	chain
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

@test "a mount that is done is not looked at again, whatever an entry says of its path" {
	two_functions
	two_entries
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_silent
	# Its device isn't there.
	add_map 3 "$(entry /dev/vfio/3 0000:3b:03.0=1f/00)"
	edit_config '.mounts += [{"destination":"/dev/vfio/46","source":"/dev/vfio/46","type":"bind","options":["bind"]}]'
	apply
	assert_silent
	assert_spec '[.mounts[] | select(.source | startswith("/dev/vfio/")) | .source] | contains(["/dev/vfio/3", "/dev/vfio/4"])'
	assert_idempotent
}

@test "the control node stays with a mount that is done" {
	two_functions
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_map 46 "$(gk_entry /dev/vfio/46 0000:3b:02.1=07/00)"
	control_device
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_silent
	edit_config '.linux.devices += [{"path":"/dev/vfio/46","type":"c","major":243,"minor":6}]'
	apply
	assert_silent
	assert_devices '/dev/vfio/vfio c 10:196'
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
	local member
	known_token
	common_case
	add_env PCIDEVICE_A=0000:3b:02.0
	for member in '' ',"mac":""' ',"mac":"00112233445566778899aabbccddeeff"' ',"mac":null' ',"mac":"0011"' ',"mac":7' \
		',"token":"00112233445566778899aabbccddeeff"' ',"mac":"00000000000000000000000000000000"'; do
		rm -f "$CONFIG"
		ANNOTATIONS=()
		add_annotation other kept
		forge "$member"
		apply
		assert_warning "the annotation $KEY was not written for this container on this machine since it booted; ignored"
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_env PCIDEVICE_A=0000:01:00.0
		assert_spec '.annotations.other == "kept"' '.annotations | length == 2'
		[ "$(grep -o "$KEY" "$CONFIG" | wc -l)" = 1 ]
		assert_proven
		! applied | grep -q '"major":243' || fail "$(applied)"
	done
}

@test "another node shown as the control node after an earlier run: 69, with the maps or without" {
	two_functions
	two_entries
	host_device
	control_device
	apply
	assert_silent
	jq '.mounts += [{"destination":"/dev/vfio/vfio","type":"bind","source":"/dev/vfio/4","options":["bind"]}]' "$CONFIG" > "$BATS_TEST_TMPDIR/more"
	cp "$BATS_TEST_TMPDIR/more" "$CONFIG"
	apply
	assert_refused 69 'mounts[1]' /dev/vfio/4
	rm -r "$MAPS"
	apply
	assert_refused 69 'mounts[1]' /dev/vfio/4
}

@test "who could forge: the code of another token, of one digit less, in capitals, of other lists" {
	local code claim
	known_token
	common_case
	forge ''
	write_config
	claim=$(applied)
	# So well can it be forged, with the token.
	code=$(code_of "$(< "$TOKEN")" "$CONFIG")
	edit_config ".annotations[\"$KEY\"] = \$claim" --arg claim "${claim%\}},\"mac\":\"$code\"}"
	apply
	assert_refused 69 'was mapped by an earlier run'
	for code in "${code%?}" "${code}0" "${code^^}" "$(code_of 00112233445566778899aabbccddeefe "$CONFIG")"; do
		edit_config ".annotations[\"$KEY\"] = \$claim" --arg claim "${claim%\}},\"mac\":\"$code\"}"
		cp "$CONFIG" "$BATS_TEST_TMPDIR/forged.json"
		apply
		assert_warning "$KEY" ignored
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_proven
		cp "$BATS_TEST_TMPDIR/forged.json" "$CONFIG"
	done
}

@test "what a container's annotation proves, it doesn't prove in another's spec" {
	local edit
	common_case
	apply
	assert_silent
	cp "$CONFIG" "$BATS_TEST_TMPDIR/mapped.json"
	for edit in '.linux.cgroupsPath = "/test/bo"' '.linux.cgroupsPath += "x"' 'del(.linux.cgroupsPath)' '.root.path += "/"' \
		'del(.root)' '.root.path = "rootfs"'; do
		cp "$BATS_TEST_TMPDIR/mapped.json" "$CONFIG"
		edit_config "$edit"
		apply
		# Then 3 is a name of the host's that no entry has.
		assert_status 69
		assert_unchanged
		grep -q "$KEY was not written for this container on this machine since it booted; ignored" "$STDERR" || fail "$(show_output)"
	done
	# Its own, in another place.
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	cp "$BATS_TEST_TMPDIR/mapped.json" "$BATS_TEST_TMPDIR/elsewhere/config.json"
	BUNDLE=$BATS_TEST_TMPDIR/elsewhere CONFIG=$BATS_TEST_TMPDIR/elsewhere/config.json
	assert_idempotent
	assert_silent
}

@test "without a cgroup of its own, or with a rootfs in the bundle, a spec is bound to the bundle's directory" {
	local edit
	common_case
	write_config
	cp "$CONFIG" "$BATS_TEST_TMPDIR/original.json"
	for edit in 'del(.linux.cgroupsPath)' '.root.path = "rootfs"' 'del(.root)' '.linux.cgroupsPath = "" | .root.path = ""'; do
		rm -rf "$BUNDLE" "$BATS_TEST_TMPDIR/other"
		mkdir "$BUNDLE" "$BATS_TEST_TMPDIR/other"
		cp "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
		edit_config "$edit"
		apply
		assert_silent
		# shellcheck disable=SC2046 # Two words.
		[ "$(applied | jq -r .mac)" = "$(code_of "$(< "$TOKEN")" "$CONFIG" $(stat -c '%d %i' "$BUNDLE"))" ] || fail "$(applied)"
		assert_idempotent
		assert_silent
		# The same text in another bundle is another container's.
		cp "$CONFIG" "$BATS_TEST_TMPDIR/other"
		hook --root "$ROOT" apply "$BATS_TEST_TMPDIR/other"
		assert_status 69
		grep -q "$KEY was not written for this container" "$STDERR" || fail "$(show_output)"
		# A bundle that is moved is the same.
		mv "$BUNDLE" "$BATS_TEST_TMPDIR/moved"
		hook --root "$ROOT" apply "$BATS_TEST_TMPDIR/moved"
		assert_silent
		mv "$BATS_TEST_TMPDIR/moved" "$BUNDLE"
		assert_unchanged
	done
}

@test "an annotation that isn't ours, and an entry would map what it lists on: 69" {
	chain
	add_device /dev/vfio/3 c 243 5
	add_env PCIDEVICE_A=0000:01:00.0
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	# After a reboot: is 4 the final path, or the host's again?
	rm "$TOKEN"
	apply
	assert_status 69
	assert_unchanged
	grep -q 'linux.devices\[0\]: "/dev/vfio/4": the annotation io.github.oci-vfio-hook.applied says that it is translated already, but was not written for this container on this machine since it booted; .*b.json: \[0\] would translate it: make the bundle again' "$STDERR" ||
		fail "$(show_output)"
	# The environment alone.
	edit_config '.linux.devices = []'
	apply
	assert_status 69
	assert_unchanged
	grep -q 'process.env: 0000:02:00.0: the annotation' "$STDERR" || fail "$(show_output)"
	edit_config '.process.env = [] | .linux.resources.devices = []'
	apply
	assert_warning "$KEY" ignored
	assert_unchanged
}

@test "what an annotation lists twice, or has after its end, is not ours" {
	local text code
	known_token
	common_case
	apply
	assert_silent
	text=$(applied)
	code=$(jq -r .mac <<< "$text")
	cp "$CONFIG" "$BATS_TEST_TMPDIR/mapped.json"
	for claim in "${text%\}},\"mac\":\"$code\"}" "$text x" "$text{}" "$text," "{\"nodes\":[],${text#\{}"; do
		cp "$BATS_TEST_TMPDIR/mapped.json" "$CONFIG"
		edit_config ".annotations[\"$KEY\"] = \$claim" --arg claim "$claim"
		apply
		assert_status 69
		assert_unchanged
		grep -q "$KEY was not written for this container" "$STDERR" || fail "$(show_output)"
	done
}

@test "an annotation that isn't in our form counts as absent, with a warning" {
	local text
	common_case
	for text in '' x '[]' '{}' '{"token":7}' '{"mac":"0123456789abcdef0123456789abcdef"' '{"nodes":7}' '{"nodes":[{}]}'; do
		rm -f "$CONFIG"
		ANNOTATIONS=()
		add_annotation "$KEY" "$text"
		apply
		assert_warning "$KEY"
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_proven
	done
}

@test "a forged annotation where nothing is ours: nothing is edited" {
	forge ',"mac":"0123456789abcdef0123456789abcdef"'
	add_device /dev/fuse c 10 229
	apply
	assert_status 0
	assert_unchanged
}

@test "annotations missing, null, empty, with others" {
	local annotations
	two_functions
	two_entries
	for annotations in '' ',"annotations":null' ',"annotations":{}' ',"annotations":{"a":"b","IO.github.oci-vfio-hook.applied":"x"}'; do
		config "{\"root\":{\"path\":\"/box\"},\"linux\":{\"cgroupsPath\":\"/test/box\",\"devices\":[{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5}]}$annotations}"
		apply
		assert_silent
		assert_proven
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	done
	assert_spec '.annotations.a == "b"' '.annotations["IO.github.oci-vfio-hook.applied"] == "x"'
}

@test "the token is made once: runs share it" {
	local first
	common_case
	apply
	assert_silent
	first=$(< "$TOKEN")
	rm "$CONFIG"
	apply
	assert_silent
	[ "$(< "$TOKEN")" = "$first" ]
	assert_proven
}

@test "many first runs at once agree on one token, and each spec comes out whole" {
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
	for i in 1 2 3 4 5 6 7 8; do
		CONFIG=$BATS_TEST_TMPDIR/bundle$i/config.json
		assert_proven
	done
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

@test "no annotation can be written, and another front end would map the result on: 77" {
	chain
	add_device /dev/vfio/3 c 243 5
	# A token that can't be used.
	known_token
	chmod 644 "$TOKEN"
	apply
	assert_refused 77 'it would have "/dev/vfio/4", which' 'b.json: [0] would translate again if another front end ran, to another device' \
		"the annotation $KEY, can't be written" 'must be mode 0600' 'nothing was changed'
	# The environment alone, of a function that needs no node.
	rm "$CONFIG"
	DEVICES=()
	add_map a "$(gk_entry /dev/vfio/3 0000:01:00.0=07/00)"
	add_env PCIDEVICE_A=0000:01:00.0
	apply
	assert_refused 77 'it would have 0000:02:00.0, which' 'b.json: [0] would translate again'
	add_map a "$(entry /dev/vfio/3 0000:01:00.0=07/00)"
	# A mount: its destination, or its source.
	rm "$CONFIG"
	ENVIRONMENT=()
	add_mount /dev/vfio/3 /dev/vfio/3
	apply
	assert_refused 77 '"/dev/vfio/4"'
	rm "$CONFIG"
	MOUNTS=()
	add_mount /run/card /dev/vfio/3
	apply
	assert_refused 77 '"/dev/vfio/4"'
	# plan makes no token, and so misses none.
	plan
	assert_status 0
	chmod 600 "$TOKEN"
	apply
	assert_silent
}

@test "no annotation can be written, but whoever comes next does the same: a warning" {
	needs_root
	two_functions
	# 3 stays 3, and our node keeps its name.
	add_map a "$(entry /dev/vfio/3 0000:3b:02.0=06/00)" "$(node_entry /dev/gpu /dev/gpu0)"
	mknod "$ROOT/dev/gpu0" c 226 0
	add_device /dev/vfio/3 c 243 5
	add_device /dev/gpu c 1 1
	add_mount /dev/vfio/3 /dev/vfio/3
	known_token
	chmod 644 "$TOKEN"
	apply
	assert_warning "no annotation $KEY is written, so another front end would not know what is done: " 'must be mode 0600'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/gpu c 226:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_idempotent
}

@test "precreate with nothing to bind the annotation to: a warning, or 77" {
	common_case
	write_config
	edit_config 'del(.linux.cgroupsPath) | .root.path = "rootfs"'
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_warning "no annotation $KEY is written" 'neither linux.cgroupsPath nor an absolute root.path'
	assert_output '.linux.devices[0].path == "/dev/vfio/3"' 'has("annotations") | not'
	[ ! -e "$TOKEN" ]
	rm "$MAPS/46.json"
	add_map 3 "$(entry /dev/vfio/3 0000:3b:02.2=07/00)"
	status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 77
	[ ! -s "$STDOUT" ] || fail "$(show_output)"
	assert_error '3.json: [0] would translate again' 'neither linux.cgroupsPath nor an absolute root.path'
}

@test "createRuntime after precreate: what is done is known, bound to cgroup or rootfs or both" {
	local edit
	chain
	add_device /dev/vfio/3 c 243 5
	write_config
	cp "$CONFIG" "$BATS_TEST_TMPDIR/original.json"
	for edit in . 'del(.linux.cgroupsPath)' '.root.path = "rootfs"'; do
		cp "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
		edit_config "$edit"
		"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > "$BATS_TEST_TMPDIR/mapped.json"
		cp "$BATS_TEST_TMPDIR/mapped.json" "$CONFIG"
		remember
		printf '{"ociVersion":"1.0.2","id":"box","status":"created","bundle":"%s"}' "$BUNDLE" > "$BATS_TEST_TMPDIR/state"
		status=0
		STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr BRIEF=''
		"$OCI_VFIO_HOOK" --root "$ROOT" createRuntime < "$BATS_TEST_TMPDIR/state" > "$STDOUT" 2> "$STDERR" || status=$?
		assert_silent
		assert_unchanged
		assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
		rm "$CONFIG"
	done
}

# TEXT...: the token isn't used, with these in the warning, and the spec is mapped without an annotation.
assert_no_token() {
	rm -f "$CONFIG"
	BRIEF=''
	apply
	assert_warning "no annotation $KEY is written" "$@"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_spec 'has("annotations") | not'
}

@test "a token that isn't ours alone isn't used, nor is one in a directory of others" {
	needs_root
	local directory=$ROOT/run/oci-vfio-hook
	common_case
	known_token
	chown 65534 "$TOKEN"
	assert_no_token oci-vfio-hook/token 'owned by user 65534'
	chown 0:0 "$TOKEN"
	for mode in 640 604 620 602 660 700 4600; do
		chmod "$mode" "$TOKEN"
		assert_no_token oci-vfio-hook/token 'must be mode 0600'
	done
	rm "$TOKEN"
	for text in '' 0011 00112233445566778899aabbccddeeffff 00112233445566778899AABBCCDDEEFF 00112233445566778899aabbccddeefg; do
		(umask 077 && echo "$text" > "$TOKEN")
		assert_no_token oci-vfio-hook/token 'is not a token that oci-vfio-hook made: remove it'
	done
	(umask 077 && printf 00112233445566778899aabbccddeeff > "$TOKEN")
	assert_no_token 'is not a token that oci-vfio-hook made'
	rm "$TOKEN"
	mkdir "$TOKEN"
	assert_no_token oci-vfio-hook/token 'is not a regular file'
	rmdir "$TOKEN"
	mkfifo -m 600 "$TOKEN"
	assert_no_token oci-vfio-hook/token 'is not a regular file'
	rm "$TOKEN"
	(umask 077 && echo 00112233445566778899aabbccddeeff > "$directory/elsewhere")
	ln -s elsewhere "$TOKEN"
	assert_no_token oci-vfio-hook/token
	rm "$TOKEN"
	# Where it would be made.
	for mode in 775 757 777 1777; do
		chmod "$mode" "$directory"
		assert_no_token 'must be owned by user 0 and writable by nobody else'
	done
	chmod 755 "$directory"
	chown 65534 "$directory"
	assert_no_token 'must be owned by user 0 and writable by nobody else'
	[ ! -e "$TOKEN" ]
	chown 0:0 "$directory"
	rm "$CONFIG"
	BRIEF=''
	apply
	assert_silent
	assert_proven
}

@test "a token that can't be read doesn't stop a container that asks for nothing" {
	known_token
	chmod 644 "$TOKEN"
	forge ''
	add_device /dev/fuse c 10 229
	apply
	assert_warning "no annotation $KEY can be checked" 'must be mode 0600'
	assert_unchanged
}

@test "whatever the umask is: modes of the token and its directory" {
	needs_root
	local mask
	common_case
	for mask in 000 077 277 777; do
		rm -rf "$CONFIG" "$ROOT/run"
		write_config
		(umask "$mask" && exec "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE")
		[ "$(stat -c '%a' "$ROOT/run" "$ROOT/run/oci-vfio-hook" "$TOKEN" | tr '\n' ' ')" = '755 755 600 ' ] || fail "umask $mask" "$(ls -laR "$ROOT/run")"
		assert_proven
	done
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
	needs_root
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
	assert_proven "$ROOT/run/user/65534/oci-vfio-hook/token"
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
