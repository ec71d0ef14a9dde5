#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 3: bind mounts of VFIO nodes, as rootless engines make them.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

# DESTINATION SOURCE becomes DESTINATION SOURCE, with the control node there already.
assert_mount_becomes() {
	rm -f "$CONFIG"
	MOUNTS=()
	add_mount "$1" "$2"
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_silent
	assert_mounts "$3 $4 rbind,rprivate,ro" '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
}

@test "destination and source become the final path and this machine's node" {
	assert_mount_becomes /dev/vfio/45 /dev/vfio/45 /dev/vfio/3 /dev/vfio/3
}

@test "the destination alone names nothing: whoever starts a container chooses it" {
	local source
	for source in /srv/volume /srv/host-dev/vfio/45 /dev/shm; do
		rm -f "$CONFIG"
		MOUNTS=()
		add_mount /dev/vfio/45 "$source"
		add_mount /dev/fuse /dev/fuse
		apply
		assert_warning 'mounts[1]' /dev/vfio/45 45.json
		assert_unchanged
	done
}

@test "stand_in: the destination names the entry, if the source is from below /dev" {
	add_map 45 "$(with '"stand_in":true' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	assert_mount_becomes /dev/vfio/45 /dev/null /dev/vfio/3 /dev/vfio/3
	rm "$CONFIG"
	MOUNTS=()
	add_mount /dev/vfio/45 /srv/volume
	add_mount /dev/fuse /dev/fuse
	apply
	assert_warning 'mounts[1]' /dev/vfio/45 45.json
	assert_unchanged
}

@test "the destination alone doesn't name a node entry with host_dev" {
	add_map sdb "$(with '"host_dev":"8:16"' "$(node_entry /dev/sdb /dev/vdb)")"
	mknod "$ROOT/dev/vdb" b 254 16
	mkdir "$ROOT/dev/shm"
	add_mount /dev/sdb /dev/shm
	apply
	assert_warning 'mounts[1]' /dev/sdb sdb.json
	assert_unchanged
}

@test "a relative source lies in the bundle, and names nothing" {
	add_mount /card dev/vfio/45
	apply
	assert_silent
	assert_unchanged
}

@test "the source alone names the entry: only the source changes" {
	assert_mount_becomes /dev/card /dev/vfio/45 /dev/card /dev/vfio/3
}

@test "paths of mounts are cleaned before they are compared" {
	assert_mount_becomes //dev/vfio/./45/ /dev/../dev/vfio//45 /dev/vfio/3 /dev/vfio/3
}

@test "no rule and no device is added for a mount" {
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_silent
	assert_rules '- * *:* rwm'
	assert_devices
	assert_spec '.linux | has("devices") | not'
}

@test "an empty rule list stays empty where the group comes by a mount" {
	RULES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_silent
	assert_mounts '/dev/vfio/3 /dev/vfio/3 rbind,rprivate,ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
	assert_rules
}

@test "a bind mount is one by its type or by an option" {
	local mount
	for mount in 'bind ro' 'bind bind' 'none rbind,nosuid' 'none nosuid,bind' 'tmpfs bind'; do
		rm -f "$CONFIG"
		MOUNTS=()
		# shellcheck disable=SC2086 # A type and its options.
		add_mount /dev/vfio/45 /dev/vfio/45 ${mount//,/ }
		add_mount /dev/vfio/vfio /dev/vfio/vfio
		apply
		assert_silent
		assert_spec '.mounts[1] | .destination == "/dev/vfio/3" and .source == "/dev/vfio/3"'
	done
}

@test "a bind mount without a type, and one without options" {
	MOUNTS=('{"destination":"/dev/vfio/45","source":"/dev/vfio/45","options":["bind"]}'
		'{"destination":"/dev/vfio/46","source":"/dev/vfio/46","type":"bind"}'
		'{"destination":"/dev/vfio/vfio","source":"/dev/vfio/vfio","type":"bind","options":null}')
	apply
	assert_silent
	assert_mounts '/dev/vfio/3 /dev/vfio/3 bind,ro' '/dev/vfio/4 /dev/vfio/4 ro' '/dev/vfio/vfio /dev/vfio/vfio '
}

@test "a mount that is not a bind mount isn't looked at" {
	add_mount /dev/vfio/45 /dev/vfio/45 tmpfs nosuid mode=755
	add_mount /dev/vfio/46 /dev/vfio/46 none nosuid
	apply
	assert_silent
	assert_unchanged
}

@test "swapped mounts come out right" {
	add_map 45 "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	add_map 46 "$(entry /dev/vfio/4 0000:3b:02.1=06/00)"
	add_mount /dev/vfio/3 /dev/vfio/3 bind ro
	add_mount /dev/vfio/4 /dev/vfio/4 bind rw
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	apply
	assert_silent
	assert_mounts '/dev/vfio/4 /dev/vfio/4 ro' '/dev/vfio/3 /dev/vfio/3 ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
	assert_idempotent
}

@test "a device and a mount of one entry both change" {
	host_device
	control_device
	add_mount /run/card /dev/vfio/45
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_mounts '/run/card /dev/vfio/3 rbind,rprivate,ro'
}

@test "other mounts stay, the odd ones too" {
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_mount /dev/termination-log /var/lib/kubelet/pods/x/containers/y/z
	add_mount /dev/shm /dev/shm
	MOUNTS+=('{"destination":"/nothing"}' '{"destination":"/null","type":null,"source":null,"options":null}')
	apply
	assert_silent
	assert_spec '.mounts[3:] == [
		{"destination":"/dev/termination-log","type":"bind","source":"/var/lib/kubelet/pods/x/containers/y/z","options":["rbind","rprivate"]},
		{"destination":"/dev/shm","type":"bind","source":"/dev/shm","options":["rbind","rprivate"]},
		{"destination":"/nothing"},{"destination":"/null","type":null,"source":null,"options":null}]'
}

@test "a bind of the machine's root and a devtmpfs show all nodes, with a warning" {
	add_mount /host /
	MOUNTS+=('{"destination":"/host-dev","type":"devtmpfs","source":"devtmpfs","options":["nosuid"]}')
	apply
	assert_warning 'mounts[1]: it shows the whole "/" of this machine' 'mounts[2]: it shows the whole "/dev" of this machine'
	assert_unchanged
}

@test "a bind of the whole /dev/vfio stays, with a warning" {
	add_mount /dev/vfio /dev/vfio
	apply
	assert_warning /dev/vfio
	assert_unchanged
	plan --json
	assert_output '.changed == false' '.warnings | length == 1' '.warnings[0] | contains("mounts[1]")'
}

@test "a node entry by a mount: the source becomes vm_path" {
	needs_root
	mknod "$ROOT/dev/gpu0" c 226 0
	add_map node "$(node_entry /dev/dri/card7 /dev/gpu0)" "$(node_entry /dev/dri/card8 /dev/gpu0 /dev/dri/card0)"
	add_mount /dev/dri/card7 /dev/dri/card7
	add_mount /dev/dri/card8 /dev/dri/card8
	apply
	assert_silent
	assert_mounts '/dev/dri/card7 /dev/gpu0 rbind,rprivate,ro' '/dev/dri/card0 /dev/gpu0 rbind,rprivate,ro'
}

@test "final_path: the destination is there, the source is the node" {
	add_map 45 "$(with '"final_path":"/dev/vfio/77"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	assert_mount_becomes /dev/vfio/45 /dev/vfio/45 /dev/vfio/77 /dev/vfio/3
}

# Mounts that have nothing to do with /dev are looked at where a path of a map has nothing to do with it, either.

@test "paths elsewhere than below /dev: container_path" {
	add_map 45 "$(entry /srv/card 0000:3b:02.0=06/00)"
	assert_mount_becomes /srv/card /srv/card /dev/vfio/3 /dev/vfio/3
	assert_mount_becomes /run/card /srv/card /run/card /dev/vfio/3
}

@test "paths elsewhere than below /dev: final_path, and what would hide it" {
	add_map 45 "$(with '"final_path":"/srv/card"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	assert_mount_becomes /dev/vfio/45 /dev/vfio/45 /srv/card /dev/vfio/3
	# A second run knows it again.
	apply
	assert_silent
	assert_mounts '/srv/card /dev/vfio/3 rbind,rprivate,ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
	rm "$CONFIG"
	add_mount /srv/card /srv/volume
	apply
	assert_refused 65 /srv/card 'mounts[3]'
	rm "$CONFIG"
	MOUNTS=()
	add_mount /srv/card /srv/volume
	add_device /dev/vfio/45 c 243 5
	apply
	assert_refused 65 /srv/card 'mounts[1]'
}

@test "paths elsewhere than below /dev: vm_path" {
	needs_root
	mkdir -p "$ROOT/srv"
	mknod "$ROOT/srv/gpu0" c 226 0
	add_map node "$(node_entry /dev/dri/card7 /srv/gpu0)"
	add_mount /run/card /dev/dri/card7
	apply
	assert_silent
	assert_mounts '/run/card /srv/gpu0 rbind,rprivate,ro'
	apply
	assert_silent
	assert_mounts '/run/card /srv/gpu0 rbind,rprivate,ro'
}
