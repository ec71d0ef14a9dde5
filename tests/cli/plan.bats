#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# plan: says what apply would do, and does nothing.

load helpers

setup() {
	machine
	bundle
}

# A spec that every rule has something to do in.
everything() {
	two_functions
	two_entries
	add_pci_function 0000:00:05.0 driver=ixgbevf
	add_map 47 "$(gk_entry /dev/vfio/47 0000:3b:02.2=05)"
	host_device
	second_host_device
	add_device /dev/vfio/47 c 243 7
	add_rule + c 243:7 rwm
	add_mount /run/card /dev/vfio/45
	add_env PCIDEVICE_A=0000:3b:02.0,0000:3b:02.2 'PCIDEVICE_A_INFO={"0000:3b:02.0":{}}'
}

@test "--json: its form" {
	everything
	plan --json
	assert_silent
	assert_unchanged
	assert_output 'keys == ["changed","changes","warnings"]' '.changed == true' '.warnings == []' \
		'.changes | length > 5' '[.changes[] | keys] | unique == [["new","old","rule","where","why"]]' \
		'[.changes[] | select((.where | type) != "string" or (.why | type) != "string" or (.why | length) < 3)] == []' \
		'[.changes[].rule] - [1,2,3,4,5,6,8] == []'
	[ "$(tail -c 1 "$STDOUT")" = '' ]
	# Escaped or not, a terminal must not be steered by it.
	! LC_ALL=C grep -q $'[\001-\011\013-\037\177]' "$STDOUT" || fail "$(show_output)"
}

@test "--json: where, old and new are those of the spec before and after" {
	everything
	plan --json
	assert_silent
	cp "$STDOUT" "$BATS_TEST_TMPDIR/plan.json"
	assert_output \
		'[.changes[] | select(.rule == 1 and (.where | startswith("linux.devices[0]")))] | map(.new) | flatten | map(tostring) | join(" ") | contains("/dev/vfio/3")' \
		'[.changes[] | select(.rule == 2) | .where | startswith("linux.resources.devices")] | length > 0 and all' \
		'[.changes[] | select(.rule == 3) | .where] == ["mounts[1].source","mounts[1].options[2]"]' \
		'[.changes[] | select(.rule == 4) | [.where, .old, .new]] == [
			["process.env[2]","PCIDEVICE_A=0000:3b:02.0,0000:3b:02.2","PCIDEVICE_A=0000:01:00.0,0000:00:05.0"],
			["process.env[3]","PCIDEVICE_A_INFO={\"0000:3b:02.0\":{}}","PCIDEVICE_A_INFO={\"0000:01:00.0\":{}}"]]' \
		'[.changes[] | select(.rule == 5) | .where | startswith("linux.")] | length > 0 and all' \
		'[.changes[] | select(.rule == 6 and .new == null) | .where] | index("linux.devices[2]") != null'
	assert_output '[.changes[] | select(.rule == 4) | .why] | unique == ["the device map gives these addresses of this machine"]'
	apply
	assert_silent
}

@test "--json: nothing changes" {
	two_functions
	two_entries
	add_device /dev/fuse c 10 229
	plan --json
	assert_silent
	assert_output '. == {"changed":false,"changes":[],"warnings":[]}'
	assert_unchanged
}

@test "--json: warnings" {
	two_functions
	two_entries
	add_env PCIDEVICE_A=0000:3b:02.0,0000:99:00.0
	add_mount /dev/vfio /dev/vfio
	plan --json
	assert_status 0
	assert_output '.changed == false' '.changes == []' '.warnings | length == 4' \
		'.warnings | map(select(contains("PCIDEVICE_A") and contains("0000:99:00.0"))) | length == 1' \
		'.warnings | map(select(contains("PCIDEVICE_A") and contains("still has the host'"'"'s 0000:3b:02.0"))) | length == 1' \
		'.warnings | map(select(contains("no rule allows /dev/vfio/3 (c 242:0)"))) | length == 1' \
		'.warnings | map(select(contains("mounts[1]") and contains("it shows the whole"))) | length == 1'
	assert_unchanged
}

@test "--verbose: every change with its place, the old and the new value" {
	everything
	plan -v
	assert_silent
	assert_unchanged
	local text word
	text=$(< "$STDOUT")
	for word in 'rule 1: ' "$ROOT/etc/oci-vfio-hook/devices.d/" /sys/bus/pci/devices/0000:01:00.0/iommu_group \
		'linux.devices[0]' /dev/vfio/45 /dev/vfio/3 'linux.devices[2]' 'linux.resources.devices[' 'mounts[1].source' \
		'process.env[2]' 0000:3b:02.0 0000:01:00.0 /dev/vfio/vfio; do
		[[ $text == *"$word"* ]] || fail "plan lacks $word" "$(show_output)"
	done
}

@test "text: a line for each device and variable" {
	everything
	add_map other "$(entry /dev/vfio/99 0000:3b:1f.0=08/00)"
	plan
	assert_silent
	assert_unchanged
	diff - "$STDOUT" <<- TABLE || fail 'another table'
		$CONFIG: 19 changes
		/dev/vfio/45 243:5 -> /dev/vfio/3 242:0       (0000:3b:02.0 is 0000:01:00.0, 06/00)  node, 1 rule
		/dev/vfio/46 243:6 -> /dev/vfio/4 242:1       (0000:3b:02.1 is 0000:02:00.0, 07/00)  node, 1 rule
		/dev/vfio/47 243:7                            removed                                node, 1 rule
		/dev/vfio/vfio 10:196                         added                                  node, 1 rule
		/run/card: /dev/vfio/45 -> /dev/vfio/3 242:0  (0000:3b:02.0 is 0000:01:00.0, 06/00)  mount, 1 rule
		PCIDEVICE_A                                   0000:3b:02.0 -> 0000:01:00.0, 0000:3b:02.2 -> 0000:00:05.0
		PCIDEVICE_A_INFO                              0000:3b:02.0 -> 0000:01:00.0
		annotations                                   what is done, for a second run
	TABLE
	plan -v
	grep -q '^not asked for by this spec: .*other.json: \[0\]: /dev/vfio/99$' "$STDOUT"
}

@test "--diff: what patch(1) makes of the indented spec is what apply makes of it" {
	local annotation='.annotations |= (. // {} | del(.["io.github.oci-vfio-hook.applied"]))'
	everything
	plan --diff
	assert_silent
	assert_unchanged
	# gojq would sort the keys.
	command jq . "$CONFIG" > "$BATS_TEST_TMPDIR/old"
	patch --silent --output "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/old" "$STDOUT"
	apply
	diff <(jq -S "$annotation" "$CONFIG") <(jq -S "$annotation" "$BATS_TEST_TMPDIR/new")
	plan --diff
	assert_silent
	[ ! -s "$STDOUT" ]
}

@test "text: nothing changes" {
	add_device /dev/fuse c 10 229
	plan
	assert_silent
	[ "$(< "$STDOUT")" = "$CONFIG: nothing to change
The spec names no VFIO device, and no address or path of one in its variables." ] || fail "$(show_output)"
	assert_unchanged
}

@test "text: values of the spec can't steer a terminal" {
	two_functions
	add_map one '{"type":"vfio-pci","container_path":"/dev/\u001b[31m\u0007","options":["0000:3b:02.0=06/00"]}'
	DEVICES+=('{"path":"/dev/\u001b[31m\u0007","type":"c","major":243,"minor":5}')
	plan
	assert_silent
	grep -q /dev/vfio/3 "$STDOUT"
	! LC_ALL=C grep -q $'[\001-\010\013-\037\177]' "$STDOUT" || fail "$(show_output)"
	plan --json
	assert_output '.changed'
	! LC_ALL=C grep -q $'[\001-\010\013-\037\177]' "$STDOUT" || fail "$(show_output)"
}

@test "what apply refuses, plan refuses" {
	two_functions
	add_device /dev/vfio/45 c 243 5
	plan
	assert_refused 69 /dev/vfio/45
	plan --json
	assert_refused 69 /dev/vfio/45
	device_map_text one x
	plan --json
	assert_refused 65 one.json
	config '{"linux":[]}'
	plan
	assert_refused 65 linux
	rm "$CONFIG"
	hook --root "$ROOT" plan "$BUNDLE"
	assert_status 66
}

@test "it needs no right to write, and doesn't" {
	needs_root
	everything
	write_config
	open_to_nobody
	chmod 555 "$BUNDLE"
	remember
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" plan --json "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_silent
	assert_output .changed
	assert_unchanged
}

@test "after apply there is nothing to plan" {
	everything
	apply
	assert_silent
	plan --json
	assert_silent
	assert_output '. == {"changed":false,"changes":[],"warnings":[]}'
	plan
	assert_silent
	local text
	text=$(< "$STDOUT")
	[[ $text == *$'\n/dev/vfio/3 242:0 '*'stays: an earlier run mapped it'* ]] || fail "$(show_output)"
	[[ $text == *$'\nPCIDEVICE_A '*'stays: an earlier run translated it'* ]] || fail "$(show_output)"
}

@test "--verbose: what a selector found, and a function without a group" {
	two_functions
	rm "$ROOT/sys/bus/pci/devices/0000:02:00.0/iommu_group"
	printf "7\n" > "$ROOT/sys/bus/pci/devices/0000:01:00.0/acpi_index"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:7)"
	add_map 46 "$(gk_entry /dev/vfio/46 0000:3b:02.1=07/00)"
	host_device
	second_host_device
	plan -v
	assert_silent
	grep -qxF '  /sys/bus/pci/devices: the only one of which this is true' "$STDOUT" || fail "$(show_output)"
	grep -qxF "  /sys/bus/pci/devices/0000:02:00.0/iommu_group: isn't there" "$STDOUT" || fail "$(show_output)"
}
