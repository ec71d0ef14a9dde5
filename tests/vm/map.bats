#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The host's side on a real host: this guest runs a virtual machine of its own (software emulation in software emulation),
# to which it gives functions of its own, and the map is made by that machine's QMP socket. Runs as root in the guest that
# `boot` starts with machine.conf.
#
# OCI_VFIO_HOOK is the program under test.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

# bats file_tags=v1
load helpers

setup_file() {
	local address
	modprobe -a vfio-pci uio_pci_generic
	for address in 0000:00:05.0 0000:00:08.0 0000:00:08.1 0000:00:0b.0 0000:00:0c.0 0000:00:0d.0; do
		bind_to vfio-pci "$address"
	done
	export MONITOR=$BATS_FILE_TMPDIR/monitor SOCKET=$BATS_FILE_TMPDIR/qmp OUTPUT=$BATS_FILE_TMPDIR/output
	mkfifo "$MONITOR"
	# Both ends, so that neither waits for the other.
	exec 7<> "$MONITOR"
	start_machine <&7 > "$OUTPUT" 2>&1 3>&- &
	MACHINE=$!
	export MACHINE
	until [ -S "$SOCKET" ]; do
		kill -0 $MACHINE || { cat "$OUTPUT" >&2; false; }
		sleep 0.2
	done
}

teardown_file() {
	kill "$MACHINE"
}

# Behind a root port, behind two switches' bridges and a root port, on an expander bus, two functions of one slot and one
# without an id. It has not started yet.
start_machine() {
	exec qemu-system-x86_64 -M q35 -accel tcg -m 64 -S -display none -nodefaults -no-user-config -monitor stdio \
		-qmp "unix:$SOCKET,server=on,wait=off" \
		-device pcie-root-port,id=port6,bus=pcie.0,addr=06.0,chassis=1 \
		-device vfio-pci,id=behind-port,host=0000:00:05.0,bus=port6 \
		-device pcie-root-port,id=far,bus=pcie.0,addr=0a.0,chassis=2 \
		-device x3130-upstream,id=up,bus=far -device xio3130-downstream,id=down,bus=up,chassis=3,addr=01.0 \
		-device vfio-pci,id=behind-bridges,host=00:0b.0,bus=down \
		-device pxb-pcie,id=expander,bus=pcie.0,addr=09.0,bus_nr=32 \
		-device pcie-root-port,id=expanded,bus=expander,addr=00.0,chassis=4 \
		-device vfio-pci,id=behind-expander,sysfsdev=/sys/bus/pci/devices/0000:00:0c.0,bus=expanded \
		-device vfio-pci,id=pair-1,host=0000:00:08.1,bus=pcie.0,addr=07.1 \
		-device vfio-pci,id=pair-0,host=0000:00:08.0,bus=pcie.0,addr=07.0,multifunction=on \
		-device vfio-pci,host=0000:00:0d.0,bus=pcie.0,addr=05.0
}

# ADDRESS GUEST [ADDRESS GUEST]: the entry that must be in the map, from what this machine's own sysfs says.
entry() {
	local group
	group=$(group_of "$1")
	jq -nc --arg path "/dev/vfio/$group" --arg numbers "$(numbers_of "$group")" '
		{type: "vfio-pci", container_path: $path, host_dev: $numbers,
			options: [$ARGS.positional | range(0; length; 2) as $i | "\(.[$i])=\(.[$i + 1])"],
			expect: {vendor: "1234", device: "11e8"}}' --args -- "$@"
}

assert_map() {
	expect 0 '"vfio-pci"' "$OCI_VFIO_HOOK" map --timeout 60 --from "qmp=$SOCKET"
	echo "$output" > "$BATS_TEST_TMPDIR/map.json"
	diff <(jq -S 'sort_by(.container_path)' "$BATS_TEST_TMPDIR/map.json") <({
		entry 0000:00:05.0 06/00
		entry 0000:00:0b.0 0a/00/01/00
		entry 0000:00:0c.0 20/00/00
		entry 0000:00:08.0 07 0000:00:08.1 07.1
		entry 0000:00:0d.0 05
	} | jq -s -S 'sort_by(.container_path)')
	expect 0 'good, 5 entries' "$OCI_VFIO_HOOK" map --validate "$BATS_TEST_TMPDIR/map.json"
}

@test "map --from qmp: of a machine that has not started" {
	grep -q vfio-pci /proc/"$MACHINE"/cmdline
	assert_map
}

@test "map --from qmp: the same after the firmware has numbered the buses" {
	local tries=0
	echo cont >&7
	until grep -q 'secondary bus 33' "$OUTPUT"; do
		[ $((tries++)) -lt 120 ]
		echo 'info pci' >&7
		sleep 0.5
	done
	assert_map
}
