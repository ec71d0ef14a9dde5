#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Devices that come while the hook waits for them: real functions, real events of the kernel and of udevd. Nothing is
# plugged before the hook listens, so that each case proves the waiting. Runs as root in the guest that `boot` starts with
# machine.conf and map.json.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c).
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

port=0000:00:06.0
edu_port=0000:01:00.0
edu_root=0000:00:05.0
host_numbers=243:5
device="$edu_port 0x010000ed"

load helpers

setup_file() {
	modprobe uio_pci_generic
	bundle=$BATS_FILE_TMPDIR
	new_spec crun
	add_device INTEL_COM_SRIOV $edu_port 45 $host_numbers
}

setup() {
	bundle=$BATS_TEST_TMPDIR/bundle
	log=$BATS_TEST_TMPDIR/log
	mkdir -p "$bundle/rootfs"
	: > "$log"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	cp "$BATS_FILE_TMPDIR/config.json" "$bundle"
	[ ! -e /run/udev/control ]
	bind_to vfio-pci $edu_port
}

teardown() {
	[ -z "${udevd:-}" ] || stop_udevd
	echo 1 > /sys/bus/pci/rescan
}

# ADDRESS: as if it were pulled out.
unplug() {
	echo 1 > "/sys/bus/pci/devices/$1/remove"
	[ ! -e "/sys/bus/pci/devices/$1" ]
}

plug() {
	[ ! -e /sys/bus/pci/devices/$edu_port ]
	echo 1 > /sys/bus/pci/rescan
	[ -e /sys/bus/pci/devices/$edu_port ]
	[ ! -e /sys/bus/pci/devices/$edu_port/driver ]
}

# [-g GROUP] COMMAND...: in the background; returns when it listens to the kernel's events (group 1; udevd's are 2).
start_waiting() {
	local group=1
	[ "$1" != -g ] || { group=$2; shift 2; }
	"$@" <&0 > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" 3>&- &
	job=$!
	start=$(date +%s%3N)
	until find_listener "$group"; do
		kill -0 $job || { cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" && return 1; }
		sleep 0.05
	done
}

# GROUP: sets $listener to the process. 15: NETLINK_KOBJECT_UEVENT
find_listener() {
	listener=$(awk -v group="$(printf %08x "$1")" '$2 == 15 && $4 == group { print $3 }' /proc/net/netlink)
	[ -n "$listener" ]
}

# The listener sees the machine as it is now: an event wakes it, then the end of the burst, and it sleeps again.
let_it_look() {
	local before
	before=$(sleeps)
	echo change > /sys/bus/pci/devices/$edu_port/uevent
	until [ "$(sleeps)" -ge $((before + 2)) ]; do
		kill -0 "$listener"
		sleep 0.05
	done
}

sleeps() {
	awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$listener/status"
}

# EXPECTED-STATUS TEXT: of what start_waiting started, and that it ended before the time was over.
expect_end() {
	local status=0
	wait $job || status=$?
	echo "status $status, expected $1 and '$2', in $(($(date +%s%3N) - start)) ms"
	cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" "$log" 2>&1
	[ $status = "$1" ]
	[[ $(cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err") == *"$2"* ]]
	[ $(($(date +%s%3N) - start)) -lt 20000 ]
}

# ADDRESS: the spec has the function's group and the numbers of its node.
assert_names_group_of() {
	local group
	group=$(group_of "$1")
	jq -e --arg path "/dev/vfio/$group" --arg numbers "$(numbers_of "$group")" \
		'any(.linux.devices[]; .path == $path and "\(.major):\(.minor)" == $numbers)' "$bundle/config.json"
}

hook() {
	"$OCI_VFIO_HOOK" --timeout 20 "$@"
}

start_udevd() {
	/lib/systemd/systemd-udevd > "$BATS_TEST_TMPDIR/udevd" 2>&1 3>&- &
	udevd=$!
	until [ -e /run/udev/control ] && udevadm settle; do
		kill -0 $udevd
		sleep 0.05
	done
}

stop_udevd() {
	kill $udevd
	wait $udevd || true
	rm -rf /run/udev
}

@test "apply: a root port and the function behind it come, the driver later" {
	unplug $port
	start_waiting hook apply "$bundle"
	plug
	let_it_look
	bind_to vfio-pci $edu_port
	expect_end 0 ''
	expect 0 "$device" crun run --bundle "$bundle" hotplug
}

@test "precreate: a function comes" {
	unplug $edu_port
	start_waiting hook precreate < "$bundle/config.json"
	plug
	bind_to vfio-pci $edu_port
	expect_end 0 ''
	cp "$BATS_TEST_TMPDIR/out" "$bundle/config.json"
	assert_names_group_of $edu_port
}

@test "createRuntime: a function comes while the created container waits" {
	edit_spec --arg path "$OCI_VFIO_HOOK" --arg log "$log" \
		'.hooks.createRuntime = [{$path, args: ["oci-vfio-hook", "--timeout", "20", "--log", $log, "createRuntime"]}]'
	unplug $edu_port
	start_waiting crun run --bundle "$bundle" hotplug
	plug
	bind_to vfio-pci $edu_port
	expect_end 0 "$device"
}

@test "a function that another driver takes first, and lets go" {
	unplug $edu_port
	start_waiting hook apply "$bundle"
	plug
	bind_to uio_pci_generic $edu_port
	let_it_look
	bind_to vfio-pci $edu_port
	expect_end 0 ''
	assert_names_group_of $edu_port
}

@test "a function with another identity comes: 69 at once" {
	local before
	jq -n --arg option "0000:3b:02.0=$edu_port" '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$option],
		expect: {vendor: "8086"}}]' > "$BATS_TEST_TMPDIR/map.json"
	before=$(sha256sum < "$bundle/config.json")
	unplug $edu_port
	start_waiting hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	plug
	expect_end 69 'has vendor 0x1234, but the map expects 0x8086'
	[ "$(sha256sum < "$bundle/config.json")" = "$before" ]
}

@test "QEMU plugs a new card into an empty slot" {
	local address tries=0
	jq -n '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=0a/00"]}]' > "$BATS_TEST_TMPDIR/map.json"
	start_waiting hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	until address=$(compgen -G '/sys/bus/pci/devices/0000:00:0a.0/0000:*:00.0'); do
		kill -0 "$listener" || expect_end 0 ''
		# The line to the monitor loses a command now and then. A second one is refused where the first was taken.
		[ $((tries++ % 60)) -ne 0 ] || echo 'device_add edu,bus=port-empty,id=plugged' > /dev/ttyS3
		sleep 0.05
	done
	address=${address##*/}
	bind_to vfio-pci "$address"
	expect_end 0 ''
	assert_names_group_of "$address"
}

@test "something else happens: 75 when the time is over" {
	unplug $edu_port
	start_waiting "$OCI_VFIO_HOOK" --timeout 1 apply "$bundle"
	unplug $edu_root
	expect_end 75 'waited 1 s'
}

@test "where udevd runs, its events are waited for" {
	start_udevd
	unplug $edu_port
	udevadm settle
	start_waiting -g 2 hook apply "$bundle"
	plug
	bind_to vfio-pci $edu_port
	expect_end 0 ''
	assert_names_group_of $edu_port
}
