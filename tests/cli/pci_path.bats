#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PCI paths: how a map finds a function on this machine by bus numbers.

load helpers

setup() {
	machine
	bundle
	host_device
	control_device
}

# GUEST ADDRESS: the map's guest is this function.
assert_leads_to() {
	rm -f "$CONFIG"
	ENVIRONMENT=()
	add_env PCIDEVICE_A=0000:3b:02.0
	add_map one "$(entry /dev/vfio/45 "0000:3b:02.0=$1")"
	apply
	assert_silent
	assert_env "PCIDEVICE_A=$2"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# GUEST SUBSTRING...: it leads nowhere, and the message says how far.
assert_leads_nowhere() {
	rm -f "$CONFIG"
	add_map one "$(entry /dev/vfio/45 "0000:3b:02.0=$1")"
	apply
	assert_refused 69 "${@:2}"
}

target() {
	add_pci_function "$@" driver=vfio-pci group=3 node=242:0
}

@test "a slot on the root bus" {
	target 0000:00:05.0
	assert_leads_to 05 0000:00:05.0
	assert_leads_to 05.0 0000:00:05.0
	assert_leads_to 0000:00:05.0 0000:00:05.0
	assert_leads_to 0000:00/05 0000:00:05.0
}

@test "the last slot and function" {
	target 0000:00:1f.7
	assert_leads_to 1f.7 0000:00:1f.7
	assert_leads_to 1F.7 0000:00:1f.7
}

@test "behind a bridge" {
	add_bridge 0000:00:06.0 bus=01
	target 0000:01:00.0 parent=0000:00:06.0
	assert_leads_to 06/00 0000:01:00.0
	assert_leads_to 06.0/00.0 0000:01:00.0
	assert_leads_to 0000:00/06/00 0000:01:00.0
	assert_leads_to 00000000:00/06.0/00 0000:01:00.0
}

@test "functions that aren't 0, of the bridge and of the device" {
	add_bridge 0000:00:06.0 bus=01
	add_bridge 0000:00:06.3 bus=1e
	add_pci_function 0000:01:02.5 parent=0000:00:06.0
	target 0000:1e:02.5 parent=0000:00:06.3
	assert_leads_to 06.3/02.5 0000:1e:02.5
}

@test "through two bridges" {
	add_bridge 0000:00:02.0 bus=04
	add_bridge 0000:04:01.0 bus=05 parent=0000:00:02.0
	target 0000:05:00.0 parent=0000:04:01.0
	assert_leads_to 02/01/00 0000:05:00.0
}

@test "through three bridges, with bus numbers over nine in decimal" {
	add_bridge 0000:00:1e.0 bus=0a
	add_bridge 0000:0a:1f.0 bus=1f parent=0000:00:1e.0
	add_bridge 0000:1f:00.0 bus=ff parent=0000:0a:1f.0
	target 0000:ff:10.1 parent=0000:1f:00.0
	assert_leads_to 1e/1f/00/10.1 0000:ff:10.1
}

@test "the bridge's bus by its directory pci_bus, or by its child functions" {
	add_bridge 0000:00:06.0 bus=1a how=pci_bus
	add_bridge 0000:1a:00.0 bus=1b how=children parent=0000:00:06.0
	target 0000:1b:03.0 parent=0000:1a:00.0
	assert_leads_to 06/00/03 0000:1b:03.0
}

@test "child functions on one bus are one bus, on several buses or in several domains none" {
	add_bridge 0000:00:06.0 bus=1a how=children
	target 0000:1a:00.0 parent=0000:00:06.0
	add_pci_function 0000:1a:00.1 parent=0000:00:06.0
	add_pci_function 0000:1a:1f.7 parent=0000:00:06.0
	assert_leads_to 06/00 0000:1a:00.0
	add_pci_function 0001:1a:00.0 parent=0000:00:06.0
	assert_leads_nowhere 06/00 'stops at 0000:00:06.0, which has several buses below it'
}

@test "secondary_bus_number comes before what the directory says" {
	add_bridge 0000:00:06.0 bus=01
	target 0000:01:00.0 parent=0000:00:06.0
	mkdir -p "$ROOT/sys/devices/pci0000:00/0000:00:06.0/pci_bus/0000:02"
	assert_leads_to 06/00 0000:01:00.0
}

@test "a pxb root bus: three segments, the first from 0x20 on" {
	add_bridge 0000:20:00.0 bus=21
	target 0000:21:00.0 parent=0000:20:00.0
	# What the same slots would be on bus 0.
	add_bridge 0000:00:00.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:00.0
	assert_leads_to 20/00/00 0000:21:00.0
	assert_leads_to 0000:20/00/00 0000:21:00.0
}

@test "a pxb root bus with a high number, and a bridge more" {
	add_bridge 0000:c0:1f.0 bus=c1
	add_bridge 0000:c1:00.0 bus=c2 parent=0000:c0:1f.0
	target 0000:c2:00.1 parent=0000:c1:00.0
	assert_leads_to C0/1f/00/00.1 0000:c2:00.1
}

@test "three segments, the first below 0x20, start at bus 0" {
	add_bridge 0000:00:1f.0 bus=01
	add_bridge 0000:01:00.0 bus=02 parent=0000:00:1f.0
	target 0000:02:00.0 parent=0000:01:00.0
	assert_leads_to 1f/00/00 0000:02:00.0
}

@test "a root bus below 0x20, by name" {
	target 0000:10:00.0
	assert_leads_to 0000:10/00 0000:10:00.0
}

@test "domain 0001" {
	add_bridge 0001:00:06.0 bus=01
	target 0001:01:00.0 parent=0001:00:06.0
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=4
	assert_leads_to 0001:00/06/00 0001:01:00.0
	assert_leads_to 00000001:00/06/00 0001:01:00.0
	assert_leads_to 0001:01/00 0001:01:00.0
	assert_leads_to 0001:01:00.0 0001:01:00.0
}

@test "domain 10000" {
	add_bridge 10000:e0:06.0 bus=e1 how=pci_bus
	add_bridge 10000:e1:00.0 bus=e2 how=children parent=10000:e0:06.0
	target 10000:e2:00.0 parent=10000:e1:00.0
	assert_leads_to 10000:e0/06/00/00 10000:e2:00.0
	assert_leads_to 00010000:E0/06/00/00 10000:e2:00.0
	assert_leads_to 10000:e2:00.0 10000:e2:00.0
}

@test "the layout of /sys/devices need not be known" {
	# As on arm64 and powerpc: the host bridge is a platform device.
	target 0000:00:05.0
	mkdir -p "$ROOT/sys/devices/platform/40000000.pcie"
	mv "$ROOT/sys/devices/pci0000:00" "$ROOT/sys/devices/platform/40000000.pcie/pci0000:00"
	local device=$ROOT/sys/devices/platform/40000000.pcie/pci0000:00/0000:00:05.0
	ln -sfn ../../../devices/platform/40000000.pcie/pci0000:00/0000:00:05.0 "$ROOT/sys/bus/pci/devices/0000:00:05.0"
	ln -sfn ../../../../../kernel/iommu_groups/3 "$device/iommu_group"
	ln -sfn ../../../../../bus/pci/drivers/vfio-pci "$device/driver"
	ln -sfn ../../../../devices/platform/40000000.pcie/pci0000:00/0000:00:05.0 \
		"$ROOT/sys/kernel/iommu_groups/3/devices/0000:00:05.0"
	assert_leads_to 05 0000:00:05.0
}

@test "a step isn't there: 69, and the message says which" {
	add_bridge 0000:00:06.0 bus=01
	target 0000:01:00.0 parent=0000:00:06.0
	assert_leads_nowhere 07/00 07/00 0000:00:07.0
	assert_leads_nowhere 06/01 06/01 0000:01:01.0
	assert_leads_nowhere 06/00.1 0000:01:00.1
	assert_leads_nowhere 0000:30/00 0000:30:00.0
	assert_leads_nowhere 30/00/00 0000:30:00.0
	assert_leads_nowhere 0001:00/06/00 0001:00:06.0
	assert_leads_nowhere 0000:77:00.0 0000:77:00.0
}

@test "a step in the middle is not a bridge: 69" {
	target 0000:00:06.0
	assert_leads_nowhere 06/00 'stops at 0000:00:06.0, which is not a bridge; correct the path'
}

@test "a bridge that isn't set up yet: 69" {
	add_bridge 0000:00:06.0 bus=00
	target 0000:00:00.0
	assert_leads_nowhere 06/00 0000:00:06.0
}

@test "a bridge whose number is nonsense: never a wrong device" {
	add_bridge 0000:00:06.0 bus=01
	target 0000:01:00.0 parent=0000:00:06.0
	local number
	for number in x '' 256 -1 99999999999999999999; do
		echo "$number" > "$ROOT/sys/devices/pci0000:00/0000:00:06.0/secondary_bus_number"
		rm -f "$CONFIG"
		add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
		apply
		[ "$status" = 0 ] || [ "$status" = 69 ] || [ "$status" = 74 ] || fail "$number" "$(show_output)"
		if [ "$status" = 0 ]; then
			assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		else
			assert_unchanged
		fi
	done
}

@test "bridges in a circle end" {
	add_bridge 0000:00:06.0 bus=00
	target 0000:00:05.0
	assert_leads_nowhere 06/06/06/06/05 0000:00:06.0
}
