#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 1: linux.devices gets the final paths and this machine's numbers.

load helpers

setup() {
	machine
	bundle
}

@test "a device gets the path and the numbers of this machine's group" {
	common_case
	apply
	assert_silent
	[ ! -s "$STDOUT" ]
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_no_leftover
}

@test "the numbers are those of /sys/class/vfio, whatever the group's number" {
	add_pci_function 0000:00:05.0 driver=vfio-pci group=17 node=511:1048575
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05)"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/17 c 511:1048575' '/dev/vfio/vfio c 10:196'
}

@test "numbers with a NUL in them, or too many of them, are not numbers: 74" {
	add_pci_function 0000:00:05.0 driver=vfio-pci group=3 node=242:0
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05)"
	host_device
	control_device
	local dev=$ROOT/sys/devices/virtual/vfio/3/dev text
	for text in '242:0\0' '242:0\0\n' '242:0\0:1\n' '\0' "242:$(printf '%064d' 0)\n"; do
		printf '%b' "$text" > "$dev"
		apply
		assert_refused 74 /sys/class/vfio/3/dev
	done
	printf '242:0' > "$dev"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "fileMode, uid and gid stay as they are" {
	two_functions
	two_entries
	add_device /dev/vfio/45 c 243 5 '"fileMode":8624,"uid":107,"gid":36'
	add_device /dev/vfio/46 c 243 6 '"fileMode":null,"uid":null,"gid":null'
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0 mode=8624 uid=107 gid=36' '/dev/vfio/4 c 242:1 mode=null uid=null gid=null' \
		'/dev/vfio/vfio c 10:196'
}

@test "a type that isn't the node's is corrected" {
	two_functions
	add_map 45 "$(with '"stand_in":true' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	add_device /dev/vfio/45 b 243 5
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	# The last rule that says something of c 242:0 must allow it.
	assert_spec '.linux.resources.devices | last == {"allow":true,"type":"c","major":242,"minor":0,"access":"rwm"}'
}

@test "the type u of the runtime spec is a character device" {
	two_functions
	two_entries
	add_device /dev/vfio/45 u 243 5
	add_rule + c 243:5 rw
	control_device
	apply
	assert_silent
	assert_spec '.linux.devices[0] | .path == "/dev/vfio/3" and .major == 242 and .minor == 0'
	assert_rules '- * *:* rwm' '+ c 242:0 rw' '+ c 10:196 rwm'
}

@test "numbers that the spec leaves out are added" {
	two_functions
	add_map 45 "$(with '"stand_in":true' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	add_map 46 "$(with '"stand_in":true' "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")"
	DEVICES+=('{"path":"/dev/vfio/45","type":"c"}' '{"path":"/dev/vfio/46","type":"c","major":null,"minor":null}')
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "paths are compared after lexical cleaning of both" {
	local path
	two_functions
	for path in //dev//vfio///45 /dev/./vfio/45/. /dev/vfio/../vfio/45/ /../dev/vfio/45 dev/vfio/45; do
		add_map 45 "$(entry /dev//vfio/./45/ 0000:3b:02.0=06/00)"
		DEVICES=()
		rm -f "$CONFIG"
		add_device "$path" c 243 5
		control_device
		apply
		assert_silent
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	done
}

@test "two devices whose host and guest names are swapped" {
	two_functions
	add_sysfs_node vfio 3 243:6
	add_sysfs_node vfio 4 243:5
	# Host 3 is guest 4 and the other way round, and so are the numbers.
	add_map one "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	add_map two "$(entry /dev/vfio/4 0000:3b:02.1=06/00)"
	add_device /dev/vfio/3 c 243 6 '"uid":3'
	add_device /dev/vfio/4 c 243 5 '"uid":4'
	add_rule + c 243:6 rw
	add_rule + c 243:5 rwm
	control_device
	apply
	assert_silent
	# Each other's path; their numbers were those already.
	assert_devices '/dev/vfio/4 c 243:5 uid=3' '/dev/vfio/3 c 243:6 uid=4' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 243:5 rw' '+ c 243:6 rwm' '+ c 10:196 rwm'
}

@test "a chain: each guest name and number is the next one's host name and number" {
	local i
	for i in 1 2 3; do
		add_pci_function "0000:00:0$i.0" driver=vfio-pci group=$((40 + i)) node=243:$((i + 5))
		add_map "$i" "$(entry /dev/vfio/$((39 + i)) "0000:3b:00.$i=0$i")"
		add_device /dev/vfio/$((39 + i)) c 243 $((i + 4)) "\"uid\":$i"
		add_rule + c 243:$((i + 4)) rwm
	done
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/41 c 243:6 uid=1' '/dev/vfio/42 c 243:7 uid=2' '/dev/vfio/43 c 243:8 uid=3' \
		'/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 243:6 rwm' '+ c 243:7 rwm' '+ c 243:8 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "character and block devices with equal numbers are told apart" {
	common_case
	add_device /dev/sda b 243 5
	add_rule + b 243:5 r
	add_rule - b 243:5 w
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/sda b 243:5'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm' '+ b 243:5 r' '- b 243:5 w'
}

@test "one entry with two functions of one group is one device" {
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=0000:01:00.1)"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "several host groups in one guest group come out as one device, the first in the spec's order" {
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_map two "$(entry /dev/vfio/46 0000:3b:02.1=06/00.1)"
	# No mode is 0666, and a mode may have the file type in it.
	add_device /dev/vfio/46 c 243 6
	add_rule + c 243:6 rwm
	add_device /dev/vfio/45 c 243 5 '"fileMode":8630,"uid":0'
	add_rule + c 243:5 rwm
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "devices that become one must agree on mode, uid and gid" {
	local member
	add_pci_function 0000:00:05.0 driver=vfio-pci group=3 node=242:0
	add_pci_function 0000:00:05.1 driver=vfio-pci group=3 node=242:0
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=05)"
	add_map two "$(entry /dev/vfio/46 0000:3b:02.1=05.1)"
	for member in '"fileMode":384' '"uid":1' '"gid":1'; do
		DEVICES=()
		rm -f "$CONFIG"
		add_device /dev/vfio/45 c 243 5
		add_device /dev/vfio/46 c 243 6 "$member"
		control_device
		apply
		assert_refused 65 config.json 'linux.devices[1]'
	done
}

@test "a kept device at the final path with the node's numbers becomes one with it" {
	two_functions
	two_entries
	OPTIONS+=(--unmapped=keep)
	host_device
	add_device /dev/vfio/3 c 242 0
	control_device
	apply
	assert_status 0
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "a kept device at the final path with other numbers or type: refused" {
	local device
	two_functions
	two_entries
	OPTIONS+=(--unmapped=keep)
	for device in 'c 243 9' 'b 242 0'; do
		DEVICES=()
		rm -f "$CONFIG"
		host_device
		# shellcheck disable=SC2086 # Three words.
		add_device /dev/vfio/3 $device
		control_device
		apply
		assert_refused 65 config.json linux.devices /dev/vfio/3
	done
}

@test "two devices with one cleaned path: refused where it is ours" {
	local path
	two_functions
	two_entries
	for path in /dev/vfio/45 /dev/vfio/vfio; do
		DEVICES=()
		rm -f "$CONFIG"
		host_device
		control_device
		add_device "/dev/.${path#/dev}" c 244 3
		apply
		assert_refused 65 config.json linux.devices "$path"
	done
}

@test "two devices with one cleaned path that differ: refused for a VFIO device that nobody maps" {
	local other
	OPTIONS+=(--unmapped=keep)
	# shellcheck disable=SC2089 # The numbers, and what else there is.
	for other in '243 8' '243 9 "fileMode":384' '243 9 "gid":36'; do
		rm -f "$CONFIG"
		DEVICES=()
		add_device /dev/vfio/9 c 243 9
		# shellcheck disable=SC2086,SC2090
		add_device /dev/vfio//9 c $other
		apply
		assert_refused 65 config.json linux.devices /dev/vfio/9
	done
}

@test "two equal devices with one cleaned path: they stay where no entry names them" {
	OPTIONS+=(--unmapped=keep)
	add_device /dev/vfio/9 c 243 9
	add_device /dev/vfio//9 c 243 9 '"fileMode":438'
	add_device /dev/vfio/vfio c 10 196
	add_device /dev/vfio/vfio c 10 196
	apply
	assert_silent
	assert_unchanged
}

@test "the control node twice, equal: both stay beside a mapped group" {
	two_functions
	two_entries
	host_device
	control_device
	add_device /dev/vfio/./vfio c 10 196
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/./vfio c 10:196'
	assert_idempotent
}

@test "two devices with one cleaned path: refused where a node entry names it" {
	needs_root
	mknod "$ROOT/dev/null" c 1 3
	add_map one "$(node_entry /dev/thing /dev/null)"
	add_device /dev/thing c 4 4
	add_device /dev//thing c 4 5
	apply
	assert_refused 65 config.json linux.devices /dev/thing
}

@test "two devices with one cleaned path: none of our business elsewhere" {
	common_case
	add_device /dev/fuse c 10 229
	add_device /dev//fuse c 10 229
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/fuse c 10:229' '/dev//fuse c 10:229'
}

@test "a FIFO and a device without numbers among the others stay" {
	common_case
	DEVICES+=('{"path":"/dev/initctl","type":"p"}')
	apply
	assert_silent
	assert_spec '.linux.devices[2] == {"path":"/dev/initctl","type":"p"}'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "final_path: the container sees the node there" {
	two_functions
	add_map 45 "$(with '"final_path":"/dev//vfio/77/"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/77 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "vm_path of a VFIO type is ignored" {
	two_functions
	add_map 45 "$(with '"vm_path":"/dev/vfio/9999"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "a node entry: the numbers and type of vm_path, the path as it was" {
	needs_root
	mkdir -p "$ROOT/dev/disk"
	mknod "$ROOT/dev/disk/one" b 254 16
	mknod "$ROOT/dev/two" c 200 7
	add_map nodes "$(node_entry /dev/xvda /dev/disk/one)" "$(node_entry /dev/card /dev/two /dev/gpu)"
	add_device /dev/xvda b 8 0 '"fileMode":432'
	add_rule + b 8:0 r
	add_device /dev/card b 8 1
	apply
	assert_silent
	assert_devices '/dev/xvda b 254:16 mode=432' '/dev/gpu c 200:7'
	# A read-only disk stays read-only; no control node comes with a node entry.
	assert_rules '- * *:* rwm' '+ b 254:16 r' '+ c 200:7 rwm'
	assert_idempotent
}

@test "vm_path is followed through links below the root, never out of it" {
	needs_root
	mkdir -p "$ROOT/dev/disk/by-id"
	mknod "$ROOT/dev/vda" b 254 0
	ln -s ../../vda "$ROOT/dev/disk/by-id/relative"
	ln -s /dev/vda "$ROOT/dev/disk/by-id/absolute"
	add_map nodes "$(node_entry /dev/a /dev/disk/by-id/relative)" "$(node_entry /dev/b /dev/disk/by-id/absolute)"
	add_device /dev/a b 8 0
	add_device /dev/b b 8 1
	apply
	assert_silent
	assert_devices '/dev/a b 254:0' '/dev/b b 254:0'
}

@test "vm_path isn't there, or is not a device node: 69" {
	local path why
	mkdir -p "$ROOT/dev/directory"
	: > "$ROOT/dev/file"
	ln -s nowhere "$ROOT/dev/dangling"
	mkfifo "$ROOT/dev/fifo"
	add_device /dev/thing c 4 4
	for path in missing directory file dangling fifo file/below; do
		case $path in
		missing | dangling) why=' is not on this machine: No such file or directory' ;;
		*/below) why=' is not on this machine: Not a directory' ;;
		*) why=' is not a character or block device' ;;
		esac
		add_map one "$(node_entry /dev/thing "/dev/$path")"
		apply
		assert_refused 69 "/dev/$path$why"
	done
}

@test "missing or null linux, devices, resources, process and env: nothing to do" {
	local text
	two_functions
	two_entries
	for text in '{}' '{"linux":null}' '{"linux":{}}' '{"linux":{"devices":null}}' '{"linux":{"devices":[]}}' \
		'{"linux":{"devices":null,"resources":null},"process":null,"mounts":null,"annotations":null}' \
		'{"linux":{"resources":{"devices":null}},"process":{"env":null}}' '{"process":{}}' '{"process":{"env":[]}}' \
		'{"mounts":[]}' '{"mounts":[{"destination":"/proc"}]}'; do
		config "$text"
		apply
		assert_silent
		assert_unchanged
	done
}

@test "missing or null process, env and resources beside a device" {
	local rest
	two_functions
	two_entries
	for rest in '' ',"process":null' ',"process":{}' ',"process":{"env":null}' ',"mounts":null,"annotations":null'; do
		config "{\"linux\":{\"devices\":[{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5}]}$rest}"
		apply
		assert_silent
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
		assert_rules '+ c 242:0 rwm' '+ c 10:196 rwm'
	done
}

@test "other devices stay where they are, in their order" {
	two_functions
	two_entries
	add_device /dev/fuse c 10 229 '"fileMode":438'
	host_device
	add_device /dev/net/tun c 10 200
	second_host_device
	control_device
	add_device /dev/kvm c 10 232
	apply
	assert_silent
	assert_devices '/dev/fuse c 10:229 mode=438' '/dev/vfio/3 c 242:0' '/dev/net/tun c 10:200' '/dev/vfio/4 c 242:1' \
		'/dev/vfio/vfio c 10:196' '/dev/kvm c 10:232'
}
