#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The kinds of VFIO node: a group's, in noiommu mode too, and iommufd's handle of a function, which /dev/iommu comes with.

load helpers

setup() {
	machine
	bundle
	two_functions
}

# This machine's functions have handles, too: vfio1 (244:1) and vfio0 (244:0).
with_handles() {
	add_handle vfio1 0000:01:00.0 244:1
	add_handle vfio0 0000:02:00.0 244:0
}

# The host's handle vfio2 (250:2) of 0000:3b:02.0 and its /dev/iommu (10:127) in the spec, as a device plugin gives them.
host_handle() {
	add_device /dev/iommu c 10 127
	add_rule + c 10:127 rwm
	add_device /dev/vfio/devices/vfio2 c 250 2
	add_rule + c 250:2 rwm
}

# [MEMBERS]: an entry for it, with these members as well.
handle_entry() {
	local text
	text=$(entry /dev/vfio/devices/vfio2 0000:3b:02.0=06/00)
	[ $# = 0 ] || text=$(with "$1" "$text")
	printf '%s' "$text"
}

# A new spec, without anything.
again() {
	rm -f "$CONFIG"
	DEVICES=() MOUNTS=() ENVIRONMENT=()
	RULES=('{"allow":false,"access":"rwm"}')
}

# --- a handle for a handle -------------------------------------------------------------------------------------

@test "a handle becomes the function's handle, and /dev/iommu this machine's" {
	with_handles
	host_handle
	add_map handle "$(handle_entry)"
	add_env PCIDEVICE_X=0000:3b:02.0 \
		'PCIDEVICE_X_INFO={"0000:3b:02.0":{"vfio":{"dev-mount":"/dev/vfio/devices/vfio2","mount":"/dev/iommu"}}}'
	apply
	assert_silent
	assert_devices '/dev/iommu c 10:257' '/dev/vfio/devices/vfio1 c 244:1'
	assert_rules '- * *:* rwm' '+ c 10:257 rwm' '+ c 244:1 rwm'
	assert_env PCIDEVICE_X=0000:01:00.0 \
		'PCIDEVICE_X_INFO={"0000:01:00.0":{"vfio":{"dev-mount":"/dev/vfio/devices/vfio1","mount":"/dev/iommu"}}}'
	assert_idempotent
}

@test "/dev/iommu is missing: it comes with the handle, mode 0666, owner 0:0, with its rule" {
	with_handles
	add_device /dev/vfio/devices/vfio2 c 250 2
	add_rule + c 250:2 rwm
	add_map handle "$(handle_entry)"
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio1 c 244:1' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 244:1 rwm' '+ c 10:257 rwm'
	assert_idempotent
}

@test "plan says why" {
	with_handles
	add_device /dev/vfio/devices/vfio2 c 250 2
	add_map handle "$(handle_entry)"
	plan --json
	assert_status 0
	assert_output 'any(.changes[]; .new == "/dev/vfio/devices/vfio1" and .rule == 1)' \
		'any(.changes[]; .why == "a VFIO handle is of no use without /dev/iommu" and .rule == 5)'
}

@test "handles by mounts: /dev/iommu comes as a mount with the same options" {
	with_handles
	add_mount /dev/vfio/devices/vfio2 /dev/vfio/devices/vfio2 bind nosuid rbind
	add_map handle "$(handle_entry)"
	apply
	assert_silent
	assert_mounts '/dev/vfio/devices/vfio1 /dev/vfio/devices/vfio1 nosuid,rbind,ro' '/dev/iommu /dev/iommu nosuid,rbind,ro'
	assert_idempotent
}

@test "an entry of several functions becomes their handles, though they are in one group" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	with_handles
	add_handle vfio7 0000:01:00.1 244:7
	host_handle
	add_map handle "$(entry /dev/vfio/devices/vfio2 0000:3b:02.1=06/00.1 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices '/dev/iommu c 10:257' '/dev/vfio/devices/vfio7 c 244:7' '/dev/vfio/devices/vfio1 c 244:1'
	assert_rules '- * *:* rwm' '+ c 10:257 rwm' '+ c 244:7 rwm' '+ c 244:1 rwm'
}

@test "the group of a handle must be viable" {
	with_handles
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=igb group=3
	host_handle
	add_map handle "$(handle_entry)"
	apply
	assert_refused 69 handle.json 'not viable' 0000:01:00.1 igb
}

@test "a handle that the guest's kernel drives goes, and /dev/iommu with it" {
	with_handles
	host_handle
	add_env PCIDEVICE_X=0000:3b:02.0
	add_map handle "$(gk_entry /dev/vfio/devices/vfio2 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices
	assert_rules '- * *:* rwm'
	assert_env PCIDEVICE_X=0000:01:00.0
	assert_idempotent
}

@test "a handle that is dropped takes /dev/iommu along" {
	with_handles
	host_handle
	RULES=('{"allow":true,"access":"rwm"}')
	add_map other
	apply --unmapped=drop
	assert_warning '/dev/vfio/devices/vfio2' 'is removed'
	assert_devices
}

# --- /dev/iommu ------------------------------------------------------------------------------------------------

@test "/dev/iommu beside a group: kept if it is this machine's, removed with a warning if not" {
	with_handles
	two_entries
	host_device
	control_device
	add_device /dev/iommu c 10 257
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/iommu c 10:257'
	again
	host_device
	control_device
	add_device /dev/iommu c 10 127
	add_rule + c 10:127 rwm
	apply
	assert_warning "/dev/iommu is removed: it is not this machine's, and the container has no VFIO handle that needs it"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "/dev/iommu alone: kept without a map, by the policy keep, and as this machine's own" {
	with_handles
	add_device /dev/iommu c 10 127
	apply
	assert_silent
	assert_unchanged
	add_map other
	apply --unmapped=keep
	assert_silent
	assert_unchanged
	apply --unmapped=error
	assert_warning '/dev/iommu is removed'
	again
	add_device /dev/iommu c 10 257
	add_mount /dev/iommu /dev/iommu
	apply --unmapped=error
	assert_silent
	assert_unchanged
	# A source that this machine doesn't have can't be mounted.
	rm "$ROOT/sys/class/misc/iommu"
	apply
	assert_warning '/dev/iommu is removed'
	assert_devices
	assert_mounts
}

@test "/dev/iommu is what an entry says that is meant" {
	with_handles
	add_device /dev/iommu c 10 127
	add_rule + c 10:127 rw
	add_map iommu "$(node_entry /dev/iommu /dev/iommu)"
	apply
	assert_silent
	assert_devices '/dev/iommu c 10:257'
	assert_rules '- * *:* rwm' '+ c 10:257 rw'
	assert_idempotent
}

@test "an entry of VFIO type for /dev/iommu does nothing" {
	with_handles
	host_handle
	add_map handle "$(handle_entry)" "$(gk_entry /dev/iommu 0000:3b:02.0=06/00)"
	apply --log-level info
	assert_warning 'handle.json: [1]: does nothing: /dev/iommu is a control node'
	assert_devices '/dev/iommu c 10:257' '/dev/vfio/devices/vfio1 c 244:1'
}

@test "something else as /dev/iommu, beside a handle: 65" {
	with_handles
	add_device /dev/vfio/devices/vfio2 c 250 2
	add_mount /dev/iommu /dev/null
	add_map handle "$(handle_entry)"
	apply
	assert_refused 65 'mounts[1]' 'it shows "/dev/null" as /dev/iommu'
}

@test "a handle, but no /dev/iommu on this machine: 69" {
	with_handles
	rm "$ROOT/sys/class/misc/iommu"
	host_handle
	add_map handle "$(handle_entry)"
	apply
	assert_refused 69 '/dev/iommu is not on this machine' CONFIG_IOMMUFD '"node": "group"'
}

# --- the kind that this kernel lacks -----------------------------------------------------------------------------

@test "a kernel without handles: 69, and the entry's field that the message names helps" {
	host_handle
	add_map handle "$(handle_entry)"
	apply
	assert_refused 69 handle.json 'host function 0000:3b:02.0' 'no iommufd handle' '"node": "group"' /dev/vfio/3
	add_map handle "$(handle_entry '"node":"group"')"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "a kernel with iommufd, but without handles of VFIO: 69" {
	with_handles
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/vfio-dev/vfio1/dev"
	host_handle
	add_map handle "$(handle_entry)"
	apply
	assert_refused 69 'no iommufd handle' CONFIG_VFIO_DEVICE_CDEV '"node": "group"'
}

@test "a kernel with handles alone: 69, and the entry's field that the message names helps" {
	with_handles
	rm "$ROOT/sys/class/vfio/3"
	two_entries
	host_device
	apply
	assert_refused 69 45.json 'its group has no node' "iommufd's handles only" '"node": "handle"'
	add_map 45 "$(with '"node":"handle"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio1 c 244:1' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
}

@test "auto takes the spec's kind where it is there, else the other" {
	host_handle
	add_map handle "$(handle_entry '"node":"auto"')"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	again
	with_handles
	host_handle
	apply
	assert_silent
	assert_devices '/dev/iommu c 10:257' '/dev/vfio/devices/vfio1 c 244:1'
	again
	add_map handle "$(with '"node":"auto"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	again
	rm "$ROOT/sys/class/vfio/3"
	host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio1 c 244:1' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
}

@test "the host's group and handle of one function: both are replaced" {
	with_handles
	host_device
	control_device
	host_handle
	add_map both "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" "$(handle_entry)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/iommu c 10:257' '/dev/vfio/devices/vfio1 c 244:1'
	assert_idempotent
}

@test "both, on a kernel without handles: each message names what helps, and they become one node" {
	host_device
	control_device
	host_handle
	add_map both "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_refused 69 'linux.devices[3]' /dev/vfio/devices/vfio2 'add one to a device map with "node": "group"' \
		'and the function that it stands for' --unmapped=keep
	add_map both "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" "$(handle_entry '"node":"group"')"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_idempotent
}

# --- this machine's own specs --------------------------------------------------------------------------------------

@test "own: by address a handle for a handle" {
	with_handles
	add_device /dev/vfio/devices/vfio0 c 244 0
	add_rule + c 244:0 rwm
	add_env PCIDEVICE_X=0000:01:00.0
	apply
	assert_refused 69 'linux.devices[0]' 'whose node is /dev/vfio/devices/vfio1 today' --by-address=remap
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/devices/vfio1 c 244:1' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 244:1 rwm' '+ c 10:257 rwm'
	assert_idempotent --by-address=remap
}

@test "own: another function's handle is refused, though it is in the same group" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	with_handles
	add_handle vfio7 0000:01:00.1 244:7
	add_device /dev/vfio/devices/vfio7 c 244 7
	add_env PCIDEVICE_X=0000:01:00.0
	apply
	assert_refused 69 'whose node is /dev/vfio/devices/vfio1 today'
	again
	add_device /dev/vfio/devices/vfio7 c 244 7
	add_env PCIDEVICE_X=0000:01:00.1
	apply
	assert_silent
	assert_unchanged
	# Where the variables name all of the group, it is one of them.
	again
	add_device /dev/vfio/devices/vfio7 c 244 7
	add_env PCIDEVICE_X=0000:01:00.0,0000:01:00.1
	apply
	assert_silent
	assert_unchanged
}

@test "own: beside a map, by the policy own" {
	with_handles
	add_map other "$(entry /dev/vfio/99 0000:3b:09.0=06/00)"
	add_device /dev/iommu c 10 257
	add_device /dev/vfio/devices/vfio1 c 244 1
	apply
	assert_refused 69 'linux.devices[1]' "this machine's own" --unmapped=own
	apply --unmapped=own
	assert_silent
	assert_unchanged
}

# --- noiommu ---------------------------------------------------------------------------------------------------------

# The function 0000:00:09.0 in a group of noiommu mode, noiommu-0 (242:9); VFIO has no handle for it.
noiommu_function() {
	add_pci_function 0000:00:09.0 driver=vfio-pci group=0 node=none vfio_dev=vfio0
	add_sysfs_node vfio noiommu-0 242:9
}

@test "a group in noiommu mode: 69, and with allow_noiommu its node under its own name, with a warning" {
	noiommu_function
	host_device
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=09)"
	apply
	assert_refused 69 45.json 'IOMMU group 0 is in noiommu mode' '"allow_noiommu": true'
	add_map 45 "$(with '"allow_noiommu":true' "$(entry /dev/vfio/45 0000:3b:02.0=09)")"
	apply
	assert_warning "45.json: [0]: IOMMU group 0 is in noiommu mode: the container can read and write all of this machine's memory"
	assert_devices '/dev/vfio/noiommu-0 c 242:9' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:9 rwm' '+ c 10:196 rwm'
	assert_idempotent
	# Each time.
	again
	add_device /dev/vfio/45 c 243 5
	apply
	assert_warning 'is in noiommu mode'
}

@test "a group in noiommu mode by a mount, from a host's noiommu group" {
	noiommu_function
	add_mount /dev/vfio/noiommu-7 /dev/vfio/noiommu-7 bind bind
	add_map 7 "$(with '"allow_noiommu":true' "$(entry /dev/vfio/noiommu-7 0000:3b:02.0=09)")"
	apply
	assert_warning 'is in noiommu mode'
	assert_mounts '/dev/vfio/noiommu-0 /dev/vfio/noiommu-0 bind,ro' '/dev/vfio/vfio /dev/vfio/vfio bind,ro'
}

@test "a handle, and noiommu mode: there is none" {
	noiommu_function
	add_sysfs_node misc iommu 10:257
	add_device /dev/vfio/devices/vfio2 c 250 2
	add_map handle "$(with '"allow_noiommu":true' "$(entry /dev/vfio/devices/vfio2 0000:3b:02.0=09)")"
	apply
	assert_refused 69 'noiommu mode, where there are no iommufd handles' '"node": "group"'
	add_map handle "$(with '"allow_noiommu":true,"node":"auto"' "$(entry /dev/vfio/devices/vfio2 0000:3b:02.0=09)")"
	apply
	assert_warning 'is in noiommu mode'
	assert_devices '/dev/vfio/noiommu-0 c 242:9' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "without an IOMMU and without a driver: allow_noiommu names the module's parameter" {
	add_pci_function 0000:00:0a.0 driver=vfio-pci
	host_device
	add_map 45 "$(with '"allow_noiommu":true' "$(entry /dev/vfio/45 0000:3b:02.0=0a)")"
	apply
	assert_refused 69 '0000:00:0a.0 is in no IOMMU group' enable_unsafe_noiommu_mode=1
}

@test "own: a noiommu group is given by its address only where an entry allows it" {
	noiommu_function
	add_device /dev/vfio/3 c 242 0
	add_rule + c 242:0 rwm
	add_env PCIDEVICE_X=0000:00:09.0
	apply --by-address=remap
	assert_refused 69 'whose node is /dev/vfio/noiommu-0 today' 'and "allow_noiommu": true'
	device_map own "$(with '"allow_noiommu":true' "$(entry /dev/vfio/3 0000:00:09.0=0000:00:09.0)")"
	apply
	assert_warning 'is in noiommu mode'
	assert_devices '/dev/vfio/noiommu-0 c 242:9' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

# --- bad input, and what sysfs may say -------------------------------------------------------------------------------

# MEMBER SUBSTRING...: an entry with this member is refused.
assert_bad_entry() {
	add_map handle "$(handle_entry)" "$(with "$1" "$(entry /dev/vfio/45 0000:3b:02.1=07/00)")"
	apply
	assert_refused 65 handle.json "${@:2}"
}

@test "bad values of the fields: 65 with file, entry and field" {
	with_handles
	host_handle
	local value
	for value in '"cdev"' '""' '"Group"' '"group "'; do
		assert_bad_entry "\"node\":$value" '[1].node: must be "group", "handle" or "auto", not' "$value"
	done
	for value in 1 true '{}' '["group"]'; do
		assert_bad_entry "\"node\":$value" '[1].node: must be a string'
	done
	for value in 1 '"true"' '{}'; do
		assert_bad_entry "\"allow_noiommu\":$value" '[1].allow_noiommu: must be true or false'
	done
	assert_bad_entry '"allowNoiommu":true' '[1]' '"allow_noiommu"'
	assert_bad_entry '"node":"group","node":"handle"' 'duplicate key "node"'
	add_map handle "$(with '"node":"group"' "$(node_entry /dev/x /dev/y)")"
	apply
	assert_refused 65 handle.json '[0].node' 'a node entry names its node by vm_path; remove the field'
	add_map handle "$(with '"allow_noiommu":false' "$(node_entry /dev/x /dev/y)")"
	apply
	assert_refused 65 handle.json '[0].allow_noiommu' 'a node entry names its node by vm_path; remove the field'
	add_map handle "$(node_entry /dev/iommu /dev/null)"
	apply
	assert_refused 65 handle.json '[0]' '/dev/iommu is a control node, which becomes no other'
	add_map handle "$(node_entry /dev/iommu /dev/iommu /dev/x)"
	apply
	assert_refused 65 handle.json '[0]' '/dev/iommu is a control node, which becomes no other'
	add_map handle "$(with '"final_path":"/dev/iommu"' "$(handle_entry)")"
	apply
	assert_refused 65 handle.json '[0]' '"final_path" is the control node'
	add_map handle "$(with '"node":null,"allow_noiommu":null' "$(handle_entry)")"
	apply
	assert_silent
}

@test "what sysfs has of a handle isn't what it should be: 74" {
	with_handles
	host_handle
	add_map handle "$(handle_entry)"
	local dev=$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/vfio-dev/vfio1/dev
	echo nonsense > "$dev"
	apply
	assert_refused 74 0000:01:00.0/vfio-dev/vfio1/dev 'is not a pair of device numbers'
	rm "$dev"
	mkdir "$dev"
	apply
	assert_refused 74 0000:01:00.0/vfio-dev/vfio1/dev
	rm -r "${dev%/*/*}"
	: > "${dev%/*/*}"
	apply
	assert_refused 74 0000:01:00.0/vfio-dev
	echo nonsense > "$ROOT/sys/class/misc/iommu/dev"
	rm "${dev%/*/*}"
	apply
	assert_refused 74 /sys/class/misc/iommu/dev
}
