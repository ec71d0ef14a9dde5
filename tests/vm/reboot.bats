#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bundles that this machine saved before it was switched off and got more cards (reboot): each gets its own device, or
# doesn't start. The wrong card is one that isn't an edu: the probe tells.
#
# SAVED: the file with the specs; EDU_ROOT, EDU_PORT: the addresses of the devices when they were saved.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031
load helpers

edu_identification=0x010000ed

setup_file() {
	local function driver
	# All cards alike: the wrong one can be had as easily as the right one.
	for function in /sys/bus/pci/devices/*; do
		driver=$(cat "$function/vendor" "$function/device" | tr '\n' ' ')
		case $driver in '0x1234 0x11e8 ' | '0x1b36 0x0005 ') bind_to vfio-pci "${function##*/}" ;; esac
	done
}

setup() {
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
}

hook() {
	"$OCI_VFIO_HOOK" "$@"
}

saved() {
	awk -v name="$1" '$1 == name { print $2 }' "$SAVED" | base64 -d > "$bundle/config.json"
}

map() {
	printf '%s\n' "$1" > "$BATS_TEST_TMPDIR/map.json"
}

node() {
	jq -r '.linux.devices[].path | select(. != "/dev/vfio/vfio")' < "$bundle/config.json"
}

# RUNTIME ADDRESS
expect_device() {
	expect 0 "$2 $edu_identification" "$1" run --bundle "$bundle" "test-$BATS_TEST_NUMBER"
}

is_edu() {
	[ "$(cat "/sys/bus/pci/devices/$1/device" 2>/dev/null)" = 0x11e8 ]
}

# What is there under the address that the bridge's card had is the edu, or it is somebody else's.
right_or_refused() {
	local status=0
	hook apply "$bundle" 2> "$BATS_TEST_TMPDIR/stderr" || status=$?
	cat "$BATS_TEST_TMPDIR/stderr"
	if [ $status = 0 ]; then
		expect_device runc "$(jq -r '.process.env[] | select(startswith("PCIDEVICE_REBOOT=")) | split("=")[1]' < "$bundle/config.json")"
	else
		[ $status = 69 ]
	fi
}

@test "a saved spec whose device went to another group is refused, and told which" {
	saved root
	if [ "$(node)" = "/dev/vfio/$(group_of "$EDU_ROOT")" ]; then
		right_or_refused
		return
	fi
	expect 69 "$EDU_ROOT" hook apply "$bundle"
	[[ $output == *"/dev/vfio/$(group_of "$EDU_ROOT") today"* ]]
	[[ $output == *"--by-address=remap"* ]]
}

@test "with --by-address=remap it gets its device's node of today, by what its device plugin says" {
	saved root
	hook --by-address=remap apply "$bundle"
	[ "$(node)" = "/dev/vfio/$(group_of "$EDU_ROOT")" ]
	expect_device runc "$EDU_ROOT"
}

@test "and where it has one node and names one device" {
	saved root-plain
	hook --unmapped=own --by-address=remap apply "$bundle"
	[ "$(node)" = "/dev/vfio/$(group_of "$EDU_ROOT")" ]
	expect_device crun "$EDU_ROOT"
}

@test "without it the spec that names one device is right or refused" {
	saved root-plain
	right_or_refused
}

@test "an address behind a bridge is not an identity: with expect it is right or refused" {
	saved port
	map '[{"type": "vfio-pci", "container_path": "'"$(node)"'", "options": ["'"$EDU_PORT=$EDU_PORT"'"],
		"expect": {"vendor": "1234", "device": "11e8"}}]'
	if is_edu "$EDU_PORT"; then
		hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
		expect_device runc "$EDU_PORT"
	else
		expect 69 'it is another device' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	fi
}

@test "the slot of its bridge is one" {
	local address
	saved port
	map '[{"type": "vfio-pci", "container_path": "'"$(node)"'", "options": ["'"$EDU_PORT"'=16/00"],
		"expect": {"vendor": "1234", "device": "11e8"}}]'
	hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	address=$(jq -r '.process.env[] | select(startswith("PCIDEVICE_REBOOT=")) | split("=")[1]' < "$bundle/config.json")
	expect_device crun "$address"
}
