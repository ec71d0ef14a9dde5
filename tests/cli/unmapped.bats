#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# VFIO devices of a spec that no map entry names: --unmapped.

load helpers

setup() {
	machine
	bundle
	two_functions
}

# PATH...: with each of these as the only device of the spec, whatever its numbers, the run is refused.
assert_each_refused() {
	local path
	for path; do
		rm -f "$CONFIG"
		DEVICES=() MOUNTS=()
		add_device "$path" c 243 5
		apply
		assert_refused 69 config.json 'linux.devices[0]' "$(realpath -m "$path")"
	done
}

# PATH TYPE MAJOR MINOR: kept.
assert_kept() {
	rm -f "$CONFIG"
	DEVICES=() MOUNTS=()
	add_device "$@"
	add_device /dev/vfio/vfio c 10 196
	apply
	assert_silent
	assert_unchanged
}

@test "auto, no map source: kept where path, type and numbers are those of this machine" {
	assert_kept /dev/vfio/3 c 242 0
	assert_kept //dev/vfio/./4/ c 242 1
}

@test "auto, no map source: refused where it is another one, or isn't there" {
	local device
	for device in '/dev/vfio/3 c 242 1' '/dev/vfio/3 c 243 0' '/dev/vfio/3 b 242 0' '/dev/vfio/5 c 242 0' \
		'/dev/vfio/45 c 243 5'; do
		rm -f "$CONFIG"
		DEVICES=()
		# shellcheck disable=SC2086 # Four words.
		add_device $device
		apply
		assert_refused 69 config.json 'linux.devices[0]' "${device%% *}"
	done
}

@test "auto, no map source: an alien device beside one of this machine" {
	add_device /dev/vfio/3 c 242 0
	add_device /dev/vfio/45 c 243 5
	apply
	assert_refused 69 'linux.devices[1]' /dev/vfio/45
}

@test "auto, a map source: refused, with this machine's numbers too" {
	add_map other "$(entry /dev/vfio/99 0000:3b:09.0=06/00)"
	assert_each_refused /dev/vfio/45 /dev/vfio/0 /dev/vfio//45 /dev/vfio/noiommu-3 /dev/vfio/devices/vfio0 \
		/dev/../dev/vfio/devices/vfio7/
	DEVICES=()
	rm "$CONFIG"
	add_device /dev/vfio/3 c 242 0
	apply
	assert_refused 69 config.json 'linux.devices[0]' /dev/vfio/3
}

@test "auto: an empty map is a source, wherever it is" {
	add_device /dev/vfio/3 c 242 0
	add_map empty
	apply
	assert_refused 69 /dev/vfio/3
	rm -r "$MAPS"
	add_run_map empty
	apply
	assert_refused 69 /dev/vfio/3
	rm -r "$RUN_MAPS"
	add_fw_cfg
	apply
	assert_refused 69 /dev/vfio/3
	rm -r "$FW_CFG"
	apply
	assert_silent
	device_map empty
	apply
	assert_refused 69 /dev/vfio/3
}

@test "auto: an empty directory, and files of other names in it, are not a source" {
	mkdir -p "$MAPS" "$RUN_MAPS" "$MAPS/directory.d"
	echo nonsense > "$MAPS/README"
	echo nonsense > "$MAPS/45.json.bak"
	assert_kept /dev/vfio/3 c 242 0
}

@test "auto: a fw_cfg that the configuration switches off is not a source" {
	add_fw_cfg
	mkdir -p "$ETC"
	echo '{"fw_cfg":false}' > "$ETC/config.json"
	assert_kept /dev/vfio/3 c 242 0
}

@test "auto beside mapped devices: refused" {
	two_entries
	host_device
	add_device /dev/vfio/4 c 242 1
	control_device
	apply
	assert_refused 69 config.json 'linux.devices[1]' /dev/vfio/4
}

@test "error: refused, with this machine's numbers and without any map too" {
	OPTIONS+=(--unmapped=error)
	assert_each_refused /dev/vfio/45 /dev/vfio/noiommu-3 /dev/vfio/devices/vfio0
	DEVICES=()
	rm "$CONFIG"
	add_device /dev/vfio/3 c 242 0
	apply
	assert_refused 69 /dev/vfio/3
}

@test "keep: kept, whatever it is" {
	OPTIONS+=(--unmapped keep)
	assert_kept /dev/vfio/45 c 243 5
	assert_kept /dev/iommu c 1 1
	two_entries
	assert_kept /dev/vfio/99 b 243 5
	host_device
	rm "$CONFIG"
	apply
	assert_status 0
	assert_devices '/dev/vfio/99 b 243:5' '/dev/vfio/vfio c 10:196' '/dev/vfio/3 c 242:0'
}

@test "auto, no map source: noiommu nodes, by their own name and shown as N" {
	add_sysfs_node vfio noiommu-7 242:9
	assert_kept /dev/vfio/noiommu-7 c 242 9
	assert_kept /dev/vfio/7 c 242 9
	rm "$CONFIG"
	DEVICES=()
	add_device /dev/vfio/7 c 242 8
	apply
	assert_refused 69 /dev/vfio/7
}

@test "auto, no map source: nodes of iommufd" {
	add_sysfs_node vfio-dev vfio0 244:0
	add_sysfs_node misc iommu 10:257
	assert_kept /dev/vfio/devices/vfio0 c 244 0
	assert_kept /dev/iommu c 10 257
	# A control node is nobody's in particular, and of what machine can't be told.
	assert_kept /dev/iommu c 10 256
}

@test "names that only look like it are nobody's business" {
	local path
	add_map empty
	for path in /dev/vfio/vfio /dev/vfio /dev/vfio/x /dev/vfio/45x /dev/vfio/noiommu- /dev/vfio/noiommu-x \
		/dev/vfio/devices /dev/vfio/devices/vfio /dev/vfio/devices/45 /dev/iommu0 /dev/vfio/45/x /vfio/45 /dev/vfio/-1; do
		add_device "$path" c 243 5
	done
	apply
	assert_silent
	assert_unchanged
}

@test "a bind mount of such a node counts" {
	local mount
	add_map empty
	for mount in '/dev/vfio/45 /dev/vfio/45' '/run/card /dev/vfio/45' \
		'/dev/vfio/devices/vfio0 /dev/vfio/devices/vfio0'; do
		rm -f "$CONFIG"
		MOUNTS=()
		# shellcheck disable=SC2086 # Two words.
		add_mount $mount
		apply
		assert_refused 69 config.json 'mounts[1]'
		apply --unmapped=keep
		assert_status 0
		assert_unchanged
	done
	# What its destination is called tells nothing of what it shows.
	rm "$CONFIG"
	MOUNTS=()
	add_mount /dev/vfio/45 /run/card
	apply
	assert_silent
	assert_unchanged
}

@test "a bind mount of such a node, no map source: kept where this machine has it" {
	add_mount /dev/vfio/3 /dev/vfio/3
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_status 0
	assert_unchanged
	rm "$CONFIG"
	add_mount /dev/vfio/45 /dev/vfio/45
	apply
	assert_refused 69 config.json 'mounts[3]' /dev/vfio/45
}

@test "the configuration says it, the command line wins" {
	mkdir -p "$ETC"
	add_device /dev/vfio/45 c 243 5
	echo '{"unmapped":"keep"}' > "$ETC/config.json"
	apply
	assert_silent
	assert_unchanged
	apply --unmapped=error
	assert_refused 69 /dev/vfio/45
	echo '{"unmapped":"error"}' > "$ETC/config.json"
	apply
	assert_refused 69 /dev/vfio/45
	apply --unmapped=keep
	assert_silent
}
