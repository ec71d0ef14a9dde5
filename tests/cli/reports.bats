#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Situations that people who do this job have told of, from beginning to end: what the container gets, or which message
# tells them what to do. Those of arguments and annotations are in leftover.bats.

load helpers

setup() {
	machine
	bundle
}

# _INFO of one function and its node, as the SR-IOV device plugin writes it.
info() {
	printf '{"%s":{"generic":{"deviceID":"%s"},"vfio":{"dev-mount":"%s","mount":"/dev/vfio/vfio"}}}' "$1" "$1" "$2"
}

# --- a saved spec after a reboot: the groups have other numbers ---------------------------------------------------

# The VF 0000:89:05.2 was in group 100, with 243:4; today it is in 125, and 100 is another one's, with just these
# numbers.
renumbered() {
	add_bridge 0000:85:02.0 bus=89
	add_pci_function 0000:89:04.1 parent=0000:85:02.0 driver=vfio-pci group=100 node=243:4
	add_pci_function 0000:89:05.2 parent=0000:85:02.0 driver=vfio-pci group=125 node=243:17
	add_device /dev/vfio/100 c 243 4
	add_rule + c 243:4 rwm
	control_device
}

@test "a renumbered group: the spec's own address tells, and the message says what to write" {
	renumbered
	add_env PCIDEVICE_X=0000:89:05.2 "PCIDEVICE_X_INFO=$(info 0000:89:05.2 /dev/vfio/100)"
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/100 0000:89:05.2 'whose node is /dev/vfio/125 today' --by-address=remap \
		'"container_path": "/dev/vfio/100"' '"options": ["0000:89:05.2=0000:89:05.2"]'
	# What it says to write helps.
	device_map own "$(entry /dev/vfio/100 0000:89:05.2=0000:89:05.2)"
	apply
	assert_silent
	assert_devices '/dev/vfio/125 c 243:17' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 243:17 rwm' '+ c 10:196 rwm'
	assert_env PCIDEVICE_X=0000:89:05.2 "PCIDEVICE_X_INFO=$(info 0000:89:05.2 /dev/vfio/125)"
}

@test "a renumbered group, and nothing that pairs the address with it: the same, since there is one node" {
	renumbered
	add_env PCIDEVICE_X=0000:89:05.2
	apply
	assert_refused 69 /dev/vfio/100 0000:89:05.2 'whose node is /dev/vfio/125 today' --by-address=remap
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/125 c 243:17' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 243:17 rwm' '+ c 10:196 rwm'
	assert_idempotent --by-address=remap
}

@test "a renumbered group of a container of podman's, whose annotations have a CRI engine's names" {
	renumbered
	add_env PCIDEVICE_X=0000:89:05.2
	add_annotation io.container.manager libpod
	add_annotation io.kubernetes.cri-o.Created 2026-11-21T18:29:46Z
	add_annotation io.kubernetes.cri-o.TTY false
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/125 c 243:17' '/dev/vfio/vfio c 10:196'
}

@test "a renumbered group that is gone today" {
	renumbered
	rm "$ROOT/sys/class/vfio/100"
	add_env PCIDEVICE_X=0000:89:05.2
	apply
	assert_refused 69 /dev/vfio/100 0000:89:05.2 'whose node is /dev/vfio/125 today'
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/125 c 243:17' '/dev/vfio/vfio c 10:196'
}

@test "a renumbered group, and the function isn't bound yet: never the other one" {
	renumbered
	rm "$ROOT/sys/devices/pci0000:85/0000:85:02.0/0000:89:05.2/driver"
	add_env PCIDEVICE_X=0000:89:05.2 "PCIDEVICE_X_INFO=$(info 0000:89:05.2 /dev/vfio/100)"
	apply
	assert_refused 69 /dev/vfio/100 0000:89:05.2 'driverctl set-override 0000:89:05.2 vfio-pci'
	apply --by-address=remap
	assert_refused 69 /dev/vfio/100 0000:89:05.2 'driverctl set-override 0000:89:05.2 vfio-pci'
}

@test "a renumbered group of a pod: its author's variables give no device" {
	renumbered
	add_env PCIDEVICE_X=0000:89:05.2
	# Of a CRI engine, and of docker for cri-dockerd.
	for key in io.kubernetes.docker.type io.kubernetes.cri.sandbox-id; do
		ANNOTATIONS=()
		add_annotation "$key" 0123
		apply --by-address=remap
		assert_refused 69 /dev/vfio/100 0000:89:05.2 /dev/vfio/125 "a pod's variables"
	done
	# The other remedy isn't offered, since it wouldn't help.
	apply
	assert_refused 69 "a pod's variables"
	! grep -q by-address "$STDERR" || fail "$(show_output)"
}

@test "a renumbered group of a rootless container, by a mount" {
	renumbered
	DEVICES=() RULES=()
	add_mount /dev/vfio/100 /dev/vfio/100
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_env PCIDEVICE_X=0000:89:05.2
	apply
	assert_refused 69 'mounts[1]' /dev/vfio/100 0000:89:05.2 'whose node is /dev/vfio/125 today'
	apply --by-address=remap
	assert_silent
	assert_mounts '/dev/vfio/125 /dev/vfio/125 rbind,rprivate,ro' '/dev/vfio/vfio /dev/vfio/vfio rbind,rprivate'
}

# --- two of the host's groups are one here --------------------------------------------------------------------

# A PCIe-to-PCI bridge: what is behind it is in one group.
one_guest_group() {
	add_bridge 0000:00:02.0 bus=01 group=2
	add_pci_function 0000:01:01.0 parent=0000:00:02.0 driver=vfio-pci group=2 node=242:0
	add_pci_function 0000:01:02.0 parent=0000:00:02.0 driver=vfio-pci group=2 node=242:0
	add_map both "$(entry /dev/vfio/45 0000:3b:02.0=02/01)" "$(entry /dev/vfio/46 0000:3b:02.1=02/02)"
}

@test "two host groups are one here: a container with both has one node" {
	one_guest_group
	host_device
	second_host_device
	control_device
	add_env PCIDEVICE_X=0000:3b:02.0,0000:3b:02.1
	apply
	assert_silent
	assert_devices '/dev/vfio/2 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_X=0000:01:01.0,0000:01:02.0
	assert_idempotent
}

@test "two host groups are one here: a container with one is told whose the other is" {
	one_guest_group
	host_device
	control_device
	apply
	assert_warning 'both.json: [0]: IOMMU group 2 also has 0000:01:02.0, the device of' 'both.json: [1]'
	assert_devices '/dev/vfio/2 c 242:0' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	DEVICES=()
	second_host_device
	control_device
	apply
	assert_warning 'both.json: [1]: IOMMU group 2 also has 0000:01:01.0, the device of' 'both.json: [0]'
}

@test "a function that shares the group and is nobody's comes with it: told at level info" {
	one_guest_group
	add_map both "$(entry /dev/vfio/45 0000:3b:02.0=02/01)"
	host_device
	control_device
	apply
	assert_silent
	rm "$CONFIG"
	apply --log-level=info
	assert_warning 'both.json: [0]: IOMMU group 2 also has 0000:01:02.0, which comes with it'
}

# --- one of the host's groups is several here -------------------------------------------------------------------

split_group() {
	two_functions
	add_device /dev/vfio/45 c 243 5
	add_rule + c 243:5 rwm
	control_device
	add_env PCIDEVICE_X=0000:3b:00.0,0000:3b:00.1 \
		'PCIDEVICE_X_INFO={"0000:3b:00.0":{"vfio":{"dev-mount":"/dev/vfio/45"}},"0000:3b:00.1":{"vfio":{"dev-mount":"/dev/vfio/45"}}}'
}

@test "one host group is two here: both nodes and rules" {
	split_group
	add_map one "$(entry /dev/vfio/45 0000:3b:00.0=06/00 0000:3b:00.1=07/00)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm' '+ c 242:1 rwm'
	assert_spec '.process.env[2] == "PCIDEVICE_X=0000:01:00.0,0000:02:00.0"'
	assert_idempotent
}

@test "one host group is two here, written as two entries: the message says to make them one" {
	split_group
	add_map two "$(entry /dev/vfio/45 0000:3b:00.0=06/00)" "$(entry /dev/vfio/45 0000:3b:00.1=07/00)"
	apply
	assert_refused 65 'two.json: [1]' /dev/vfio/45 'two.json: [0]' 'with the options of both'
}

# --- privileged containers ----------------------------------------------------------------------------------------

@test "a privileged container lists all of the host's nodes: with drop those that aren't mapped go" {
	local group
	two_functions
	# The host's 243:0 is another group's here: nothing may stay of it.
	add_pci_function 0000:00:09.0 driver=vfio-pci group=9 node=243:0
	add_map 61 "$(entry /dev/vfio/61 0000:81:10.0=06/00)"
	for group in 58 59 60 61; do
		add_device "/dev/vfio/$group" c 243 $((group - 58))
	done
	add_device /dev/vfio/vfio c 10 196
	add_device /dev/fuse c 10 229
	RULES=('{"allow":true,"access":"rwm"}')
	add_env PCIDEVICE_X=0000:81:10.0
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/58 --unmapped=drop
	apply --unmapped=drop
	assert_warning '"/dev/vfio/58" is removed' '"/dev/vfio/59" is removed' '"/dev/vfio/60" is removed'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/fuse c 10:229'
	assert_env PCIDEVICE_X=0000:01:00.0
	assert_idempotent --unmapped=drop
}

# The administrator wrote a map for a container that was saved before a reboot; the machine's own nodes are 51 and 52.
own_beside_map() {
	add_pci_function 0000:00:05.0 driver=vfio-pci group=51
	add_pci_function 0000:00:06.0 driver=vfio-pci group=52
	add_map saved "$(entry /dev/vfio/45 0000:00:05.0=05)"
}

@test "a privileged container of this machine beside somebody's map: it starts with own, and the message says so" {
	own_beside_map
	add_device /dev/vfio/51 c 242 51
	add_device /dev/vfio/52 c 242 52
	add_device /dev/vfio/vfio c 10 196
	RULES=('{"allow":true,"access":"rwm"}')
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/51 --unmapped=own
	apply --unmapped=own
	assert_silent
	assert_unchanged
}

@test "a new container of this machine beside somebody's map: it starts with own" {
	own_beside_map
	add_device /dev/vfio/52 c 242 52
	add_rule + c 242:52 rwm
	control_device
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/52 --unmapped=own
	apply --unmapped=own
	assert_silent
	assert_unchanged
	# So it does by an entry that says that it is itself.
	add_map self "$(entry /dev/vfio/52 0000:00:06.0=06)"
	apply
	assert_silent
	assert_unchanged
}

# --- groups that aren't viable: remedies that help -----------------------------------------------------------------

# ADDRESS [NAME=VALUE...]: another function of group 7, with its driver.
beside() {
	add_pci_function "$@" group=7
}

gpu() {
	add_pci_function 0000:01:00.0 driver=vfio-pci group=7 class=0x030000
	add_map gpu "$(entry /dev/vfio/45 0000:3b:02.0=0000:01:00.0)"
	host_device
}

@test "a GPU whose audio and USB functions have other drivers: all of them are named, with what to type for each" {
	gpu
	beside 0000:01:00.1 driver=snd_hda_intel class=0x040300
	beside 0000:01:00.2 driver=xhci_hcd class=0x0c0330
	beside 0000:01:00.3 driver=nvidia-gpu class=0x0c8000
	apply
	assert_refused 69 'gpu.json: [0]' 'group 7 is not viable' \
		'0000:01:00.1 is bound to snd_hda_intel: driverctl set-override 0000:01:00.1 vfio-pci' \
		'0000:01:00.2 is bound to xhci_hcd: driverctl set-override 0000:01:00.2 vfio-pci' \
		'0000:01:00.3 is bound to nvidia-gpu: driverctl set-override 0000:01:00.3 vfio-pci'
}

# WORD...: refused with these, and without a command that would take from the machine what it lives on.
assert_no_advice_to_bind() {
	apply
	assert_refused 69 'group 7 is not viable' "$@" 'put the device into another slot'
	! grep -q driverctl "$STDERR" || fail "$(show_output)"
}

@test "beside the disk that the machine runs from" {
	gpu
	beside 0000:01:01.0 driver=virtio-pci class=0x010000
	assert_no_advice_to_bind '0000:01:01.0 is bound to virtio-pci' 'a storage controller'
}

@test "beside an NVMe disk" {
	gpu
	beside 0000:01:01.0 driver=nvme class=0x010802
	assert_no_advice_to_bind '0000:01:01.0 is bound to nvme' 'a storage controller'
}

@test "a virtual function beside its physical function" {
	gpu
	beside 0000:01:01.0 driver=ice class=0x020000
	ln -s ../0000:01:00.0 "$ROOT/sys/${SYSFS_PATHS[0000:01:01.0]}/virtfn0"
	assert_no_advice_to_bind '0000:01:01.0 is bound to ice' 'the physical function of virtual functions' 'ACS'
}

@test "beside a network interface: it depends on whether it is up" {
	local net
	gpu
	beside 0000:01:01.0 driver=e1000e class=0x020000
	net=$ROOT/sys/${SYSFS_PATHS[0000:01:01.0]}/net
	mkdir -p "$net/eth0" "$net/eth1"
	echo 0x1002 > "$net/eth0/flags"
	echo 0x1003 > "$net/eth1/flags"
	assert_no_advice_to_bind '0000:01:01.0 is bound to e1000e' 'a network interface that is up'
	echo 0x1002 > "$net/eth1/flags"
	apply
	assert_refused 69 '0000:01:01.0 is bound to e1000e: driverctl set-override 0000:01:01.0 vfio-pci'
	rm -r "$net"
	apply
	assert_refused 69 '0000:01:01.0 is bound to e1000e: driverctl set-override 0000:01:01.0 vfio-pci'
}

@test "beside the display of the machine: it depends on whether it is the boot's" {
	gpu
	beside 0000:01:01.0 driver=i915 class=0x030000
	echo 1 > "$ROOT/sys/${SYSFS_PATHS[0000:01:01.0]}/boot_vga"
	assert_no_advice_to_bind '0000:01:01.0 is bound to i915' 'the display of this machine'
	echo 0 > "$ROOT/sys/${SYSFS_PATHS[0000:01:01.0]}/boot_vga"
	apply
	assert_refused 69 '0000:01:01.0 is bound to i915: driverctl set-override 0000:01:01.0 vfio-pci'
}

# --- the whole /dev/vfio -------------------------------------------------------------------------------------------

# The host's rule 243:7 was for the device that is group 3, 242:0, here.
whole_directory() {
	two_functions
	add_mount /dev/vfio /dev/vfio
	add_env PCIDEVICE_X=0000:91:02.0
}

@test "/dev/vfio is mounted, and the rules are the host's: a warning names what no rule allows" {
	whole_directory
	add_map one "$(entry /dev/vfio/47 0000:91:02.0=06/00)"
	add_rule + c '243:*' rwm
	apply
	assert_warning 'mounts[1]: it shows the whole "/dev/vfio"' 'no rule allows /dev/vfio/3 (c 242:0)' '"host_dev" to' one.json
	assert_env PCIDEVICE_X=0000:01:00.0
	assert_rules '- * *:* rwm' '+ c 243:* rwm'
}

@test "/dev/vfio is mounted: the host's rule follows where the map tells its numbers" {
	whole_directory
	add_map one "$(with '"host_dev":"243:7"' "$(entry /dev/vfio/47 0000:91:02.0=06/00)")"
	add_rule + c 243:7 rwm
	apply
	assert_warning 'it shows the whole "/dev/vfio"'
	! grep -q 'no rule allows' "$STDERR" || fail "$(show_output)"
	assert_rules '- * *:* rwm' '+ c 242:0 rwm'
}

@test "/dev/vfio is mounted into a privileged container: it needs no rule" {
	whole_directory
	add_map one "$(entry /dev/vfio/47 0000:91:02.0=06/00)"
	RULES=('{"allow":true,"access":"rwm"}')
	apply
	assert_warning 'it shows the whole "/dev/vfio"'
	! grep -q 'no rule allows' "$STDERR" || fail "$(show_output)"
}

# --- a part of the host's GPU, which has no address there ----------------------------------------------------------

part=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90
second_part=c7a9d1b4-2f60-4e0c-8a11-63b0f4d5e7a2

part_of_gpu() {
	two_functions
	add_device /dev/vfio/387 c 509 1
	add_rule + c 509:1 rwm
	control_device
	add_env MDEV_PCI_RESOURCE_NVIDIA_COM_A40-8Q=$part
}

@test "a vGPU that the guest's kernel drives: nodes and rules go, and a warning says what its UUID is here" {
	part_of_gpu
	add_map gpu "$(gk_entry /dev/vfio/387 $part=06/00)"
	apply
	assert_warning '"MDEV_PCI_RESOURCE_NVIDIA_COM_A40-8Q"' "the mediated device $part is the PCI function 0000:01:00.0 here"
	assert_devices
	assert_rules '- * *:* rwm'
	assert_env MDEV_PCI_RESOURCE_NVIDIA_COM_A40-8Q=$part
	assert_idempotent
}

@test "a vGPU that the container drives: the function's node" {
	part_of_gpu
	add_map gpu "$(entry /dev/vfio/387 $part=07/00)"
	apply
	assert_warning '"MDEV_PCI_RESOURCE_NVIDIA_COM_A40-8Q"' "the mediated device $part is the PCI function 0000:02:00.0 here"
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 10:196 rwm'
	assert_idempotent
}

@test "a vGPU by the address of the whole GPU: the UUID stays, with a warning; two of one GPU need their UUIDs" {
	part_of_gpu
	add_map gpu "$(entry /dev/vfio/387 0000:c1:00.4=06/00)"
	apply
	assert_warning '"MDEV_PCI_RESOURCE_NVIDIA_COM_A40-8Q" is left as it is' "no map entry names the mediated device $part"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	add_device /dev/vfio/388 c 509 2
	add_rule + c 509:2 rwm
	ENVIRONMENT=("${ENVIRONMENT[@]/$part/$part,$second_part}")
	add_map gpu "$(entry /dev/vfio/387 0000:c1:00.4=06/00)" "$(entry /dev/vfio/388 0000:c1:00.4=07/00)"
	apply
	assert_refused 65 'gpu.json: [1]' 'host function 0000:c1:00.4 is 07/00 here and 06/00 in'
	add_map gpu "$(entry /dev/vfio/387 $part=06/00)" "$(entry /dev/vfio/388 $second_part=07/00)"
	apply
	assert_status 0
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
}

# --- a pod's block volume ---------------------------------------------------------------------------------------

@test "Kata's request has a disk beside the VF: the disk is this machine's node under its own name" {
	two_functions
	mknod "$ROOT/dev/vda" b 254 0
	host_device
	control_device
	add_device /dev/xvda b 8 16
	add_rule + b 8:16 rwm
	device_map_text request '{"container_id":"c1","devices":[
		{"id":"45","type_":"vfio-pci","vmPath":"","containerPath":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]},
		{"id":"drive-1","type_":"blk","vmPath":"/dev/vda","containerPath":"/dev/xvda","options":[]}]}'
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/xvda b 254:0'
	assert_rules '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm' '+ b 254:0 rwm'
}

# --- variables --------------------------------------------------------------------------------------------------

# COUNT: so many functions behind root ports, 0000:N1:00.0 in group 1N with 242:N; each is the device of an entry for the
# host's /dev/vfio/30N, 0000:31:10.N.
pools() {
	local i entries=()
	for ((i = 1; i <= $1; i++)); do
		add_bridge "0000:00:0$i.0" "bus=${i}1"
		add_pci_function "0000:${i}1:00.0" "parent=0000:00:0$i.0" driver=vfio-pci "group=1$i" "node=242:$i"
		entries+=("$(entry "/dev/vfio/30$i" "0000:31:10.$i=0$i/00")")
	done
	add_map pools "${entries[@]}"
}

# POOL NUMBER...: the variables of a pool with these functions, by the host's names; with `here` before, by this machine's.
pool() {
	local i addresses=() infos=() here='' address path
	[ "$1" != here ] || { here=1; shift; }
	for i in "${@:2}"; do
		address=0000:31:10.$i path=/dev/vfio/30$i
		[ -z "$here" ] || address=0000:${i}1:00.0 path=/dev/vfio/1$i
		addresses+=("$address")
		infos+=("\"$address\":{\"generic\":{\"deviceID\":\"$address\"},\"vfio\":{\"dev-mount\":\"$path\",\"mount\":\"/dev/vfio/vfio\"}}")
	done
	POOL=("PCIDEVICE_$1=$(IFS=,; echo "${addresses[*]}")" "PCIDEVICE_$1_INFO={$(IFS=,; echo "${infos[*]}")}")
}

# NUMBER...: the nodes of these functions, as the host has them.
pool_nodes() {
	local i
	for i; do
		add_device "/dev/vfio/30$i" c 243 "$i"
		add_rule + c "243:$i" rwm
	done
	control_device
}

# The variables of all three pools, by the host's names or `here`.
three_pools() {
	POOLS=()
	pool "$@" ACCESS 1 2
	POOLS+=("${POOL[@]}")
	pool "$@" CORE 3 4
	POOLS+=("${POOL[@]}")
	pool "$@" XCODE 5 6
	POOLS+=("${POOL[@]}")
}

@test "three pools of two functions, but the nodes of one: the variables are right, and warnings name the other functions" {
	pools 6
	three_pools
	pool_nodes 1 2
	add_env "${POOLS[@]}"
	apply
	assert_warning 'process.env[4]: "PCIDEVICE_CORE" names functions whose VFIO nodes are not in the spec' \
		': 0000:31:10.3 (/dev/vfio/303), 0000:31:10.4 (/dev/vfio/304); have the engine add these devices' \
		'process.env[6]: "PCIDEVICE_XCODE"' ': 0000:31:10.5 (/dev/vfio/305), 0000:31:10.6 (/dev/vfio/306);'
	[ "$(wc -l < "$STDERR")" = 2 ] || fail "$(show_output)"
	assert_devices '/dev/vfio/11 c 242:1' '/dev/vfio/12 c 242:2' '/dev/vfio/vfio c 10:196'
	three_pools here
	assert_env "${POOLS[@]}"
	assert_idempotent
}

@test "three pools of two functions with all of their nodes: nothing is said" {
	pools 6
	three_pools
	pool_nodes 1 2 3 4 5 6
	add_env "${POOLS[@]}"
	apply
	assert_silent
	assert_devices '/dev/vfio/11 c 242:1' '/dev/vfio/12 c 242:2' '/dev/vfio/13 c 242:3' '/dev/vfio/14 c 242:4' \
		'/dev/vfio/15 c 242:5' '/dev/vfio/16 c 242:6' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 242:2 rwm' '+ c 242:3 rwm' '+ c 242:4 rwm' '+ c 242:5 rwm' '+ c 242:6 rwm' \
		'+ c 10:196 rwm'
	three_pools here
	assert_env "${POOLS[@]}"
}

@test "RDMA nodes of a function that the guest's kernel drives: nodes, rules and _INFO are this machine's" {
	local info='{"%s":{"generic":{"deviceID":"%s"},"rdma":{"rdma_cm":"/dev/infiniband/rdma_cm","rdma_dev":"mlx5_14","umad":"%s","uverbs":"%s"}}}'
	local here
	needs_root
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=mlx5_core
	mkdir "$ROOT/dev/infiniband"
	mknod "$ROOT/dev/infiniband/uverbs0" c 231 192
	mknod "$ROOT/dev/infiniband/umad0" c 231 0
	mknod "$ROOT/dev/infiniband/rdma_cm" c 10 121
	add_map rdma "$(gk_entry /dev/vfio/90 0000:71:00.6=06/00)" \
		"$(node_entry /dev/infiniband/uverbs14 /dev/infiniband/uverbs0 /dev/infiniband/uverbs0)" \
		"$(node_entry /dev/infiniband/umad14 /dev/infiniband/umad0 /dev/infiniband/umad0)" \
		"$(node_entry /dev/infiniband/rdma_cm /dev/infiniband/rdma_cm)"
	add_device /dev/infiniband/uverbs14 c 231 206
	add_device /dev/infiniband/umad14 c 231 14
	add_device /dev/infiniband/rdma_cm c 10 56
	add_rule + c 231:206 rwm
	add_rule + c 231:14 rwm
	add_rule + c 10:56 rwm
	# shellcheck disable=SC2059 # it is the format
	printf -v here "$info" 0000:71:00.6 0000:71:00.6 /dev/infiniband/umad14 /dev/infiniband/uverbs14
	add_env PCIDEVICE_RDMA=0000:71:00.6 "PCIDEVICE_RDMA_INFO=$here"
	apply
	assert_silent
	assert_devices '/dev/infiniband/uverbs0 c 231:192' '/dev/infiniband/umad0 c 231:0' '/dev/infiniband/rdma_cm c 10:121'
	assert_rules '- * *:* rwm' '+ c 231:192 rwm' '+ c 231:0 rwm' '+ c 10:121 rwm'
	# shellcheck disable=SC2059
	printf -v here "$info" 0000:01:00.0 0000:01:00.0 /dev/infiniband/umad0 /dev/infiniband/uverbs0
	assert_env PCIDEVICE_RDMA=0000:01:00.0 "PCIDEVICE_RDMA_INFO=$here"
	assert_idempotent
}

@test "QAT functions of two domains: numbered variables, and which is which" {
	add_pci_function 0001:00:01.0 driver=vfio-pci group=0 node=242:0
	add_pci_function 0001:00:02.0 driver=vfio-pci group=1 node=242:1
	add_pci_function 0000:00:01.0 driver=virtio-pci group=5
	add_map qat "$(entry /dev/vfio/301 0000:6b:00.1=0001:00/01)" "$(entry /dev/vfio/302 0001:6b:00.1=0001:00/02)"
	add_device /dev/vfio/301 c 243 1
	add_device /dev/vfio/302 c 243 2
	control_device
	add_env QAT0=0000:6b:00.1 QAT1=0001:6b:00.1 PCIDEVICE_QAT=0000:6b:00.1,0001:6b:00.1
	apply
	assert_silent
	assert_devices '/dev/vfio/0 c 242:0' '/dev/vfio/1 c 242:1' '/dev/vfio/vfio c 10:196'
	assert_env QAT0=0001:00:01.0 QAT1=0001:00:02.0 PCIDEVICE_QAT=0001:00:01.0,0001:00:02.0
}

@test "one function in every spelling that people use" {
	pools 2
	add_map vmd "$(entry /dev/vfio/401 10000:01:00.0=02/00)"
	pool_nodes 1
	add_device /dev/vfio/401 c 243 7
	rm "$MAPS/pools.json"
	add_map pools "$(entry /dev/vfio/301 0000:3b:0a.1=01/00)"
	add_env PCIDEVICE_TWICE=0000:3b:0a.1,10000:01:00.0,0000:3b:0a.1 PCIDEVICE_UPPER=0000:3B:0A.1 PCIDEVICE_SHORT=3b:0a.1 \
		PCIDEVICE_VMD=10000:01:00.0 'PCIDEVICE_BLANK=0000:3b:0a.1, 10000:01:00.0' PCIDEVICE_END=0000:3b:0a.1, PCIDEVICE_NONE= \
		PCIDEVICE_SF=0000:3b:0a.1,mlx5_core.sf.4 PCIDEVICE_MIXED=10000:01:00.0,3b:0a.1 PCIDEVICE_BUS=pci0000:3b:0a.1 \
		'PCIDEVICE_SEMI=0000:3b:0a.1;10000:01:00.0' 'PCIDEVICE_BLANKS=0000:3b:0a.1 10000:01:00.0'
	apply
	assert_silent
	assert_devices '/dev/vfio/11 c 242:1' '/dev/vfio/vfio c 10:196' '/dev/vfio/12 c 242:2'
	assert_env PCIDEVICE_TWICE=0000:11:00.0,0000:21:00.0,0000:11:00.0 PCIDEVICE_UPPER=0000:11:00.0 PCIDEVICE_SHORT=11:00.0 \
		PCIDEVICE_VMD=0000:21:00.0 'PCIDEVICE_BLANK=0000:11:00.0, 0000:21:00.0' PCIDEVICE_END=0000:11:00.0, PCIDEVICE_NONE= \
		PCIDEVICE_SF=0000:11:00.0,mlx5_core.sf.4 PCIDEVICE_MIXED=0000:21:00.0,11:00.0 PCIDEVICE_BUS=pci0000:3b:0a.1 \
		'PCIDEVICE_SEMI=0000:11:00.0;0000:21:00.0' 'PCIDEVICE_BLANKS=0000:11:00.0 0000:21:00.0'
	assert_idempotent
}
