# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of created containers share: a bundle whose spec was written for another kernel, of which only the
# environment is right from the start, and its hooks. To be loaded after helpers.bash.
#
# jq's variables look like the shell's, and some of those here are for the tests:
# shellcheck disable=SC2016,SC2034

edu_port=0000:01:00.0
host_numbers=243:5
device="$edu_port 0x010000ed"

new_bundle() {
	# Not bats' own directory: a user namespace's root has no way into it.
	bundle=/run/live/$BATS_SUITE_TEST_NUMBER
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	cp "$(command -v busybox)" "$bundle/rootfs/busybox"
	container_id=live-$BATS_SUITE_TEST_NUMBER
	edu_group=$(group_of $edu_port)
}

container() {
	"$1" run --bundle "$bundle" "$container_id"
}

# The process prints what it finds below /dev/vfio, and where something is mounted there, before it probes.
live_spec() {
	once "live-$1" make_live_spec "$1"
}

make_live_spec() {
	new_spec "$1"
	process_looks '/busybox ls -A /dev/vfio
		/busybox cut -d " " -f 5 /proc/self/mountinfo | /busybox grep ^/dev/vfio/ | /busybox sort'
}

# SCRIPT: what the process does before it probes.
process_looks() {
	edit_spec --arg script "$1"$'\nexec /probe' '.process.args = ["/busybox", "sh", "-c", $script]'
}

# What the host's engine made of group 45, and the address of this machine.
foreign_spec() {
	once "foreign-$1" make_foreign_spec "$1"
}

make_foreign_spec() {
	live_spec "$1"
	add_device INTEL_COM_SRIOV $edu_port 45 $host_numbers
	add_control_node
}

no_dev_mount() {
	mkdir -p "$bundle/rootfs/dev"
	edit_spec '.mounts |= map(select(.destination | startswith("/dev") | not))'
}
