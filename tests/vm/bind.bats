#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --bind: functions of a real kernel that no VFIO driver has are bound for the containers whose specs name them; what is in
# use isn't, and what was bound for nothing is put back. Runs as root in the guest that `boot` starts with machine.conf and
# map.json.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c), PACKAGE
# where everything is installed as by a package.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

edu_root=0000:00:05.0
pair_0=0000:00:08.0
pair_1=0000:00:08.1
port=0000:00:0a.0
interface=0000:00:10.0
disk=0000:00:11.0
nvme_port=0000:00:12.0
host_numbers=243:5
edu_identification=0x010000ed

load helpers

setup_file() {
	modprobe -a uio_pci_generic virtio_net virtio_blk nvme ext4
	udevadm settle 2> /dev/null || true
}

setup() {
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	map=$BATS_TEST_TMPDIR/map.json
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
}

teardown() {
	local address
	rm -f /etc/oci-vfio-hook/config.json
	for address in $edu_root $pair_0 $pair_1 $port $interface $disk; do
		give_back "$address"
	done
}

# ADDRESS: no override, and the driver that the kernel chooses.
give_back() {
	local device=/sys/bus/pci/devices/$1
	echo > "$device/driver_override"
	[ ! -e "$device/driver" ] || echo "$1" > "$device/driver/unbind"
	echo "$1" > /sys/bus/pci/drivers_probe
}

# ADDRESS DRIVER OVERRIDE: who has it; "none" and "(null)" where nobody does and nothing is said.
assert_driver() {
	local driver=none
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] || driver=$(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")
	echo "$1: $driver, override $(cat "/sys/bus/pci/devices/$1/driver_override")"
	[ "$driver" = "$2" ]
	[ "$(cat "/sys/bus/pci/devices/$1/driver_override")" = "$3" ]
}

# RUNTIME ADDRESS [MEMBERS]: a spec with one device of the host's, which is that function here, by an entry with these
# members too. The variable is right from the start.
foreign_spec() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV "$2" 45 $host_numbers
	jq -n --arg option "$2=$2" "[{type: \"vfio-pci\", container_path: \"/dev/vfio/45\", options: [\$option]${3:+, $3}}]" > "$map"
}

hook() {
	"$OCI_VFIO_HOOK" --device-map "$map" "$@"
}

container() {
	"$1" run --bundle "$bundle" "bind-$BATS_TEST_NUMBER"
}

# STATUS TEXT COMMAND...: refused, with the spec as it was.
expect_refused() {
	local before
	before=$(sha256sum "$bundle/config.json")
	expect "$@"
	[ "$(sha256sum "$bundle/config.json")" = "$before" ]
}

# --- functions that are bound ----------------------------------------------------------------------------------------

unbound() {
	foreign_spec "$1" $edu_root
	assert_driver $edu_root none '(null)'
	expect_refused 69 'is not bound to any driver' hook --timeout 0 apply "$bundle"
	expect_refused 0 $'  + vfio-pci' hook --bind plan "$bundle"
	assert_driver $edu_root none '(null)'
	expect 0 '' hook --bind apply "$bundle"
	assert_driver $edu_root vfio-pci vfio-pci
	expect 0 "$edu_root $edu_identification" container "$1"
	# It stays when the container is gone, and another run finds nothing to do.
	assert_driver $edu_root vfio-pci vfio-pci
	expect_refused 0 '' hook --bind apply "$bundle"
}

@test "crun: a function without a driver" { unbound crun; }
# bats test_tags=second
@test "runc: a function without a driver" { unbound runc; }

foreign_bound() {
	bind_to uio_pci_generic $edu_root
	foreign_spec "$1" $edu_root
	expect_refused 69 'is bound to uio_pci_generic' hook apply "$bundle"
	expect 0 "$edu_root is now bound to vfio-pci, and was to uio_pci_generic" hook --log-level info --bind apply "$bundle"
	assert_driver $edu_root vfio-pci vfio-pci
	expect 0 "$edu_root $edu_identification" container "$1"
}

# bats test_tags=second
@test "crun: a function with another driver" { foreign_bound crun; }
@test "runc: a function with another driver" { foreign_bound runc; }

@test "createRuntime" {
	foreign_spec crun $edu_root
	add_control_node
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook --device-map "$map" --bind createRuntime
	expect 0 "$edu_root $edu_identification" container crun
	assert_driver $edu_root vfio-pci vfio-pci
}

@test "precreate" {
	foreign_spec crun $edu_root
	hook --bind precreate < "$bundle/config.json" > "$BATS_TEST_TMPDIR/config.json"
	cp "$BATS_TEST_TMPDIR/config.json" "$bundle"
	expect 0 "$edu_root $edu_identification" container crun
}

@test "the wrapper, by the configuration" {
	foreign_spec crun $edu_root
	mkdir -p /etc/oci-vfio-hook/devices.d
	cp "$map" /etc/oci-vfio-hook/devices.d/bind.json
	ln -s "$PACKAGE/usr/bin/oci-vfio-runtime" "$BATS_TEST_TMPDIR/oci-vfio-crun"
	expect_refused 1 'is not bound to any driver' container "$BATS_TEST_TMPDIR/oci-vfio-crun"
	echo '{"bind": true}' > /etc/oci-vfio-hook/config.json
	expect 0 "$edu_root $edu_identification" container "$BATS_TEST_TMPDIR/oci-vfio-crun"
	rm /etc/oci-vfio-hook/devices.d/bind.json
}

@test "the rest of the group, with bind_group only" {
	bind_to uio_pci_generic $pair_1
	foreign_spec crun $pair_0
	expect_refused 69 "also has $pair_1, bound to uio_pci_generic; set \"bind_group\": true" hook --bind apply "$bundle"
	assert_driver $pair_0 none '(null)'
	assert_driver $pair_1 uio_pci_generic uio_pci_generic
	foreign_spec crun $pair_0 'bind_group: true'
	expect 0 '' hook --bind apply "$bundle"
	assert_driver $pair_0 vfio-pci vfio-pci
	assert_driver $pair_1 vfio-pci vfio-pci
	expect 0 "$pair_0 $edu_identification" container crun
}

@test "the module is loaded when it isn't there" {
	foreign_spec crun $edu_root
	modprobe -r vfio-pci
	[ ! -e /sys/bus/pci/drivers/vfio-pci ]
	expect_refused 0 '+ vfio-pci' hook --bind plan "$bundle"
	[ ! -e /sys/bus/pci/drivers/vfio-pci ]
	expect_refused 77 "the module vfio-pci can't be loaded: Operation not permitted; as root: modprobe vfio-pci" \
		setpriv --bounding-set -sys_module "$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle"
	expect 0 '' hook --bind apply "$bundle"
	assert_driver $edu_root vfio-pci vfio-pci
	expect 0 "$edu_root $edu_identification" container crun
}

# --- functions that are in use ---------------------------------------------------------------------------------------

# TEXT FUNCTION DRIVER: refused with this, by plan too, and nothing is touched.
assert_in_use() {
	expect_refused 69 "$1" hook --bind plan "$bundle"
	expect_refused 69 "$1" hook --bind apply "$bundle"
	assert_driver "$2" "$3" '(null)'
}

# It exists in a moment.
wait_for() {
	for ((i = 0; i < 200; i++)); do
		! compgen -G "$1" || return 0
		sleep 0.05
	done
	return 1
}

@test "a network interface: refused while it is up, or in another network namespace" {
	local name
	wait_for "/sys/bus/pci/devices/$interface/virtio*/net/*"
	name=$(basename /sys/bus/pci/devices/$interface/virtio*/net/*)
	foreign_spec crun $interface
	ip link set "$name" up
	assert_in_use "its network interface $name is up" $interface virtio-pci
	ip link set "$name" down
	ip netns add elsewhere
	ip link set "$name" netns elsewhere
	assert_in_use 'it has a network interface in another network namespace' $interface virtio-pci
	ip netns exec elsewhere ip link set "$name" netns 1
	ip netns delete elsewhere
	expect 0 '' hook --bind apply "$bundle"
	assert_driver $interface vfio-pci vfio-pci
}

@test "a network interface that is up, with force: a warning" {
	local name
	wait_for "/sys/bus/pci/devices/$interface/virtio*/net/*"
	name=$(basename /sys/bus/pci/devices/$interface/virtio*/net/*)
	foreign_spec crun $interface 'force: true'
	ip link set "$name" up
	expect 0 "is taken from its driver by \"force\": its network interface $name is up" hook --bind apply "$bundle"
	assert_driver $interface vfio-pci vfio-pci
}

@test "a disk: refused while it is mounted, here or elsewhere, swapped to, or a volume" {
	local mount=$BATS_TEST_TMPDIR/mount name
	wait_for "/sys/bus/pci/devices/$disk/virtio*/block/*"
	name=$(basename /sys/bus/pci/devices/$disk/virtio*/block/*)
	foreign_spec crun $disk
	mkdir "$mount"
	mkfs.ext4 -q "/dev/$name"
	mount "/dev/$name" "$mount"
	assert_in_use "its disk $name is mounted on $mount" $disk virtio-pci
	umount "$mount"
	unshare --mount bash -c 'mount "$0" "$1"; exec sleep 600' "/dev/$name" "$mount" 3>&- &
	until grep -F " $mount " "/proc/$!/mountinfo"; do sleep 0.05; done
	assert_in_use "its disk $name is in use: somebody has it for himself" $disk virtio-pci
	# A container has a /dev of its own, where this can't be asked.
	expect_refused 69 "what it is used for can't be told: /dev/$name: can't be read: No such file" \
		unshare --mount bash -euc 'mount -t tmpfs none /dev; exec "$@"' - "$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle"
	kill $!
	wait $! || true
	mkswap "/dev/$name"
	swapon "/dev/$name"
	assert_in_use "this machine swaps to its disk $name" $disk virtio-pci
	swapoff "/dev/$name"
	modprobe dm-mod
	dmsetup create volume --table "0 2048 linear /dev/$name 0"
	assert_in_use "its disk $name is part of dm-0" $disk virtio-pci
	dmsetup remove volume
	expect 0 '' hook --bind apply "$bundle"
	assert_driver $disk vfio-pci vfio-pci
}

@test "a physical function: refused while its virtual function has a driver" {
	local physical virtual
	physical=$(basename /sys/bus/pci/devices/$nvme_port/0000:??:??.0)
	foreign_spec crun "$physical"
	echo 0 > "/sys/bus/pci/devices/$physical/sriov_drivers_autoprobe"
	echo 1 > "/sys/bus/pci/devices/$physical/sriov_numvfs"
	virtual=$(basename "$(readlink "/sys/bus/pci/devices/$physical/virtfn0")")
	bind_to vfio-pci "$virtual"
	assert_in_use "its virtual function $virtual, which would go with it, is bound to vfio-pci" "$physical" nvme
	echo "$virtual" > /sys/bus/pci/drivers/vfio-pci/unbind
	expect_refused 0 '+ vfio-pci' hook --bind plan "$bundle"
	echo 0 > "/sys/bus/pci/devices/$physical/sriov_numvfs"
}

# --- what fails ------------------------------------------------------------------------------------------------------

# DRIVER OVERRIDE: the function is as it was, whatever it was, when a step after binding fails.
failures_restore() {
	local driver=$1 override=$2
	foreign_spec crun $edu_root
	expect_refused 74 'Input/output error' strace -qq -o /dev/null -e trace=renameat -e inject=renameat:error=EIO \
		"$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle"
	assert_driver $edu_root "$driver" "$override"
	expect_refused 74 'No space left on device' bash -c '"$0" --device-map "$1" --bind precreate < "$2" > /dev/full' \
		"$OCI_VFIO_HOOK" "$map" "$bundle/config.json"
	assert_driver $edu_root "$driver" "$override"
}

@test "a failure after binding restores: no driver" {
	failures_restore none '(null)'
}

@test "a failure after binding restores: another driver, that it has by its override" {
	bind_to uio_pci_generic $edu_root
	failures_restore uio_pci_generic uio_pci_generic
}

@test "a failure after binding restores: another driver, that would not take it by itself" {
	bind_to uio_pci_generic $edu_root
	echo > /sys/bus/pci/devices/$edu_root/driver_override
	failures_restore uio_pci_generic '(null)'
}

@test "a failure after binding restores: an override without a driver" {
	echo uio_pci_generic > /sys/bus/pci/devices/$edu_root/driver_override
	failures_restore none uio_pci_generic
}

@test "a failure after binding restores: the rest of the group" {
	bind_to uio_pci_generic $pair_1
	foreign_spec crun $pair_0 'bind_group: true'
	expect_refused 74 'Input/output error' strace -qq -o /dev/null -e trace=renameat -e inject=renameat:error=EIO \
		"$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle"
	assert_driver $pair_0 none '(null)'
	assert_driver $pair_1 uio_pci_generic uio_pci_generic
}

@test "memory that runs out restores" {
	local number mark=$BATS_TEST_TMPDIR/mark
	foreign_spec crun $edu_root
	for ((number = 80; number < 3000; number += 5 * ${FAULT_STRIDE:-1})); do
		bind_to uio_pci_generic $edu_root
		run env FAILING_MALLOC=$number:"$mark" FAILING_MALLOC_ALWAYS=1 LD_PRELOAD="$FAILING_MALLOC_LIBRARY" \
			"$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle"
		[ -e "$mark" ] || break
		echo "$number: $output"
		[ "$status" = 70 ]
		assert_driver $edu_root uio_pci_generic uio_pci_generic
		rm "$mark"
	done
	[ "$status" = 0 ]
	[ $number -gt 150 ]
	assert_driver $edu_root vfio-pci vfio-pci
}

# RUNTIME SYSTEM-CALL
created_container_fails() {
	bind_to uio_pci_generic $edu_root
	foreign_spec "$1" $edu_root
	add_control_node
	add_hook createRuntime "$(command -v strace)" strace -qq -o /dev/null -e "trace=$2" -e "inject=$2:error=EIO:when=1" \
		"$OCI_VFIO_HOOK" --device-map "$map" --bind --log "$BATS_TEST_TMPDIR/log" createRuntime
	run container "$1"
	echo "$output"
	cat "$BATS_TEST_TMPDIR/log"
	[ "$status" -ne 0 ]
	assert_driver $edu_root uio_pci_generic uio_pci_generic
	grep -F "$edu_root is put back: it has uio_pci_generic again" "$BATS_TEST_TMPDIR/log"
}

@test "a failure after binding restores: crun's created container, the last step" { created_container_fails crun renameat; }
@test "a failure after binding restores: runc's created container, the node" { created_container_fails runc mknodat; }

@test "config.json changes meanwhile, and doesn't name the function anymore: put back" {
	local job
	bind_to uio_pci_generic $edu_root
	foreign_spec crun $edu_root
	mkdir -p /etc/oci-vfio-hook/devices.d
	mv "$map" /etc/oci-vfio-hook/devices.d/bind.json
	# Made before: there is no time for it while the hook waits.
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/with.json"
	edit_spec 'del(.linux.devices)'
	mv "$bundle/config.json" "$bundle/without.json"
	cp "$BATS_TEST_TMPDIR/with.json" "$bundle/config.json"
	strace -qq -o /dev/null -e trace=flock -e inject=flock:delay_enter=3000000 \
		"$OCI_VFIO_HOOK" --bind --log-level info apply "$bundle" > "$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	job=$!
	until [ "$(basename "$(readlink /sys/bus/pci/devices/$edu_root/driver)")" = vfio-pci ]; do
		kill -0 $job
		sleep 0.05
	done
	mv "$bundle/without.json" "$bundle/config.json"
	wait $job
	cat "$BATS_TEST_TMPDIR/said"
	rm /etc/oci-vfio-hook/devices.d/bind.json
	grep -F "$edu_root is put back: it has uio_pci_generic again" "$BATS_TEST_TMPDIR/said"
	assert_driver $edu_root uio_pci_generic uio_pci_generic
}

# vfio-pci takes no bridge.
@test "a function that the kernel doesn't bind: 69, and put back" {
	foreign_spec crun $port
	expect_refused 69 "$port: the kernel takes the driver override vfio-pci, but the function has no driver afterwards" \
		hook --bind apply "$bundle"
	assert_driver $port pcieport '(null)'
}

# --- several runs ----------------------------------------------------------------------------------------------------

@test "several runs that bind one function at once: all succeed" {
	local i jobs=()
	bind_to uio_pci_generic $edu_root
	foreign_spec crun $edu_root
	for i in 1 2 3 4; do
		mkdir "$BATS_TEST_TMPDIR/$i"
		cp "$bundle/config.json" "$BATS_TEST_TMPDIR/$i"
		hook --timeout 20 --bind apply "$BATS_TEST_TMPDIR/$i" 3>&- &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i"
	done
	assert_driver $edu_root vfio-pci vfio-pci
	for i in 1 2 3 4; do
		jq -e --arg path "/dev/vfio/$(group_of $edu_root)" 'any(.linux.devices[]; .path == $path)' < "$BATS_TEST_TMPDIR/$i/config.json"
	done
}

@test "a run that fails puts back before another one that waits for it binds" {
	local failing other=$BATS_TEST_TMPDIR/other status=0
	bind_to uio_pci_generic $edu_root
	foreign_spec crun $edu_root
	mkdir "$other"
	cp "$bundle/config.json" "$other"
	strace -qq -o /dev/null -e trace=renameat -e inject=renameat:error=EIO:delay_enter=3000000 \
		"$OCI_VFIO_HOOK" --device-map "$map" --bind apply "$bundle" 3>&- &
	failing=$!
	until [ "$(basename "$(readlink /sys/bus/pci/devices/$edu_root/driver)")" = vfio-pci ]; do
		kill -0 $failing
		sleep 0.05
	done
	expect 0 '' hook --timeout 20 --bind apply "$other"
	wait $failing || status=$?
	[ $status = 74 ]
	assert_driver $edu_root vfio-pci vfio-pci
	bundle=$other
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	expect 0 "$edu_root $edu_identification" container crun
}
