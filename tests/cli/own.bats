#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --unmapped=own, which is the default without a map: a spec that is this machine's own, perhaps of an earlier boot. Its
# own variables tell whose node is meant. (Rows of all kinds are in the unit test of the same name.)

load helpers

setup() {
	machine
	bundle
	two_functions
}

# PATH MAJOR MINOR [ADDRESS]: the spec has this VFIO device with its rule and the control node, and a variable pairs it
# with this address.
own_device() {
	add_device "$1" c "$2" "$3"
	add_rule + c "$2:$3" rwm
	control_device
	[ $# = 3 ] || add_env "PCIDEVICE_X=$4" "PCIDEVICE_X_INFO={\"$4\":{\"vfio\":{\"dev-mount\":\"$1\"}}}"
}

@test "a node is kept where its function is in its group" {
	own_device /dev/vfio/3 242 0 0000:01:00.0
	apply
	assert_silent
	assert_unchanged
}

@test "a node is refused where its function is in another group; by-address may be set in the configuration" {
	own_device /dev/vfio/3 242 0 0000:02:00.0
	apply
	assert_refused 69 'linux.devices[0]' 'process.env[3] pairs 0000:02:00.0 with it' 'whose node is /dev/vfio/4 today' --by-address=remap
	mkdir -p "$ETC"
	echo '{"by-address":"remap"}' > "$ETC/config.json"
	apply --by-address=refuse
	assert_refused 69 'whose node is /dev/vfio/4 today'
	plan --json
	assert_output "[.changes[] | select(.where == \"process.env[3]\") | .why] == [\"this is the address' node today\"]"
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 10:196 rwm'
}

@test "remap: no control node there, or one with other numbers" {
	own_device /dev/vfio/45 243 5 0000:02:00.0
	unset 'DEVICES[1]' 'RULES[2]'
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 10:196 rwm'
	assert_idempotent --by-address=remap
	rm "$CONFIG"
	add_device /dev/vfio/vfio c 10 57
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "remap: a device that isn't VFIO's under the path is never replaced" {
	mkdir -p "$ROOT/sys/dev/char" "$ROOT/sys/devices/virtual/misc/fuse"
	ln -s ../../devices/virtual/misc/fuse "$ROOT/sys/dev/char/10:229"
	own_device /dev/vfio/45 10 229 0000:02:00.0
	apply --by-address=remap
	assert_refused 69 'linux.devices[0]' 0000:02:00.0 'not a VFIO device'
	# A number that nothing has here was the host's of some day, and so was another VFIO node's.
	ln -s ../../devices/virtual/vfio/3 "$ROOT/sys/dev/char/242:0"
	rm "$CONFIG"
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}') ENVIRONMENT=()
	own_device /dev/vfio/45 242 0 0000:02:00.0
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "remap: the function is what an entry gives for a host's device" {
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	own_device /dev/vfio/45 243 5 0000:02:00.0
	OPTIONS+=(--unmapped=own --by-address=remap)
	apply
	assert_refused 69 'linux.devices[0]' 0000:02:00.0 'a map entry has this function'
	# One that doesn't resolve counts as not.
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=09/00)"
	apply
	assert_status 0
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "remap: the group must be usable" {
	own_device /dev/vfio/45 243 5 0000:02:00.0
	add_pci_function 0000:02:00.1 parent=0000:00:07.0 driver=igb group=4
	apply --by-address=remap
	assert_refused 69 'linux.devices[0]' 0000:02:00.0 'group 4' '0000:02:00.1 is bound to igb'
}

@test "a spec of another machine: an address that isn't here is paired with a node, or is all there is" {
	own_device /dev/vfio/3 242 0 0000:99:00.0
	apply
	assert_refused 69 'linux.devices[0]' 0000:99:00.0 "another machine's"
	apply --by-address=remap
	assert_refused 69 'linux.devices[0]' 0000:99:00.0 "another machine's"
	rm "$CONFIG"
	ENVIRONMENT=()
	add_env PCIDEVICE_X=0000:99:00.0
	apply
	assert_refused 69 'linux.devices[0]' 0000:99:00.0 "another machine's"
	# Beside one that is here it may be what it likes.
	rm "$CONFIG"
	add_env PCIDEVICE_Y=0000:01:00.0
	apply
	assert_silent
	assert_unchanged
}

@test "a privileged container: what isn't this machine's goes, with a warning" {
	add_device /dev/vfio/3 c 242 0
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/4 c 243 1
	add_device /dev/vfio/vfio c 10 196
	RULES=('{"allow":true,"access":"rwm"}')
	apply
	assert_warning '"/dev/vfio/45" is removed' '"/dev/vfio/4" is removed'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_idempotent
}

@test "two nodes, and variables that name their functions without pairing them" {
	add_device /dev/vfio/3 c 242 0
	add_device /dev/vfio/4 c 242 1
	add_env PCIDEVICE_X=0000:01:00.0 PCIDEVICE_Y=0000:02:00.0
	apply
	assert_silent
	assert_unchanged
	add_pci_function 0000:00:09.0 driver=vfio-pci group=9
	rm "$CONFIG"
	add_env PCIDEVICE_Z=0000:00:09.0
	apply
	assert_refused 69 0000:00:09.0 'whose node is /dev/vfio/9 today' 'the spec has no node of that group'
	apply --by-address=remap
	assert_refused 69 0000:00:09.0 'whose node is /dev/vfio/9 today'
}

@test "a handle is of its function's group" {
	add_handle vfio0 0000:01:00.0 244:0
	own_device /dev/vfio/devices/vfio0 244 0 0000:01:00.0
	apply
	assert_silent
	assert_unchanged
	# What each of them needs is nobody's in particular.
	add_sysfs_node misc iommu 10:257
	add_device /dev/iommu c 10 257
	rm "$CONFIG"
	ENVIRONMENT=()
	add_env PCIDEVICE_X=0000:01:00.0
	apply
	assert_silent
	assert_unchanged
	# Its number is another function's today.
	rm "$CONFIG"
	ENVIRONMENT=()
	add_env PCIDEVICE_X=0000:02:00.0
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/devices/vfio0 'whose node is /dev/vfio/4 today' handle
	apply --by-address=remap
	assert_refused 69 'linux.devices[0]' /dev/vfio/devices/vfio0 'whose node is /dev/vfio/4 today' handle
}

@test "a noiommu group is its function's, by its own name and shown as N" {
	local path
	add_pci_function 0000:00:09.0 driver=vfio-pci group=9 node=none
	add_sysfs_node vfio noiommu-9 242:9
	for path in /dev/vfio/9 /dev/vfio/noiommu-9; do
		rm -f "$CONFIG"
		DEVICES=() ENVIRONMENT=()
		own_device "$path" 242 9 0000:00:09.0
		apply
		assert_silent
		assert_unchanged
		rm -f "$CONFIG"
		DEVICES=() ENVIRONMENT=()
		own_device "$path" 242 9 0000:01:00.0
		apply
		assert_refused 69 'linux.devices[0]' "$path" 'whose node is /dev/vfio/3 today'
	done
}

# --- an entry has the path of what may be this machine's own ------------------------------------------------------------

@test "own: path and numbers are this machine's, whatever entry has the path" {
	OPTIONS+=(--unmapped=own)
	add_map saved "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	own_device /dev/vfio/3 242 0
	apply
	assert_silent
	assert_unchanged
	# Unless the entry's host_dev has just these numbers.
	add_map saved "$(with '"host_dev":"242:0"' "$(entry /dev/vfio/3 0000:3b:02.0=07/00)")"
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "own: an entry of a --device-map whose path this machine's own device has is missing" {
	OPTIONS+=(--unmapped=own)
	device_map saved "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	own_device /dev/vfio/3 242 0
	apply
	assert_refused 65 'missing devices in OCI spec: what has the path "/dev/vfio/3" there is this machine'"'"'s own' saved.json
	device_map saved "$(gk_entry /dev/vfio/3 0000:3b:02.0=07/00)"
	OPTIONS=(--unmapped=own --device-map "$BATS_TEST_TMPDIR/saved.json")
	apply
	assert_silent
	assert_unchanged
}

@test "own: it is not clear which one is meant, if a variable has the entry's address, or of a mount" {
	OPTIONS+=(--unmapped=own)
	add_map saved "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	own_device /dev/vfio/3 242 0
	add_env PCIDEVICE_X=0000:3b:02.0
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/3 saved.json '"host_dev"'
	rm "$CONFIG"
	DEVICES=() ENVIRONMENT=()
	add_mount /dev/vfio/3 /dev/vfio/3
	apply
	assert_refused 69 'mounts[1]' /dev/vfio/3 saved.json '"host_dev"'
	add_map saved "$(with '"host_dev":"243:0"' "$(entry /dev/vfio/3 0000:3b:02.0=07/00)")"
	apply
	assert_silent
	assert_unchanged
}
