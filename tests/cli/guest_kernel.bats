#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 6: vfio-pci-gk, devices that this kernel drives itself: no node, addresses only.

load helpers

setup() {
	machine
	bundle
	two_functions
	# A network function with its own driver; whether it is in a group is nobody's business.
	add_pci_function 0000:00:05.0 driver=ixgbevf group=9
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=05)"
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
}

@test "node, control node and their rules are removed, addresses translated" {
	add_device /dev/fuse c 10 229
	host_device
	control_device
	add_rule + c 10:229 rwm
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":{"generic":{"deviceID":"0000:3b:02.0"}}}'
	apply
	assert_silent
	assert_devices '/dev/fuse c 10:229'
	assert_rules '- * *:* rwm' '+ c 10:229 rwm'
	assert_env PCIDEVICE_A=0000:00:05.0 'PCIDEVICE_A_INFO={"0000:00:05.0":{"generic":{"deviceID":"0000:00:05.0"}}}'
	assert_idempotent
}

@test "nothing is left: the list of devices is empty" {
	host_device
	control_device
	apply
	assert_silent
	assert_spec '.linux.devices == []' '.linux.resources.devices == [{"allow":false,"access":"rwm"}]'
	assert_idempotent
}

@test "a control node that wasn't there isn't added" {
	host_device
	apply
	assert_silent
	assert_devices
	assert_rules '- * *:* rwm'
}

@test "another VFIO device stays: so does the control node" {
	host_device
	second_host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 10:196 rwm'
}

@test "another VFIO device stays as it is: so does the control node" {
	OPTIONS+=(--unmapped=keep)
	host_device
	add_device /dev/vfio/9 c 243 9
	add_rule + c 243:9 rwm
	control_device
	apply
	assert_status 0
	assert_devices '/dev/vfio/9 c 243:9' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 243:9 rwm' '+ c 10:196 rwm'
}

@test "another VFIO device stays by a mount: so does the control node" {
	add_mount /dev/vfio/46 /dev/vfio/46
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/vfio c 10:196'
	assert_mounts '/dev/vfio/4 /dev/vfio/4 rbind,rprivate,ro'
}

@test "mounts of the node and of the control node are removed" {
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /run/card /dev/vfio/45
	add_mount /dev/vfio/45/ /dev/vfio/./45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_mount /dev/shm /dev/shm
	apply
	assert_silent
	assert_mounts '/dev/shm /dev/shm rbind,rprivate'
	assert_spec '.mounts[0].destination == "/proc"'
}

@test "allow rules whose numbers a remaining device has stay, deny rules and wildcards too" {
	add_device /dev/vfio/45 c 244 3
	add_device /dev/null c 244 3
	control_device
	add_rule + c 244:3 rw
	add_rule - c 10:196 m
	add_rule + c 10:* m
	apply --unmapped=keep
	assert_silent
	assert_devices '/dev/null c 244:3'
	assert_rules '- * *:* rwm' '+ c 244:3 rw' '- c 10:196 m' '+ c 10:* m'
}

@test "an allow rule whose numbers are those of another device's new node stays" {
	# This machine's 242:1 is the host's number of the device that goes.
	add_device /dev/vfio/45 c 242 1
	add_rule + c 242:1 r
	second_host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	# Opened it can be, by whichever rule.
	assert_spec '[.linux.resources.devices[] | select(.allow and .major == 242 and .minor == 1 and .access == "rwm")]
		| length == 1' '[.linux.resources.devices[] | select(.major == 243)] == []'
}

@test "the rule list becomes empty: a rule that denies everything stays in it" {
	RULES=()
	host_device
	control_device
	apply
	assert_silent
	assert_spec '.linux.resources.devices == [{"allow":false,"access":"rwm"}]'
	assert_idempotent
}

@test "a rule list that was empty and a device that is removed" {
	RULES=()
	add_device /dev/vfio/45 c 243 5
	add_device /dev/fuse c 10 229
	apply
	assert_silent
	assert_devices '/dev/fuse c 10:229'
	# Nothing is put in: nothing is allowed that wasn't, nothing denied that was.
	assert_rules
}

@test "a dev-mount of the removed node stays in _INFO, with a warning" {
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 \
		'PCIDEVICE_A_INFO={"0000:3b:02.0":{"vfio":{"dev-mount":"/dev/vfio/45","mount":"/dev/vfio/vfio"}}}'
	apply
	assert_warning 'process.env[3]' /dev/vfio/45
	assert_env PCIDEVICE_A=0000:00:05.0 \
		'PCIDEVICE_A_INFO={"0000:00:05.0":{"vfio":{"dev-mount":"/dev/vfio/45","mount":"/dev/vfio/vfio"}}}'
}

@test "an entry that the spec doesn't name is never missing" {
	rm "$MAPS"/*
	device_map one "$(gk_entry /dev/vfio/45 0000:3b:02.0=05)"
	add_device /dev/fuse c 10 229
	apply
	assert_silent
	assert_unchanged
	rm "$CONFIG"
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_silent
	assert_env PCIDEVICE_A=0000:00:05.0
	assert_devices '/dev/fuse c 10:229'
}

@test "several functions of one entry, whatever group they are in" {
	add_pci_function 0000:00:09.0 driver=virtio-pci
	add_pci_function 0000:00:0a.0
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=05 0000:3b:02.2=09 0000:3b:02.3=0a)"
	host_device
	add_env PCIDEVICE_A=0000:3b:02.3,0000:3b:02.2,0000:3b:02.0
	apply
	assert_silent
	assert_devices
	assert_env PCIDEVICE_A=0000:00:0a.0,0000:00:09.0,0000:00:05.0
}

@test "its function isn't there: 69" {
	host_device
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/05)"
	apply
	assert_refused 69 0000:01:05.0
}

@test "its function has another identity: 69" {
	host_device
	add_map 45 "$(with '"expect":{"vendor":"15b3"}' "$(gk_entry /dev/vfio/45 0000:3b:02.0=05)")"
	apply
	assert_refused 69 0000:00:05.0 vendor 15b3 8086
}
