#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Functions by what they are, on a real kernel: of two equal ones each selector finds the right one, and a map does the
# same wherever it comes from. Runs as root in guests that `boot` starts with selectors.conf, once with QEMU's ACPI
# hot-plug, under systemd, once with the ports' own (tag native), and with the modules of `modules`.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c).
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

host_numbers=243:5
edu_identification=0x010000ed
left=0000:00:05.0
right=0000:00:08.0
nic_1=0000:00:0b.0
nic_2=0000:00:0c.0

load helpers

# BRIDGE: prints the address of the function behind it.
behind() {
	local children=(/sys/bus/pci/devices/"$1"/????:??:??.?)
	basename "${children[0]}"
}

setup_file() {
	local address
	modprobe -a vfio-pci
	for address in $left $right $nic_1 $nic_2; do bind_to vfio-pci "$address"; done
	for address in 0000:00:06.0 0000:00:07.0 0000:20:00.0 0000:20:01.0; do
		bind_to vfio-pci "$(behind "$address")"
	done
}

setup() {
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	map=$BATS_TEST_TMPDIR/map.json
	config=/etc/oci-vfio-hook/config.json
	mkdir -p "$bundle/rootfs" /etc/oci-vfio-hook
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
}

teardown() {
	rm -f "$config"
}

# RUNTIME: a spec with the host's device.
host_spec() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	add_control_node
}

# GUEST
map_to() {
	jq -n --arg option "0000:3b:02.0=$1" '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$option]}]' \
		> "$map"
}

# GUEST [OPTION...]
apply() {
	map_to "$1"
	"$OCI_VFIO_HOOK" --device-map "$map" apply "$bundle" "${@:2}"
}

# GUEST ADDRESS: that function it is, and nothing else on this machine.
assert_finds() {
	host_spec crun
	expect 0 '' apply "$1"
	jq -e --arg path "/dev/vfio/$(group_of "$2")" --arg variable "PCIDEVICE_INTEL_COM_SRIOV=$2" '
		([.linux.devices[].path] | index($path)) and (.process.env | index($variable))' < "$bundle/config.json"
}

# RUNTIME ADDRESS: the container drives it.
assert_drives() {
	expect 0 "$2 $edu_identification" "$1" run --bundle "$bundle" "test-$BATS_TEST_NUMBER"
}

@test "acpi-index: of two functions behind root ports" {
	assert_finds acpi-index:7 "$(behind 0000:00:06.0)"
	assert_finds acpi-index:8 "$(behind 0000:00:07.0)"
	assert_drives crun "$(behind 0000:00:07.0)"
}

@test "label: of two functions on the root bus" {
	assert_finds 'label:Left + side' $left
	assert_finds 'label:Right side' $right
	assert_drives crun $right
}

@test "slot: of two functions behind the root ports of an expander" {
	assert_finds slot:43 "$(behind 0000:20:00.0)"
	assert_finds slot:44 "$(behind 0000:20:01.0)"
	assert_drives crun "$(behind 0000:20:01.0)"
}

# bats test_tags=native
@test "slot: of two functions behind root ports with native hot-plug" {
	assert_finds slot:41 "$(behind 0000:00:06.0)"
	assert_finds slot:42+id:1234:11e8 "$(behind 0000:00:07.0)"
	assert_drives crun "$(behind 0000:00:07.0)"
}

@test "serial: of two network functions" {
	assert_finds serial:525400ffff000001 $nic_1
	assert_finds serial:52-54-00-ff-ff-00-00-02 $nic_2
}

@test "id: of six equal functions refused, with what tells them apart" {
	host_spec crun
	expect 69 'selector "id:1234:11e8" matches 6 functions: ' apply id:1234:11e8
	[[ $output == *"$left (05, label:Left + side)"* ]]
	[[ $output == *"$(behind 0000:00:06.0) (06/00, "*"acpi-index:7)"* ]]
	[[ $output == *"$(behind 0000:20:00.0) (0000:20/00/00, slot:43)"* ]]
	expect 69 "$nic_1 (0b, serial:525400ffff000001), $nic_2 (0c, serial:525400ffff000002)" apply id:8086:10d3
	assert_finds id:8086:10d3+serial:525400ffff000002 $nic_2
}

@test "self: the same address as on the host" {
	new_spec crun
	add_device INTEL_COM_SRIOV $left 45 $host_numbers
	add_control_node
	jq -n --arg option "$left=self" '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$option]}]' > "$map"
	expect 0 '' "$OCI_VFIO_HOOK" --device-map "$map" apply "$bundle"
	assert_drives crun $left
}

# RUNTIME KEY: by the map of this source alone.
by_source() {
	jq -n --arg wanted "$2" '[("credential", "fw_cfg", "smbios") | {key: ., value: (. == $wanted)}] | from_entries' > "$config"
	host_spec "$1"
	expect 0 '' "$OCI_VFIO_HOOK" apply "$bundle"
	jq 'del(.annotations)' < "$bundle/config.json" > "/run/specs/$1-$2-mapped.json"
}

@test "a map by a credential, fw_cfg and SMBIOS gives the same, and the container drives the device: crun, runc" {
	local runtime key
	# systemd has made it of the SMBIOS string.
	[ -f /run/credentials/@system/oci-vfio-hook.devices ]
	for runtime in crun runc; do
		host_spec $runtime
		expect 11 'no PCI function 0000:3b:02.0' $runtime run --bundle "$bundle" "test-$BATS_TEST_NUMBER"
		for key in credential fw_cfg smbios; do
			by_source $runtime $key
			cmp /run/specs/$runtime-{credential,$key}-mapped.json
		done
		assert_drives $runtime "$(behind 0000:00:07.0)"
	done
	echo '{"credential": false, "fw_cfg": false, "smbios": false}' > "$config"
	host_spec crun
	expect 69 'is not one of this machine' "$OCI_VFIO_HOOK" apply "$bundle"
}

# bats test_tags=native
@test "a selector of what is plugged in meanwhile, without udevd" {
	local waiting tries=0 address=/sys/bus/pci/slots/45/address
	[ ! -e /run/udev/control ]
	host_spec crun
	map_to slot:45+id:1234:11e8
	"$OCI_VFIO_HOOK" --device-map "$map" --timeout 60 apply "$bundle" > "$BATS_TEST_TMPDIR/output" 2>&1 &
	waiting=$!
	until_it_listens $waiting
	until [ -e "/sys/bus/pci/devices/$(cat $address).0" ]; do
		[ $((tries++ % 60)) -ne 0 ] || echo 'device_add edu,bus=port-3,id=plugged' > /dev/ttyS3
		sleep 0.05
	done
	bind_to vfio-pci "$(cat $address).0"
	wait $waiting || { cat "$BATS_TEST_TMPDIR/output"; false; }
	assert_drives crun "$(behind 0000:00:0a.0)"
}

# RUNTIME RLIMITS: a container that prints its limits, which `memlock` of the entry is to raise. Not its variables: they
# would come too late for createRuntime.
memlock_spec() {
	mkdir -p "$bundle/rootfs/bin"
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	edit_spec --argjson rlimits "$2" '.process.rlimits = $rlimits | .process.args = ["/bin/busybox", "sh", "-c", "ulimit -S -l; ulimit -H -l"]
		| .process.env |= map(select(startswith("PCIDEVICE_") | not))'
	map_to acpi-index:7
	edit_map '.[0].memlock = "unlimited"'
}

edit_map() {
	local text
	text=$(jq "$@" < "$map")
	echo "$text" > "$map"
}

# RUNTIME LIMIT
assert_memlock() {
	expect 0 '' "$1" run --bundle "$bundle" "test-$BATS_TEST_NUMBER-$RANDOM"
	[ "${lines[*]}" = "$2 $2" ]
}

low='[{"type":"RLIMIT_MEMLOCK","hard":65536,"soft":65536}]'

@test "memlock: the container may lock memory after apply: crun, runc" {
	local runtime
	for runtime in crun runc; do
		memlock_spec $runtime "$low"
		assert_memlock $runtime 64
		expect 0 '' "$OCI_VFIO_HOOK" --device-map "$map" apply "$bundle"
		assert_memlock $runtime unlimited
	done
}

@test "memlock: at createRuntime, but for a limit of the spec's own that runc sets again: crun, runc" {
	local runtime
	ulimit -l 8192
	for runtime in crun runc; do
		memlock_spec $runtime '[]'
		assert_memlock $runtime 8192
		add_hook createRuntime "$OCI_VFIO_HOOK" hook --device-map "$map" --log /run/memlock.log createRuntime
		assert_memlock $runtime unlimited
	done
	memlock_spec crun "$low"
	add_hook createRuntime "$OCI_VFIO_HOOK" hook --device-map "$map" --log /run/memlock.log createRuntime
	assert_memlock crun unlimited
	memlock_spec runc "$low"
	add_hook createRuntime "$OCI_VFIO_HOOK" hook --device-map "$map" --log /run/memlock.log createRuntime
	assert_memlock runc 64
	tail -n 2 /run/memlock.log | grep -F 'the spec has a RLIMIT_MEMLOCK of its own, which runc sets again after this stage'
}

# STRACE-OPTION...: a container with createRuntime's hook, in which these system calls fail.
fails_with() {
	local option options=()
	for option; do options+=(-e "inject=$option"); done
	memlock_spec crun '[]'
	add_hook createRuntime /usr/bin/strace strace -qq -o /run/memlock.trace "${options[@]}" \
		"$OCI_VFIO_HOOK" --device-map "$map" --log /run/memlock.log createRuntime
	run crun run --bundle "$bundle" "test-$BATS_TEST_NUMBER-$RANDOM"
	[ "$status" -ne 0 ]
	grep -F INJECTED /run/memlock.trace
}

# Of prlimit() the first is the C library's, and the second asks for the process' limit.
@test "memlock: a limit that can't be raised, or put back" {
	fails_with prlimit64:error=EPERM:when=3
	tail -n 1 /run/memlock.log | grep -F "RLIMIT_MEMLOCK of the container's process can't be raised: Operation not permitted; nothing was changed"
	[ "$(tail -n 1 /run/memlock.log | grep -c 'nothing was changed.*nothing was changed')" = 0 ]
	fails_with renameat:error=EIO
	[ "$(grep -c 'RLIMIT_MEMLOCK, {rlim_cur=' /run/memlock.trace)" = 2 ]
	fails_with renameat:error=EIO prlimit64:error=EPERM:when=4
	tail -n 3 /run/memlock.log > /run/memlock.last
	grep -F "RLIMIT_MEMLOCK of the container's process could not be put back: Operation not permitted" /run/memlock.last
	grep -F '; not all that was changed could be put back' /run/memlock.last
}

@test "list: each function with the path that a map finds it by, its nodes, and the container that has one open" {
	local address path id tries=0 group list=$BATS_TEST_TMPDIR/list.json
	"$OCI_VFIO_HOOK" list --json > "$list"
	address=$(behind 0000:20:01.0)
	path=$(jq -re --arg address "$address" '.functions[] | select(.address == $address) | .path' < "$list")
	assert_finds "$path" "$address"
	group=$(group_of $right)
	jq -e --argjson group "$group" --arg numbers "$(numbers_of "$group")" --arg address $right '.groups[]
		| select(.number == $group) | [.viable, .node.path, "\(.node.major):\(.node.minor)", .functions]
		== [true, "/dev/vfio/\($group)", $numbers, [$address]]' < "$list"
	jq -e --arg name "$(ls /sys/bus/pci/devices/$right/vfio-dev)" --arg address $right '.functions[] | select(.address == $address)
		| [.handle.path, .label, .open] == ["/dev/vfio/devices/\($name)", "Right side", []]' < "$list"
	jq -e '[.functions[].slot] | contains(["43"])' < "$list"
	podman_in_guest /run/list
	mkdir -p "$bundle/rootfs/bin"
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	id=$(podman --runtime crun run --detach --device "/dev/vfio/$group" --rootfs "$bundle/rootfs" \
		/bin/busybox sh -c "exec /bin/busybox sleep 100 3<> /dev/vfio/$group")
	until "$OCI_VFIO_HOOK" list > "$list" && grep -E "^$right +1234:11e8 +vfio-pci +$group +/dev/vfio/$group +08 .* ${id:0:12}$" "$list"; do
		cat "$list"
		[ $((tries++)) -lt 100 ]
		sleep 0.1
	done
	"$OCI_VFIO_HOOK" list --groups group:"$group" | grep -F "(busybox) of podman container ${id:0:12}"
	podman rm --force --time 0 "$id"
	[ "$("$OCI_VFIO_HOOK" list --json $right | jq '.functions[].open')" = '[]' ]
}

@test "the kernel has what Debian's modules lack: handles, noiommu groups, a mediated device" {
	[ -c /dev/iommu ]
	[ "$(cat "/sys/class/vfio-dev/$(ls "/sys/bus/pci/devices/$left/vfio-dev")/dev")" = \
		"$(stat -c %Hr:%Lr "/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$left/vfio-dev")")" ]
	[ -e /sys/module/vfio/parameters/enable_unsafe_noiommu_mode ]
	modprobe mtty
	[ -d /sys/class/mdev_bus/mtty ]
}
