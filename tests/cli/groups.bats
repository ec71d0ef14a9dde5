#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Groups: viable or not, several in one container, rule 7, and functions that aren't as they must be.

load helpers

setup() {
	machine
	bundle
}

# KEY=VALUE...: the mapped function is 0000:00:05.0, group 3.
mapped() {
	add_pci_function 0000:00:05.0 group=3 node=242:0 "$@"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05)"
	host_device
	control_device
}

# Also in group 3.
member() {
	add_pci_function "$@" group=3 node=none
}

assert_mapped() {
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "several groups in one container" {
	local i
	for i in 1 2 3 4 5 6 7; do
		add_pci_function "0000:00:0$i.0" driver=vfio-pci group=$((20 - i)) node=240:$i
		add_map "$i" "$(entry "/dev/vfio/$((40 + i))" "0000:3b:00.$i=0$i")"
		add_device "/dev/vfio/$((40 + i))" c 243 "$i"
	done
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/19 c 240:1' '/dev/vfio/18 c 240:2' '/dev/vfio/17 c 240:3' '/dev/vfio/16 c 240:4' \
		'/dev/vfio/15 c 240:5' '/dev/vfio/14 c 240:6' '/dev/vfio/13 c 240:7' '/dev/vfio/vfio c 10:196'
	assert_idempotent
}

@test "bound to a VFIO driver: its name has vfio in it, or there is a directory vfio-dev" {
	mapped driver=mlx5_vfio_pci
	assert_mapped
}

@test "bound to a VFIO driver of another name" {
	mapped driver=nvgrace_gpu vfio_dev=vfio0
	assert_mapped
}

@test "viable: members without a driver, with pci-stub, with VFIO drivers, and bridges with theirs" {
	mapped driver=vfio-pci
	member 0000:00:05.1
	member 0000:00:05.2 driver=pci-stub
	member 0000:00:05.3 driver=vfio-pci
	member 0000:00:05.4 driver=xe_vfio_pci
	member 0000:00:05.5 driver=odd vfio_dev=vfio3
	member 0000:00:05.6 driver=pcieport class=0x060400
	member 0000:00:05.7 driver=agpgart class=0x060000
	member 0000:00:06.0 driver=shpchp class=0x060401
	assert_mapped
}

@test "not viable: the message has the function, its driver and the driverctl line" {
	mapped driver=vfio-pci
	member 0000:00:05.1 driver=ixgbevf
	apply
	assert_refused 69 0000:00:05.1 ixgbevf 'driverctl set-override 0000:00:05.1 vfio-pci'
}

@test "not viable: each offender is named" {
	mapped driver=vfio-pci
	member 0000:00:05.1 driver=ixgbevf
	member 0000:00:05.2 driver=pci-stub
	member 0000:00:05.3 driver=e1000e
	apply
	assert_refused 69 'driverctl set-override 0000:00:05.1 vfio-pci' 'driverctl set-override 0000:00:05.3 vfio-pci' e1000e
	! grep -q 0000:00:05.2 "$STDERR" || fail 'pci-stub is not an offender' "$(show_output)"
}

@test "not viable: bridges of other classes count" {
	mapped driver=vfio-pci
	member 0000:00:1f.0 driver=lpc_ich class=0x060100
	apply
	assert_refused 69 0000:00:1f.0 lpc_ich
}

@test "not viable: the second of two groups" {
	mapped driver=vfio-pci
	add_pci_function 0000:00:06.0 driver=vfio-pci group=4
	add_pci_function 0000:00:06.1 driver=nvme group=4 node=none
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=06)"
	second_host_device
	apply
	assert_refused 69 'driverctl set-override 0000:00:06.1 vfio-pci' nvme
}

@test "viability counts where the group comes by a mount, too" {
	mapped driver=vfio-pci
	member 0000:00:05.1 driver=ixgbevf
	DEVICES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_refused 69 'driverctl set-override 0000:00:05.1 vfio-pci'
}

@test "the mapped function is bound to another driver: 69" {
	mapped driver=ixgbevf
	apply
	assert_refused 69 0000:00:05.0 ixgbevf 'driverctl set-override 0000:00:05.0 vfio-pci'
}

@test "the mapped function is bound to none, or to pci-stub: 69" {
	mapped
	apply
	assert_refused 69 0000:00:05.0 'driverctl set-override 0000:00:05.0 vfio-pci'
	ln -s ../../../bus/pci/drivers/pci-stub "$ROOT/sys/devices/pci0000:00/0000:00:05.0/driver"
	mkdir "$ROOT/sys/bus/pci/drivers/pci-stub"
	apply
	assert_refused 69 0000:00:05.0 pci-stub 'driverctl set-override 0000:00:05.0 vfio-pci'
}

@test "a second function of the entry isn't bound: 69" {
	mapped driver=vfio-pci
	member 0000:00:05.1
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05 0000:3b:02.1=05.1)"
	apply
	assert_refused 69 0000:00:05.1 'driverctl set-override 0000:00:05.1 vfio-pci'
}

@test "the function isn't there: 69" {
	mapped driver=vfio-pci
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=0000:00:0b.0)"
	apply
	assert_refused 69 45.json '[0]' 0000:00:0b.0
}

@test "the function is in no group: 69" {
	mapped driver=vfio-pci
	rm "$ROOT/sys/devices/pci0000:00/0000:00:05.0/iommu_group"
	apply
	assert_refused 69 0000:00:05.0 IOMMU
}

@test "the group has no node: 69" {
	mapped driver=vfio-pci
	rm "$ROOT/sys/class/vfio/3"
	apply
	assert_refused 69 3
}

# The host's group 45 has two functions; here each has a group of its own.
split_group() {
	add_pci_function 0000:00:05.0 driver=vfio-pci group=3
	add_pci_function 0000:00:05.1 driver=vfio-pci group=4
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05 0000:3b:02.1=05.1)"
}

@test "one entry whose functions lie in several groups becomes several devices, each with its rule" {
	split_group
	add_device /dev/fuse c 10 229
	host_device
	control_device
	add_device /dev/thing c 4 4
	apply
	assert_silent
	assert_devices '/dev/fuse c 10:229' '/dev/vfio/3 c 242:3' '/dev/vfio/4 c 242:4' '/dev/vfio/vfio c 10:196' '/dev/thing c 4:4'
	assert_rules '- * *:* rwm' '+ c 242:3 rwm' '+ c 10:196 rwm' '+ c 242:4 rwm'
	assert_idempotent
}

@test "one entry, several groups: in the order of its options, each with what the device had" {
	split_group
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.1=05.1 0000:3b:02.0=05)"
	add_device /dev/vfio/45 c 243 5 '"fileMode":432,"uid":5,"gid":6'
	add_rule + c 243:5 rw
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:4 mode=432 uid=5 gid=6' '/dev/vfio/3 c 242:3 mode=432 uid=5 gid=6' \
		'/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:4 rw' '+ c 10:196 rwm' '+ c 242:3 rw'
}

@test "one entry, several groups: several mounts" {
	split_group
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_silent
	assert_mounts '/dev/vfio/3 /dev/vfio/3 rbind,rprivate,ro' '/dev/vfio/4 /dev/vfio/4 rbind,rprivate,ro' \
		'/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
	assert_rules '- * *:* rwm'
	assert_idempotent
}

@test "one entry, several groups, one path for all: refused" {
	split_group
	add_mount /run/card /dev/vfio/45
	apply
	assert_refused 65 'mounts[1]' 45.json '2 IOMMU groups' /run/card
	rm "$CONFIG"
	MOUNTS=()
	host_device
	add_map 45 "$(with '"final_path":"/dev/vfio/77"' "$(entry /dev/vfio/45 0000:3b:02.0=05 0000:3b:02.1=05.1)")"
	apply
	assert_refused 65 45.json '[0]' final_path '2 IOMMU groups' /dev/vfio/77
}

@test "identity: every key, with and without 0x, in either letter case" {
	mapped driver=vfio-pci vendor=0x8086 device=0x154c subsystem_vendor=0x10ab subsystem_device=0x00cd class=0x0200ef
	add_map 45 "$(with '"expect":{"vendor":"8086","device":"0x154C","subsystem_vendor":"0x10aB","subsystem_device":"cd","class":"0X0200EF"}' \
		"$(entry /dev/vfio/45 0000:3b:02.0=05)")"
	assert_mapped
}

@test "identity: another one is 69 and names both values" {
	local key expect
	mapped driver=vfio-pci vendor=0x8086 device=0x154c subsystem_vendor=0x10ab subsystem_device=0x00cd class=0x0200ef
	while read -r key expect found; do
		add_map 45 "$(with "\"expect\":{\"$key\":\"$expect\"}" "$(entry /dev/vfio/45 0000:3b:02.0=05)")"
		apply
		assert_refused 69 0000:00:05.0 "$key" "$expect" "$found"
	done <<-END
		vendor 1af4 8086
		device 1572 154c
		subsystem_vendor 10ac 10ab
		subsystem_device ce cd
		class 20000 200ef
	END
}

@test "identity: each function of the entry must have it" {
	mapped driver=vfio-pci vendor=0x8086
	member 0000:00:05.1 driver=vfio-pci vendor=0x15b3
	add_map 45 "$(with '"expect":{"vendor":"8086"}' "$(entry /dev/vfio/45 0000:3b:02.0=05 0000:3b:02.1=05.1)")"
	apply
	assert_refused 69 0000:00:05.1 vendor 8086 15b3
}

@test "other functions of the machine are none of our business" {
	mapped driver=vfio-pci
	add_pci_function 0000:00:09.0 driver=nvme group=12
	rm "$ROOT/sys/devices/pci0000:00/0000:00:09.0/class"
	assert_mapped
}
