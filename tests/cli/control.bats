#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 5: the control node /dev/vfio/vfio comes with a VFIO group.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

@test "it is missing: added after the other devices, mode 0666, owner 0:0, with its rule" {
	host_device
	add_device /dev/fuse c 10 229
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/fuse c 10:229' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "its numbers are those of /sys/class/misc/vfio" {
	add_sysfs_node misc vfio 11:77
	host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 11:77 mode=438 uid=0 gid=0'
}

@test "its numbers are 10:196 where sysfs doesn't tell" {
	rm "$ROOT/sys/class/misc/vfio"
	host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "it is there with other numbers: corrected with its rule, mode and owner stay" {
	host_device
	add_device /dev/vfio/vfio c 10 57 '"fileMode":432,"uid":5,"gid":6'
	add_rule + c 10:57 rw
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=432 uid=5 gid=6'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rw'
}

@test "it is there as a block device: corrected" {
	host_device
	add_device //dev/vfio/./vfio b 10 196
	apply
	assert_silent
	assert_spec '.linux.devices[1] | .type == "c" and .major == 10 and .minor == 196' \
		'.linux.resources.devices | last == {"allow":true,"type":"c","major":10,"minor":196,"access":"rwm"}'
}

@test "it is there as it should be: left alone, and allowed" {
	host_device
	add_device /dev/vfio/vfio c 10 196 '"fileMode":384'
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=384'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "the spec's group is this machine's already and only the control node is missing: it comes" {
	add_map 45 "$(entry /dev/vfio/3 0000:01:00.0=06/00)"
	add_device /dev/vfio/3 c 242 0
	add_rule + c 242:0 rwm
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "the groups came by mounts: it comes as a mount with the same options" {
	add_mount /dev/vfio/45 /dev/vfio/45 bind nosuid noexec rbind rprivate
	apply
	assert_silent
	assert_mounts '/dev/vfio/3 /dev/vfio/3 nosuid,noexec,rbind,rprivate,ro' \
		'/dev/vfio/vfio /dev/vfio/vfio nosuid,noexec,rbind,rprivate,ro'
	assert_devices
	assert_rules '- * *:* rwm'
	assert_idempotent
}

@test "a mount by option alone: the control node's mount is a bind mount too" {
	add_mount /dev/vfio/45 /dev/vfio/45 none rbind ro
	apply
	assert_silent
	assert_mounts '/dev/vfio/3 /dev/vfio/3 rbind,ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,ro'
}

@test "it is there as a mount: none is added" {
	add_mount /dev/vfio/vfio /dev/vfio/vfio bind ro
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_silent
	assert_mounts '/dev/vfio/vfio /dev/vfio/vfio ro' '/dev/vfio/3 /dev/vfio/3 rbind,rprivate,ro'
}

@test "two groups bring one" {
	host_device
	second_host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "no VFIO group, no control node" {
	needs_root
	mknod "$ROOT/dev/thing" c 200 7
	add_map node "$(node_entry /dev/thing /dev/thing)"
	add_device /dev/thing c 4 4
	add_env PCIDEVICE_A=0000:3b:02.0
	apply
	assert_warning "names functions whose VFIO nodes"
	assert_devices '/dev/thing c 200:7'
	assert_env PCIDEVICE_A=0000:01:00.0
}

@test "a control node with other numbers and no VFIO group: left alone" {
	add_device /dev/vfio/vfio c 10 57
	apply
	assert_silent
	assert_unchanged
}

@test "it is never mapped itself" {
	local path
	host_device
	control_device
	for path in /dev/vfio/vfio /dev//vfio/./vfio/ /dev/vfio/45/../vfio; do
		add_map control "$(entry "$path" 0000:3b:02.5=07/00)"
		apply
		assert_refused 65 control.json '[0]' /dev/vfio/vfio
	done
}
