#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is waited for, and what is refused at once: on a built machine that stands in place of this one. Its devices make
# no events, so that what comes is found when the time is over; real events are in tests/vm/hotplug.bats.

load helpers
load wrapper

setup() {
	machine
	bundle
	wrapper
	two_functions
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	host_device
	control_device
}

# [OPTION...]: `apply` on the built machine as the real one. Sets $status and $milliseconds.
apply_here() {
	local start
	write_config
	remember
	start=$(date +%s%3N)
	machine_command "$OCI_VFIO_HOOK" apply "$BUNDLE" "$@"
	milliseconds=$(($(date +%s%3N) - start))
}

# SUBSTRING...: given up after one second, and not before.
assert_timed_out() {
	apply_here --timeout 1
	assert_refused 75 'waited 1 s' "$@"
	[ "$milliseconds" -ge 1000 ] || fail "waited only $milliseconds ms"
}

# SUBSTRING...: refused without waiting: nothing here takes longer than 20 s.
assert_final() {
	apply_here --timeout 30
	assert_refused "${FINAL_STATUS:-69}" "$@"
	[[ $(< "$STDERR") != *waited* ]] || fail 'waited' "$(show_output)"
}

unplug() {
	local address
	for address; do
		mv "$ROOT/sys/bus/pci/devices/$address" "$BATS_TEST_TMPDIR/"
	done
}

plug() {
	mv "$BATS_TEST_TMPDIR/$1" "$ROOT/sys/bus/pci/devices/"
}

# COMMAND...: like in_machine, in the background; returns when it listens. Its process is $pid.
start_waiting() {
	# shellcheck disable=SC2016 # For that bash.
	in_machine bash -c 'echo $$ > "$0"; exec "$@"' "$BATS_TEST_TMPDIR/pid" "$@" \
		> "$STDOUT" 2> "$STDERR" < /dev/null 3>&- &
	job=$!
	# 15: NETLINK_KOBJECT_UEVENT; the kernel's events are group 1.
	until [ -s "$BATS_TEST_TMPDIR/pid" ] && awk -v pid="$(< "$BATS_TEST_TMPDIR/pid")" \
		'$2 == 15 && $3 == pid && $4 == "00000001" { found = 1 } END { exit !found }' /proc/net/netlink; do
		kill -0 $job || fail 'it has ended'
		sleep 0.02
	done
}

# ADDRESS: without its driver.
unbind() {
	rm "$ROOT/sys/${SYSFS_PATHS[$1]}/driver"
}

# Every kind of thing that may still come.

@test "a function that isn't there: 75 after the time" {
	unplug 0000:01:00.0
	assert_timed_out 45.json 06/00 '0000:01:00.0 is not in' 'plug the device in'
}

@test "a step of the PCI path that isn't there: 75" {
	unplug 0000:00:06.0
	assert_timed_out 'PCI path 06/00 stops at 0000:00:06.0, which is not in /sys/bus/pci/devices; plug the device in'
}

@test "a bridge without a bus: 75" {
	rm "$ROOT/sys/${SYSFS_PATHS[0000:00:06.0]}/secondary_bus_number"
	unplug 0000:01:00.0
	rm -r "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}"
	assert_timed_out 'PCI path 06/00 stops at 0000:00:06.0, which has no bus below it'
}

@test "a function without a driver, with and without its group: 75" {
	unbind 0000:01:00.0
	assert_timed_out 'not bound to any driver' 'driverctl set-override 0000:01:00.0 vfio-pci'
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/iommu_group"
	assert_timed_out 'in no IOMMU group'
}

@test "a group without its node: 75" {
	rm "$ROOT/sys/class/vfio/3"
	assert_timed_out 'no node /dev/vfio/3'
}

@test "a function for the guest's kernel: 75" {
	rm "$MAPS/45.json"
	add_map gk "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	unplug 0000:01:00.0
	assert_timed_out '0000:01:00.0 is not in'
}

@test "a selector that no function matches yet: 75, and what comes meanwhile is found" {
	rm "$MAPS/45.json"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=slot:9+acpi-index:7)"
	assert_timed_out 'selector "slot:9+acpi-index:7" names a slot that is not in /sys/bus/pci/slots'
	mkdir -p "$ROOT/sys/bus/pci/slots/9"
	echo 0000:01:00 > "$ROOT/sys/bus/pci/slots/9/address"
	assert_timed_out 'selector "slot:9+acpi-index:7" matches no function of this machine'
	status=0
	start_waiting "$OCI_VFIO_HOOK" --timeout 2 apply "$BUNDLE"
	echo 7 > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/acpi_index"
	wait $job || status=$?
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "what comes meanwhile without an event is found when the time is over" {
	apply
	assert_silent
	cp "$CONFIG" "$BATS_TEST_TMPDIR/expected.json"
	cp "$BEFORE" "$CONFIG"
	unplug 0000:01:00.0
	status=0
	start_waiting "$OCI_VFIO_HOOK" --timeout 2 apply "$BUNDLE"
	plug 0000:01:00.0
	wait $job || status=$?
	assert_silent
	cmp "$CONFIG" "$BATS_TEST_TMPDIR/expected.json"
}

@test "a PCI path through a function that has no driver yet, and may begin a domain then: 75" {
	rm "$MAPS/45.json"
	add_map typo "$(entry /dev/vfio/45 0000:3b:02.0=06/00/00)"
	unbind 0000:01:00.0
	echo 0x010400 > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/class"
	assert_timed_out 'PCI path 06/00/00 stops at 0000:01:00.0, which has no bus below it'
}

@test "several things, and a plan that is made again: one time for all of it" {
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	second_host_device
	unplug 0000:01:00.0 0000:02:00.0
	assert_timed_out
	[ "$milliseconds" -lt 1900 ] || fail "waited $milliseconds ms"
}

@test "match: a group that isn't there yet: 75, and what comes meanwhile is found" {
	echo '{"match":true}' > "$ETC/config.json"
	rm "$MAPS/45.json" "$ROOT/sys/class/vfio/4" "$ROOT/sys/class/vfio/3"
	assert_timed_out 'this machine has no VFIO group that no entry names'
	status=0
	start_waiting "$OCI_VFIO_HOOK" --timeout 2 apply "$BUNDLE"
	add_sysfs_node vfio 3 242:0
	wait $job || status=$?
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# What waiting doesn't change.

@test "a PCI path through a function that isn't a bridge, with a driver or without: 69 at once" {
	rm "$MAPS/45.json"
	add_map typo "$(entry /dev/vfio/45 0000:3b:02.0=06/00/00)"
	assert_final 'PCI path 06/00/00 stops at 0000:01:00.0, which is not a bridge; correct the path'
	unbind 0000:01:00.0
	assert_final 'PCI path 06/00/00 stops at 0000:01:00.0, which is not a bridge; correct the path'
}

@test "a PCI path through a function with several buses: 69 at once" {
	rm "$ROOT/sys/${SYSFS_PATHS[0000:00:06.0]}/secondary_bus_number"
	mkdir -p "$ROOT/sys/${SYSFS_PATHS[0000:00:06.0]}/pci_bus/0000:"{01,02}
	assert_final 'PCI path 06/00 stops at 0000:00:06.0, which has several buses below it; correct the path'
}

@test "a selector that several functions match: 69 at once" {
	rm "$MAPS/45.json"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=id:8086:154c)"
	assert_final 'matches 2 functions' '0000:01:00.0 (06/00)' '0000:02:00.0 (07/00)'
}

@test "another identity: 69 at once" {
	rm "$MAPS/45.json"
	add_map expecting "$(with '"expect":{"vendor":"10de"}' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	assert_final 'the map expects 0x10de'
}

@test "another driver, of the function or in its group: 69 at once" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=igb group=3
	assert_final 'not viable' '0000:01:00.1 is bound to igb'
	unbind 0000:01:00.0
	ln -s ../../../../bus/pci/drivers/igb "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/driver"
	assert_final '0000:01:00.0 is bound to igb'
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/iommu_group"
	assert_final 'in no IOMMU group'
}

@test "two groups for one entry with one final path: 65 at once" {
	add_map 45 "$(with '"final_path":"/dev/vfio/45"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=07/00)")"
	FINAL_STATUS=65 assert_final '2 IOMMU groups'
}

@test "what is final is said at once, though something else isn't there" {
	add_map 46 "$(with '"expect":{"device":"1"}' "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")"
	second_host_device
	unplug 0000:01:00.0
	assert_final 'the map expects 0x0001'
}

@test "the node of a map, a device that no entry names: 69 at once" {
	add_map node "$(node_entry /dev/disk /dev/gone)"
	add_device /dev/disk b 8 0
	assert_final /dev/gone
	rm "$MAPS/node.json"
	add_device /dev/vfio/77 c 243 7
	rm "$CONFIG"
	assert_final /dev/vfio/77
}

@test "a function that only the environment asks for: not waited for" {
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	add_env PCIDEVICE_A=0000:3b:02.1
	unplug 0000:02:00.0
	apply_here --timeout 30
	assert_warning PCIDEVICE_A
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "--unmapped=keep: a node that isn't there is not waited for" {
	add_device /dev/vfio/77 c 243 7
	apply_here --timeout 30 --unmapped=keep
	assert_status 0
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/77 c 243:7'
}

@test "--timeout 0, or another machine by --root: 69 at once" {
	unplug 0000:01:00.0
	apply_here --timeout 0
	assert_refused 69 '0000:01:00.0 is not in'
	apply --timeout 30
	assert_refused 69 '0000:01:00.0 is not in'
}

@test "libudev isn't installed: the kernel's events are waited for all the same" {
	local library without_libudev
	library=$(ldconfig -p | awk '$1 == "libudev.so.1" { print $NF; exit }')
	# shellcheck disable=SC2016 # For that bash.
	without_libudev=(unshare --mount bash -euc 'mount --bind /dev/null "$(readlink -e "$0")"; exec "$@"' "$library")
	# As where udevd runs: its library is asked for first.
	mkdir -p "$ROOT/run/udev"
	touch "$ROOT/run/udev/control"
	unplug 0000:01:00.0
	write_config
	remember
	# Process 1 must be one of those whose network namespace may be looked at.
	machine_command unshare --pid --fork --mount-proc "${without_libudev[@]}" "$OCI_VFIO_HOOK" --log-level=info \
		apply "$BUNDLE" --timeout 1
	assert_status 75
	grep -q "libudev.so.1 is needed to wait until udev's rules are through: install the package libudev1" "$STDERR"
	machine_command "${without_libudev[@]}" "$OCI_VFIO_HOOK" apply "$BUNDLE" --timeout 1
	assert_refused 75 '0000:01:00.0 is not in' 'waited 1 s for it'
	status=0
	start_waiting "${without_libudev[@]}" "$OCI_VFIO_HOOK" --timeout 2 apply "$BUNDLE"
	plug 0000:01:00.0
	wait $job || status=$?
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "plan waits as apply does" {
	unplug 0000:01:00.0
	write_config
	remember
	machine_command "$OCI_VFIO_HOOK" plan "$BUNDLE" --timeout 1
	assert_refused 75 'waited 1 s'
}
