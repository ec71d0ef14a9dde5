#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# "match": the spec's only VFIO device that no entry names is this machine's only group that no entry names.

load helpers

setup() {
	machine
	bundle
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	configuration '"match":true'
}

# MEMBERS: the configuration.
configuration() {
	mkdir -p "$ETC"
	printf '{%s}' "$1" > "$ETC/config.json"
}

# A second group, 4 (242:1).
second_group() {
	add_bridge 0000:00:07.0 bus=02
	add_pci_function 0000:02:00.0 parent=0000:00:07.0 driver=vfio-pci group=4 node=242:1
}

@test "one device and one group: it is that, without a map" {
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "off by default" {
	rm "$ETC/config.json"
	host_device
	apply
	assert_refused 69 '"/dev/vfio/45" is not one of this machine'
	configuration '"match":false'
	apply
	assert_refused 69 '"/dev/vfio/45" is not one of this machine'
}

@test "plan says why" {
	host_device
	control_device
	write_config
	hook --root "$ROOT" plan -v "$BUNDLE"
	assert_status 0
	grep -q 'matched: IOMMU group 3 is the only one that no map entry names' "$STDOUT"
}

@test "the same path as device twice, and as a mount" {
	host_device
	control_device
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_status 0
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_mounts '/dev/vfio/3 /dev/vfio/3 rbind,rprivate,ro'
}

@test "a mount alone" {
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_status 0
	assert_mounts '/dev/vfio/3 /dev/vfio/3 rbind,rprivate,ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
}

@test "a group that an entry names is no choice, whether the spec names it or not" {
	second_group
	add_map other "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	second_host_device
	rm "$CONFIG"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
}

@test "an entry that the spec doesn't name is not checked" {
	second_group
	add_map other "$(with '"expect":{"vendor":"10de"}' "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")" \
		"$(entry /dev/vfio/47 0000:3b:02.2=1f/00)"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "several groups: refused, with the candidates" {
	second_group
	add_pci_function 0000:02:00.1 parent=0000:00:07.0 driver=vfio-pci group=4
	host_device
	apply
	assert_refused 69 'linux.devices[0].path: no map entry names the VFIO device "/dev/vfio/45", and this machine has several groups that no entry names: /dev/vfio/3 (0000:01:00.0), /dev/vfio/4 (0000:02:00.0, 0000:02:00.1); add an entry to a device map'
	local i
	for i in {10..18}; do add_pci_function "0000:$i:00.0" driver=vfio-pci group="$i"; done
	apply
	assert_refused 69 '/dev/vfio/15 (0000:15:00.0) and 3 more; add an entry'
}

@test "several devices: which is which only a map can tell" {
	host_device
	second_host_device
	apply
	assert_refused 69 '/dev/vfio/45'
	[[ $(< "$STDERR") != *matched* ]]
}

@test "no group: refused" {
	rm "$ROOT/sys/class/vfio/3"
	host_device
	apply
	assert_refused 69 'this machine has no VFIO group that no entry names; plug the device in, or add an entry to a device map'
	add_map one "$(entry /dev/vfio/46 0000:3b:02.1=06/00)"
	add_sysfs_node vfio 3 242:0
	apply
	assert_refused 69 'this machine has no VFIO group that no entry names'
}

@test "a group that isn't viable: refused" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=igb group=3
	host_device
	apply
	assert_refused 69 'IOMMU group 3, the only one left, is not viable: 0000:01:00.1 is bound to igb: driverctl set-override 0000:01:00.1 vfio-pci'
}

@test "what isn't a foreign VFIO device: refused" {
	local device
	second_group
	add_map other "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	mkdir -p "$ROOT/sys/dev/char" "$ROOT/sys/devices/virtual/mem/kvm"
	ln -s ../../devices/virtual/mem/kvm "$ROOT/sys/dev/char/10:232"
	for device in 'b 243 5' 'c 10 232' 'c 242 1'; do
		DEVICES=()
		rm -f "$CONFIG"
		# shellcheck disable=SC2086 # Three words.
		add_device /dev/vfio/45 $device
		apply
		assert_refused 69 'no map entry names the VFIO device "/dev/vfio/45", and it has not the type and numbers of a foreign VFIO device: another device stands in there'
	done
	# Its own numbers may be the host's, too.
	DEVICES=()
	rm "$CONFIG"
	add_device /dev/vfio/45 c 242 0
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "a selector that says nothing clear: refused" {
	second_group
	add_map other "$(entry /dev/vfio/46 0000:3b:02.1=id:8086:154c)"
	host_device
	# Of two groups anyway.
	apply
	assert_refused 69 'several groups'
	rm "$ROOT/sys/class/vfio/4"
	apply
	assert_refused 69 'whether /dev/vfio/3 is its or that of' 'other.json: [0] can'"'"'t be told: more than one function matches id:8086:154c; correct that entry'
}

@test "the policies: own keeps what is this machine's own, drop drops only lists, keep keeps" {
	second_group
	# It is this machine's own by path, type and numbers: nothing is matched, though the other group would be left.
	add_map other "$(entry /dev/vfio/46 0000:3b:02.1=06/00)"
	add_device /dev/vfio/3 c 242 0
	control_device
	apply --unmapped=own
	assert_silent
	assert_unchanged
	DEVICES=()
	rm "$CONFIG"
	host_device
	control_device
	apply --unmapped=own
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	apply --unmapped=keep
	assert_silent
	assert_unchanged
	# A privileged container's list.
	rm "$CONFIG"
	second_host_device
	add_device /dev/vfio/47 c 243 7
	RULES=('{"allow":true,"access":"rwm"}')
	apply --unmapped=drop
	assert_warning '/dev/vfio/45' '/dev/vfio/47'
	assert_devices '/dev/vfio/vfio c 10:196' '/dev/vfio/3 c 242:0'
}

@test "variables keep the host's addresses, which is said" {
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_warning 'PCIDEVICE_A" is left as it is: no map entry names 0000:3b:02.0'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_A=0000:3b:02.0
}

@test "a process that has it open: refused" {
	needs_root
	local node=$BATS_TEST_TMPDIR/node holder
	mknod "$node" c 1 3
	# The group's node has the numbers of /dev/null, and this machine's processes are that machine's.
	add_sysfs_node vfio 3 1:3
	mkdir -p "$ROOT/proc/123/fd" "$ROOT/proc/124/fd"
	ln -s "$node" "$ROOT/proc/124/fd/7"
	ln -s /nowhere "$ROOT/proc/123/fd/0"
	host_device
	apply
	assert_refused 69 'process 124 has /dev/vfio/3 open, the only group left; end it, or add a map entry that says which device this is'
	rm "$ROOT/proc/124/fd/7"
	control_device
	rm "$CONFIG"
	apply
	assert_silent
}

# --- handles

# The same device by its handle, with /dev/iommu.
host_handle() {
	add_device /dev/vfio/devices/vfio7 c 511 7
	add_rule + c 511:7 rwm
	add_device /dev/iommu c 10 57
	add_rule + c 10:57 rwm
}

@test "a handle is the handle of the only group's only function" {
	add_handle vfio0 0000:01:00.0 510:0
	host_handle
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio0 c 510:0' '/dev/iommu c 10:257'
	assert_rules '- * *:* rwm' '+ c 510:0 rwm' '+ c 10:257 rwm'
	assert_idempotent
}

@test "a handle that the kernel hasn't: refused" {
	host_handle
	apply
	assert_refused 69 '"/dev/vfio/devices/vfio7"' 'this kernel has no handle for IOMMU group 3, the only one left' '"node": "group"'
}

@test "a handle of a group with several functions: refused" {
	add_handle vfio0 0000:01:00.0 510:0
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_handle vfio1 0000:01:00.1 510:1
	host_handle
	apply
	assert_refused 69 'IOMMU group 3, the only one left, has several functions, each with a handle of its own; add a map entry'
}

@test "a handle and a group: which is which only a map can tell" {
	add_handle vfio0 0000:01:00.0 510:0
	host_handle
	host_device
	apply
	assert_refused 69 'linux.devices'
}
