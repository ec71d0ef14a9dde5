#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What names a device: a path is the word of whoever starts a container, so its numbers, or what the administrator wrote,
# must agree. Whatever its path is, a VFIO node of this machine is one by its numbers.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

# --- what stands in under an entry's path ---------------------------------------------------------------------------

@test "a device that a tenant renamed to the path of somebody's VFIO device: 69" {
	local device
	for device in '/dev/vfio/45 c 10 229' '/dev/vfio/45 c 1 3' '/dev//vfio/./45 c 233 5' '/dev/vfio/45 c 255 5' '/dev/vfio/45 c 512 5'; do
		rm -f "$CONFIG"
		DEVICES=()
		# shellcheck disable=SC2086 # Four words.
		add_device $device
		apply
		assert_refused 69 'linux.devices[0]' /dev/vfio/45 45.json 'another device stands in there' '"stand_in": true'
	done
}

@test "a pod's block volume at the path of a VFIO device: 69" {
	add_device /dev/vfio/45 b 8 16
	add_rule + b 8:16 rwm
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/45 45.json 'b 8:16'
	# Nor does the guest's kernel take it away.
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/45 45.json 'b 8:16'
}

@test "a device without numbers at the path of a VFIO device: 69" {
	DEVICES+=('{"path":"/dev/vfio/45","type":"c"}')
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/45 45.json 'one without numbers'
}

@test "stand_in: anything may stand in, as the administrator says" {
	add_map 45 "$(with '"stand_in":true' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	add_device /dev/vfio/45 c 1 3
	add_device /dev/null c 1 3
	control_device
	add_rule + c 1:3 rwm
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/null c 1:3' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 10:196 rwm' '+ c 1:3 rwm' '+ c 242:0 rwm'
}

@test "host_dev: only the device with these numbers is meant" {
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	add_device /dev/vfio/45 c 243 6
	control_device
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/45 45.json '"host_dev", 243:5'
	rm "$CONFIG"
	DEVICES=()
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "host_dev of another form: 65" {
	local value
	host_device
	for value in 7 true '"243"' '"243:"' '":5"' '"243:5:1"' '"243:-1"' '" 243:5"' '"243:5 "' '"0xf3:5"' '"4294967296:0"' '"c 243:5"' '""' '[243,5]'; do
		add_map 45 "$(with "\"host_dev\":$value" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
		apply
		assert_refused 65 45.json '[0].host_dev'
	done
	for value in 0 1 '"true"' '{}'; do
		add_map 45 "$(with "\"stand_in\":$value" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
		apply
		assert_refused 65 45.json '[0].stand_in'
	done
	add_map 45 "$(with '"host_dev":null,"stand_in":null' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	control_device
	rm "$CONFIG"
	apply
	assert_silent
}

@test "require_host_dev: an entry of the machine that the spec names must have it" {
	mkdir -p "$ETC"
	echo '{"require_host_dev":true}' > "$ETC/config.json"
	host_device
	control_device
	apply
	assert_refused 65 45.json '[0]' '"host_dev"' require_host_dev
	rm "$CONFIG"
	DEVICES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_refused 65 45.json '[0]' '"host_dev"' require_host_dev
	# Only the one that is named, and not of a --device-map.
	rm "$CONFIG"
	MOUNTS=()
	host_device
	control_device
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	apply
	assert_silent
	rm "$CONFIG" "$MAPS/45.json"
	device_map own "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# --- volumes -------------------------------------------------------------------------------------------------------

@test "a volume mounted at the path of a VFIO device: left alone, with a warning" {
	host_device
	control_device
	add_mount /dev/vfio/46 /var/lib/kubelet/pods/x/volumes/y
	apply
	assert_warning 'mounts[1]' /dev/vfio/46 46.json
	assert_mounts '/dev/vfio/46 /var/lib/kubelet/pods/x/volumes/y rbind,rprivate'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# --- numbers under any path -------------------------------------------------------------------------------------------

@test "a VFIO node of this machine under another path: 69, by the policy" {
	add_device /dev/nic c 242 1
	add_rule + c 242:1 rwm
	apply
	assert_refused 69 'linux.devices[0]' /dev/nic /dev/vfio/4 --unmapped=keep
	apply --unmapped=own
	assert_refused 69 'linux.devices[0]' /dev/nic /dev/vfio/4
	apply --unmapped=drop
	assert_refused 69 'linux.devices[0]' /dev/nic /dev/vfio/4
	apply --unmapped=keep
	assert_silent
	assert_unchanged
	# Without any map, too.
	rm -r "$MAPS"
	apply
	assert_refused 69 'linux.devices[0]' /dev/nic /dev/vfio/4
}

@test "a device of the host under another path: 69, by host_dev" {
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	mknod "$ROOT/dev/ng0n1" c 243 5
	local device
	for device in '/dev/x c 243 5' '/dev/x u 243 5' '/dev/vfio/vfio c 243 5' '/dev/ng0n1 c 243 5'; do
		rm -f "$CONFIG"
		DEVICES=()
		RULES=('{"allow":false,"access":"rwm"}')
		# shellcheck disable=SC2086 # Four words.
		add_device $device
		add_rule + c 243:5 rwm
		apply
		assert_refused 69 'linux.devices[0]' "${device%% *}" 'c 243:5' /dev/vfio/45 45.json host_dev --unmapped=own --unmapped=keep
		apply --unmapped=keep
		assert_silent
		assert_unchanged
	done
	# Only the last one is this machine's own.
	apply --unmapped=own
	assert_silent
	assert_unchanged
	rm "$CONFIG"
	DEVICES=()
	add_device /dev/x c 243 5
	apply --unmapped=own
	assert_refused 69 'linux.devices[0]' /dev/x /dev/vfio/45
}

@test "a device of the host beside the one that an entry names: 69, by the numbers" {
	host_device
	control_device
	add_device /dev/x c 243 5
	local policy
	for policy in auto own drop error; do
		apply --unmapped=$policy
		assert_refused 69 'linux.devices[2]' /dev/x 'linux.devices[0]' /dev/vfio/45 45.json
	done
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_refused 69 'linux.devices[2]' /dev/x 'linux.devices[0]' /dev/vfio/45 45.json
}

@test "a disk of the host under another path: 69, by host_dev" {
	add_map sdb "$(with '"host_dev":"8:16"' "$(node_entry /dev/sdb /dev/vdb)")"
	mknod "$ROOT/dev/vdb" b 254 16
	add_device /dev/foo b 8 16
	add_rule + b 8:16 rwm
	apply
	assert_refused 69 'linux.devices[0]' /dev/foo 'b 8:16' /dev/sdb sdb.json
	rm "$CONFIG"
	add_device /dev/sdb b 8 16
	apply
	assert_refused 69 'linux.devices[0]' /dev/foo 'b 8:16' /dev/sdb sdb.json
}

@test "a device of which one number is missing, which a runtime takes for 0: 65 where it may be VFIO's" {
	DEVICES+=('{"path":"/dev/x","type":"c","major":242}')
	apply
	assert_refused 65 'linux.devices[0]' '"minor"' 'c 242:0'
	rm -r "$MAPS"
	apply
	assert_refused 65 'linux.devices[0]' '"minor"' 'c 242:0'
	rm "$CONFIG"
	DEVICES=('{"path":"/dev/x","type":"c","major":10}')
	apply
	assert_silent
	assert_unchanged
}

@test "a handle of this machine under another path: 69" {
	add_sysfs_node vfio-dev vfio9 244:9
	add_device /dev/nic c 244 9
	apply
	assert_refused 69 'linux.devices[0]' /dev/nic /dev/vfio/devices/vfio9
}

@test "a VFIO node of this machine as the control node: 69, but where it is corrected" {
	add_device /dev/vfio/vfio c 242 1
	add_rule + c 242:1 rwm
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/vfio /dev/vfio/4
	rm "$CONFIG"
	host_device
	apply
	assert_silent
	assert_devices '/dev/vfio/vfio c 10:196' '/dev/vfio/3 c 242:0'
	assert_rules '- * *:* rwm' '+ c 10:196 rwm' '+ c 242:0 rwm'
}

@test "numbers of a dynamic major that aren't VFIO's here: nobody's business" {
	add_device /dev/nic c 242 99
	add_device /dev/other c 511 0
	add_device /dev/disk b 242 1
	apply
	assert_silent
	assert_unchanged
}

@test "a bind mount of a VFIO node of this machine under another path: 69" {
	local map
	mknod "$ROOT/dev/nic" c 242 1
	ln -s nic "$ROOT/dev/link"
	mknod "$ROOT/dev/other" c 242 99
	for map in with without; do
		for source in /dev/nic /dev/link; do
			rm -f "$CONFIG"
			MOUNTS=()
			add_mount /run/card "$source"
			apply
			assert_refused 69 'mounts[1]' "$source" /dev/vfio/4
			apply --unmapped=keep
			assert_silent
			assert_unchanged
		done
		rm -f "$CONFIG"
		MOUNTS=()
		add_mount /run/card /dev/other
		add_mount /run/gone /dev/gone
		add_mount /run/elsewhere "$ROOT/dev/nic"
		apply
		assert_silent
		assert_unchanged
		rm -rf "$MAPS"
	done
}

@test "a bind mount of such a node by a source that leaves a symbolic link: 69" {
	mkdir -p "$ROOT/proc/1/fd" "$ROOT/dev"
	ln -s ../proc/1/fd "$ROOT/dev/fd"
	ln -s / "$ROOT/proc/1/root"
	mknod "$ROOT/dev/nic" c 242 1
	MOUNTS=()
	add_mount /run/card /dev/fd/../root/dev/nic
	apply
	assert_refused 69 'mounts[1]' /dev/vfio/4
	# Nothing is there, and so it is nobody's.
	rm -f "$CONFIG"
	MOUNTS=()
	add_mount /run/card /dev/fd/../dev/nic
	apply
	assert_silent
	assert_unchanged
}

# --- the host's rules -------------------------------------------------------------------------------------------------

@test "a rule of the host's for numbers that are somebody else's node here: removed, with a warning" {
	host_device
	control_device
	add_rule + c 242:1 rwm
	add_rule + a 242:1 r
	apply
	assert_warning 'linux.resources.devices[3]: this rule is removed' 'linux.resources.devices[4]: this rule is removed' /dev/vfio/4
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "such a rule of a container without any device: removed as well" {
	add_rule + c 242:1 rwm
	apply
	assert_warning 'linux.resources.devices[1]: this rule is removed' /dev/vfio/4
	assert_rules '- * *:* rwm'
	assert_idempotent
}

@test "such a rule stays with own and keep, and without any map" {
	add_rule + c 242:1 rwm
	apply --unmapped=own
	assert_silent
	assert_unchanged
	apply --unmapped=keep
	assert_silent
	assert_unchanged
	rm -r "$MAPS"
	apply
	assert_silent
	assert_unchanged
}

@test "such a rule stays where a device, a bind mount or an earlier run explains it" {
	host_device
	control_device
	add_mount /dev/vfio/46 /dev/vfio/46
	add_rule + c 242:1 rw
	apply
	assert_silent
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm' '+ c 242:1 rw'
	assert_idempotent
}

@test "other rules stay: of other types and numbers, those that deny, and those of static majors" {
	add_rule + b 242:1 rwm
	add_rule - c 242:1 rwm
	add_rule + c 242:99 rwm
	add_rule + c 1:3 rwm
	apply
	assert_silent
	assert_unchanged
}

@test "host_dev: the rule for the host's node follows a mount" {
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_rule + c 243:5 rw
	apply
	assert_silent
	assert_rules '- * *:* rwm' '+ c 242:0 rw'
}

# --- the first rule of an empty list ----------------------------------------------------------------------------------

@test "an empty list gets rules: those of bind-mounted nodes, too" {
	mknod "$ROOT/dev/thing" c 200 7
	mkdir "$ROOT/dev/dri"
	RULES=()
	add_device /dev/vfio/vfio c 10 57
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/thing /dev/thing
	add_mount /srv /srv
	add_mount /dev/gone /dev/gone
	apply
	assert_silent
	assert_devices '/dev/vfio/vfio c 10:196'
	assert_rules '+ c 10:196 rwm' '+ c 242:0 rwm' '+ c 200:7 rwm'
	rm "$CONFIG"
	add_mount /dev/dri /dev/dri
	apply
	assert_warning "mounts[5]: the rules that this container gets don't allow what is in it"
}
