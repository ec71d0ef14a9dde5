#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --bind on built machines: which functions would be bound, which are in use, what is written to sysfs and put back when the
# kernel, which isn't there, does nothing about it. Functions that are bound in earnest are in tests/vm/bind.bats.

load helpers
load wrapper

setup() {
	machine
	bundle
	host_device
	control_device
	OPTIONS+=(--bind)
	TRACED=(env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" strace -qq -f -o "$BATS_TEST_TMPDIR/calls")
}

# KEY=VALUE...: the mapped function is 0000:01:00.0, group 3, behind a root port.
mapped() {
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 group=3 "$@"
	FUNCTION=$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}
	printf '(null)\n' > "$FUNCTION/driver_override"
	: > "$ROOT/sys/bus/pci/drivers_probe"
	MAP_ENTRY=$(entry /dev/vfio/45 0000:3b:02.0=06/00)
	add_map 45 "$MAP_ENTRY"
}

# MEMBERS: the entry has these too.
entry_with() {
	add_map 45 "$(with "$1" "$MAP_ENTRY")"
}

# TEXT...: exit status 0, and the plan has these.
assert_shown() {
	local text
	plan
	assert_silent
	for text; do
		grep -qF -- "$text" "$STDOUT" || fail "expected \"$text\"" "$(show_output)"
	done
}

# USE: so it is refused, by plan and apply, and with "force" it is shown with a warning.
assert_in_use() {
	plan
	assert_refused 69 "45.json: [0]: 0000:01:00.0 is in use, and not bound: $1" ', or set "force": true in the entry'
	entry_with '"force":true'
	assert_shown 'warning: ' "45.json: [0]: 0000:01:00.0 is taken from its driver by \"force\": $1" '+ vfio-pci'
	entry_with '"force":false'
}

assert_not_in_use() {
	assert_shown '1 function would be bound first' 0000:01:00.0
}

# --- what would be bound ---------------------------------------------------------------------------------------------

@test "plan shows what would be bound, and changes nothing" {
	mapped driver=uio_pci_generic
	assert_shown "$CONFIG: 1 function would be bound first; what changes then depends on the nodes that this makes" \
		0000:01:00.0 '  - uio_pci_generic' '  + vfio-pci' "45.json: [0]"
	assert_unchanged
	plan --json
	assert_silent
	assert_output '.changed == true' '.changes == []' '.warnings == []' \
		'.bind | map(del(.why)) == [{"function": "0000:01:00.0", "old": "uio_pci_generic", "new": "vfio-pci"}]' \
		'.bind[0].why | endswith("45.json: [0]")'
	[ "$(< "$FUNCTION/driver_override")" = '(null)' ]
}

@test "by the configuration as well" {
	mapped
	OPTIONS=()
	plan
	assert_refused 69 '0000:01:00.0 is not bound to any driver; bind it: driverctl set-override 0000:01:00.0 vfio-pci'
	echo '{"bind":true}' > "$ETC/config.json"
	assert_not_in_use
	echo '{"bind":false}' > "$ETC/config.json"
	plan
	assert_refused 69 '0000:01:00.0 is not bound to any driver'
}

@test "what a VFIO driver has stays with it" {
	mapped driver=mlx5_vfio_pci node=242:0
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_idempotent
}

@test "only functions of entries that the spec names by a node or mount" {
	mapped driver=vfio-pci node=242:0
	add_pci_function 0000:00:05.0 group=4 driver=e1000e
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=05)"
	add_env PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_B=0000:3b:02.1
	apply
	assert_warning '"PCIDEVICE_B" names functions whose VFIO nodes are not in the spec'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_A=0000:01:00.0 PCIDEVICE_B=0000:00:05.0
}

@test "by a bind mount" {
	mapped driver=e1000e
	DEVICES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	assert_not_in_use
}

@test "functions for the guest's kernel keep their drivers" {
	mapped driver=e1000e
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices
}

@test "something else is wrong: that is said" {
	mapped driver=e1000e
	entry_with '"expect":{"vendor":"1234"}'
	plan
	assert_refused 69 'has vendor 0x8086, but the map expects 0x1234'
	add_map 45 "$MAP_ENTRY"
	add_device /dev/vfio/77 c 243 7
	rm "$CONFIG"
	plan
	assert_refused 69 /dev/vfio/77
}

@test "another function is missing: nothing would be bound" {
	mapped driver=e1000e
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	second_host_device
	plan
	assert_refused 69 '46.json: [0]' '0000:00:07.0, which is not in'
}

@test "below --root nothing is bound" {
	mapped driver=e1000e
	apply
	assert_refused 69 '0000:01:00.0 is bound to e1000e, not a VFIO driver' "; nothing is bound below --root, which is another machine's"
	[ "$(< "$FUNCTION/driver_override")" = '(null)' ]
}

@test "bind_group: the rest of the group" {
	mapped driver=vfio-pci
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 group=3 driver=snd_hda_intel
	add_pci_function 0000:01:00.2 parent=0000:00:06.0 group=3
	plan
	assert_refused 69 '45.json: [0]: IOMMU group 3, which a container can only have as a whole, also has 0000:01:00.1, bound to snd_hda_intel;' \
		'set "bind_group": true in the entry to have it bound to vfio-pci too, or put the device into another slot'
	entry_with '"bind_group":true'
	assert_shown '1 function would be bound first' 0000:01:00.1 '  - snd_hda_intel' \
		'45.json: [0] (bind_group: it is in the group of its function)'
	# What is in use stays all the same.
	mkdir -p "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/net/eth0"
	echo 0x1003 > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/net/eth0/flags"
	plan
	assert_refused 69 '0000:01:00.1 is in use, and not bound: its network interface eth0 is up'
}

# --- what is in use --------------------------------------------------------------------------------------------------

# DIRECTORY FLAGS: a network interface of the function, of this device below it.
interface() {
	mkdir -p "$FUNCTION/$1"
	echo "$2" > "$FUNCTION/$1/flags"
}

@test "a network interface that is up" {
	mapped driver=e1000e
	interface net/eth0 0x1002
	assert_not_in_use
	interface net/eth1 0x1003
	assert_in_use 'its network interface eth1 is up'
}

@test "a network interface of virtio, which has a device of its own" {
	mapped driver=virtio-pci
	interface virtio3/net/eth0 0x1003
	assert_in_use 'its network interface eth0 is up'
	echo 0x1002 > "$FUNCTION/virtio3/net/eth0/flags"
	assert_not_in_use
}

@test "a network interface further down" {
	local usb=usb1/1-1/1-1:1.0/net/usb0
	mapped driver=xhci_hcd
	interface "$usb" 0x1003
	mkdir -p "$ROOT/sys/class/net"
	ln -s "../../${SYSFS_PATHS[0000:01:00.0]}/$usb" "$ROOT/sys/class/net/usb0"
	assert_in_use 'its network interface usb0 is up'
	echo 0x1002 > "$FUNCTION/$usb/flags"
	assert_not_in_use
}

@test "a network interface of another function" {
	mapped driver=ice
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 group=4 driver=iavf
	mkdir -p "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/net/eth0" "$ROOT/sys/class/net"
	echo 0x1003 > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/net/eth0/flags"
	ln -s ../0000:01:00.1 "$FUNCTION/virtfn1"
	ln -s "../../${SYSFS_PATHS[0000:01:00.1]}/net/eth0" "$ROOT/sys/class/net/eth0"
	assert_not_in_use
	# On the machine itself nothing but we keep links from being followed.
	wrapper
	machine_command "$OCI_VFIO_HOOK" plan "$BUNDLE" --bind --timeout 0
	assert_silent
}

@test "a network interface in another network namespace, which hides it" {
	mapped driver=e1000e
	mkdir -p "$FUNCTION/net"
	assert_in_use 'it has a network interface in another network namespace'
}

# NAME MAJOR:MINOR [PARTITION MAJOR:MINOR]...: a disk of the function.
disk() {
	local disk=$1
	mkdir -p "$FUNCTION/virtio4/block/$disk/holders" "$ROOT/sys/block" "$ROOT/proc/self"
	echo "$2" > "$FUNCTION/virtio4/block/$disk/dev"
	ln -s "../${SYSFS_PATHS[0000:01:00.0]}/virtio4/block/$disk" "$ROOT/sys/block/$disk"
	shift 2
	while [ $# -gt 0 ]; do
		mkdir -p "$FUNCTION/virtio4/block/$disk/$1/holders"
		echo "$2" > "$FUNCTION/virtio4/block/$disk/$1/dev"
		shift 2
	done
}

# LINE: of mountinfo.
mounted() {
	printf '%s\n' '21 1 0:5 / / rw - tmpfs tmpfs rw' "$1" > "$ROOT/proc/self/mountinfo"
}

@test "a disk that nothing uses" {
	mapped driver=virtio-pci class=0x010000
	disk vda 254:0 vda1 254:1
	assert_not_in_use
	mounted '22 21 254:16 / /srv rw - ext4 /dev/vdb rw'
	printf 'Filename\tType\n/dev/vdb1 partition\t1\t0\t-2\n' > "$ROOT/proc/swaps"
	assert_not_in_use
}

@test "a disk that is mounted" {
	mapped driver=virtio-pci class=0x010000
	disk vda 254:0 vda1 254:1
	mounted '22 21 254:1 / /srv rw - ext4 /dev/vda1 rw'
	assert_in_use 'its disk vda1 is mounted on /srv'
	mounted '22 21 254:0 / / rw - ext4 /dev/root rw'
	assert_in_use 'its disk vda is mounted on /'
	mounted '22 21 0:77 /root /home rw - btrfs /dev/vda1 rw'
	assert_in_use 'its disk vda1 is mounted on /home'
}

@test "a disk that is swapped to" {
	mapped driver=virtio-pci class=0x010000
	disk vda 254:0 vda2 254:2
	printf 'Filename\tType\n/dev/vda2 partition\t1\t0\t-2\n' > "$ROOT/proc/swaps"
	assert_in_use 'this machine swaps to its disk vda2'
}

@test "a disk that LVM, MD or dm-crypt has" {
	mapped driver=virtio-pci class=0x010000
	disk vda 254:0 vda3 254:3
	mkdir "$FUNCTION/virtio4/block/vda/vda3/holders/dm-0"
	assert_in_use 'its disk vda3 is part of dm-0'
}

@test "an NVMe disk with several paths: what is mounted is another device than the function's" {
	mapped driver=nvme class=0x010802
	disk nvme0c1n1 259:0
	mkdir -p "$ROOT/sys/block/nvme0n1/nvme0n1p2"
	echo 259:1 > "$ROOT/sys/block/nvme0n1/dev"
	echo 259:2 > "$ROOT/sys/block/nvme0n1/nvme0n1p2/dev"
	assert_not_in_use
	mounted '22 21 259:2 / /var rw - xfs /dev/nvme0n1p2 rw'
	assert_in_use 'its disk nvme0n1p2 is mounted on /var'
}

@test "a physical function whose virtual functions have a driver" {
	mapped driver=ice
	add_pci_function 0000:01:01.0 parent=0000:00:06.0 group=4
	add_pci_function 0000:01:01.1 parent=0000:00:06.0 group=5
	ln -s ../0000:01:01.0 "$FUNCTION/virtfn0"
	ln -s ../0000:01:01.1 "$FUNCTION/virtfn1"
	assert_not_in_use
	ln -s ../../../bus/pci/drivers/iavf "$ROOT/sys/${SYSFS_PATHS[0000:01:01.1]}/driver"
	assert_in_use 'its virtual function 0000:01:01.1, which would go with it, is bound to iavf'
}

# --- what can't be told ----------------------------------------------------------------------------------------------

# USE: as assert_in_use().
assert_unknown() {
	plan
	assert_refused 69 "45.json: [0]: 0000:01:00.0 may be in use, and not bound: what it is used for can't be told: $1" \
		'; mend that, or set "force": true in the entry'
	entry_with '"force":true'
	assert_shown "0000:01:00.0 is taken from its driver by \"force\": what it is used for can't be told: $1" '+ vfio-pci'
	entry_with '"force":false'
}

# PATH TEXT: where this attribute is a directory, or this directory or link a file, the use is unknown; then all is as before.
assert_needed() {
	local path=$1
	mv "$path" "$path.away"
	if [ -d "$path.away" ] || [ -L "$path.away" ]; then : > "$path"; else mkdir "$path"; fi
	assert_unknown "$2"
	rm -r "$path"
	mv "$path.away" "$path"
	assert_not_in_use
}

@test "network interfaces that can't be looked at count as in use" {
	local address=/sys/bus/pci/devices/0000:01:00.0 usb=usb1/1-1/net/usb0
	mapped driver=e1000e
	interface net/eth0 0x1002
	interface virtio3/net/eth1 0x1002
	interface "$usb" 0x1002
	mkdir -p "$ROOT/sys/class/net"
	ln -s "../../${SYSFS_PATHS[0000:01:00.0]}/$usb" "$ROOT/sys/class/net/usb0"
	echo > "$ROOT/sys/class/net/bonding_masters"
	assert_needed "$FUNCTION/net" "$address/net: can't be read: Not a directory"
	assert_needed "$FUNCTION/net/eth0/flags" "$address/net: can't be read: Is a directory"
	assert_needed "$FUNCTION/virtio3/net" "$address/net: can't be read: Not a directory"
	assert_needed "$FUNCTION/virtio3/net/eth1/flags" "$address/net: can't be read: Is a directory"
	assert_needed "$ROOT/sys/class/net" "/sys/class/net: can't be read: Not a directory"
	assert_needed "$FUNCTION/$usb/flags" "/sys/class/net: can't be read: Is a directory"
	echo up > "$FUNCTION/net/eth0/flags"
	assert_unknown "$address/net: can't be read: Invalid argument"
	# What is gone since it was listed isn't in the way.
	rm "$FUNCTION/net/eth0/flags"
	assert_not_in_use
}

@test "disks that can't be looked at count as in use" {
	local path=/sys/block/vda
	mapped driver=virtio-pci class=0x010000
	disk vda 254:0 vda1 254:1
	mounted '22 21 254:16 / /srv rw - ext4 /dev/vdb rw'
	printf 'Filename\tType\n' > "$ROOT/proc/swaps"
	assert_needed "$ROOT/sys/block" "/sys/block/: can't be read: Not a directory"
	assert_needed "$FUNCTION/virtio4/block/vda/dev" "$path/dev: can't be read: Is a directory"
	assert_needed "$FUNCTION/virtio4/block/vda/holders" "$path/holders: can't be read: Not a directory"
	assert_needed "$FUNCTION/virtio4/block/vda/vda1/dev" "$path/vda1/dev: can't be read: Is a directory"
	assert_needed "$FUNCTION/virtio4/block/vda/vda1/holders" "$path/vda1/holders: can't be read: Not a directory"
	assert_needed "$ROOT/proc/self/mountinfo" "/proc/self/mountinfo: can't be read: Is a directory"
	assert_needed "$ROOT/proc/swaps" "/proc/swaps: can't be read: Is a directory"
	echo 254 > "$FUNCTION/virtio4/block/vda/vda1/dev"
	assert_unknown "$path/vda1/dev: is not a pair of device numbers"
	rm "$FUNCTION/virtio4/block/vda/vda1/dev"
	assert_not_in_use
}

@test "virtual functions that can't be looked at count as in use" {
	local address=/sys/bus/pci/devices/0000:01:00.0
	mapped driver=ice
	add_pci_function 0000:01:01.0 parent=0000:00:06.0 group=4
	ln -s ../0000:01:01.0 "$FUNCTION/virtfn0"
	assert_needed "$FUNCTION/virtfn0" "$address/virtfn0: can't be read: Invalid argument"
	assert_needed "$ROOT/sys/bus/pci/devices/0000:01:01.0" "/sys/bus/pci/devices/0000:01:01.0: can't be read: Not a directory"
	: > "$ROOT/sys/${SYSFS_PATHS[0000:01:01.0]}/driver"
	assert_unknown "/sys/bus/pci/devices/0000:01:01.0/driver: can't be read: Invalid argument"
	rm "$FUNCTION/virtfn0"
	ln -s ../nothing "$FUNCTION/virtfn0"
	assert_unknown "$address/virtfn0: can't be read: Invalid argument"
}

@test "a disk whose node in /dev isn't there, or is another device's, counts as in use" {
	wrapper
	mapped driver=virtio-pci class=0x010000
	disk noblk 259:4000
	write_config
	remember
	machine_command "$OCI_VFIO_HOOK" plan "$BUNDLE" --bind --timeout 0
	assert_refused 69 "what it is used for can't be told: /dev/noblk: can't be read: No such file or directory; mend that"
	rm "$ROOT/sys/block/noblk"
	disk null 259:4001
	machine_command "$OCI_VFIO_HOOK" plan "$BUNDLE" --bind --timeout 0
	assert_refused 69 "what it is used for can't be told: /dev/null: is another device than the disk of this name, 259:4001; mend that"
}

# --- what is written -------------------------------------------------------------------------------------------------

# [OPTION...]: on the built machine as the real one.
apply_here() {
	write_config
	remember
	machine_command "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0 "$@"
}

# On this machine vfio-pci can be written to; nothing comes of it.
with_driver() {
	wrapper
	mapped "$@"
	mkdir -p "$ROOT/sys/bus/pci/drivers/vfio-pci"
}

@test "the kernel takes the override and doesn't bind: 69, and all is put back" {
	with_driver
	apply_here
	assert_status 69
	assert_error '0000:01:00.0: the kernel takes the driver override vfio-pci, but the function has no driver afterwards; the kernel'\''s log (dmesg) says why'
	assert_unchanged
	[ "$(< "$ROOT/sys/bus/pci/drivers_probe")" = 0000:01:00.0 ]
	# An empty line, on top of what was written before it.
	[ "$(< "$FUNCTION/driver_override")" = $'\nfio-pci' ]
}

@test "without an IOMMU it is said what the kernel needs" {
	with_driver
	entry_with '"allow_noiommu":true'
	rm "$FUNCTION/iommu_group"
	apply_here
	assert_status 69
	assert_error 'but the function has no driver afterwards; it is in no IOMMU group: without an IOMMU the module vfio needs enable_unsafe_noiommu_mode=1'
	entry_with '"allow_noiommu":false'
	: > "$ROOT/sys/bus/pci/drivers_probe"
	apply_here
	assert_refused 69 '0000:01:00.0 is in no IOMMU group; enable the IOMMU of this machine'
	[ ! -s "$ROOT/sys/bus/pci/drivers_probe" ]
}

@test "the kernel leaves the function with its driver: 69, and what was the override is it again" {
	with_driver driver=igb_uio
	: > "$ROOT/sys/bus/pci/drivers/igb_uio/unbind"
	: > "$ROOT/sys/bus/pci/drivers/igb_uio/bind"
	printf 'igb_uio\n' > "$FUNCTION/driver_override"
	apply_here --log "$BATS_TEST_TMPDIR/log"
	assert_status 69
	assert_error 'but the function has the driver igb_uio afterwards'
	assert_unchanged
	[ "$(< "$ROOT/sys/bus/pci/drivers/igb_uio/unbind")" = 0000:01:00.0 ]
	[ "$(head -c 7 "$FUNCTION/driver_override")" = igb_uio ]
	# It was never away.
	[ ! -s "$ROOT/sys/bus/pci/drivers/igb_uio/bind" ]
	grep -F '0000:01:00.0 is put back: it has igb_uio again' "$BATS_TEST_TMPDIR/log"
}

@test "what can't be put back: a warning" {
	with_driver driver=igb_uio
	: > "$ROOT/sys/bus/pci/drivers/igb_uio/unbind"
	# The stand-in for a kernel that has lost the driver meanwhile.
	write_config
	remember
	machine_command "${TRACED[@]}" -P /sys/bus/pci/devices/0000:01:00.0/driver -e trace=readlinkat -e inject=readlinkat:error=ENOENT:when=3+ \
		"$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_status 69
	grep -F 'but the function has no driver afterwards' "$STDERR"
	grep -F '0000:01:00.0 could not be put back: it had igb_uio before' "$STDERR"
	assert_unchanged
}

@test "an override that can't be put back: a warning" {
	with_driver driver=igb_uio
	: > "$ROOT/sys/bus/pci/drivers/igb_uio/unbind"
	write_config
	remember
	machine_command "${TRACED[@]}" -P "/sys/${SYSFS_PATHS[0000:01:00.0]}/driver_override" -e trace=write -e inject=write:error=EIO:when=2+ \
		"$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0 --log-level info
	assert_status 69
	grep -F 'warning: 0000:01:00.0: its driver override could not be put back, and decides which driver it gets next: Input/output error: write an empty line to /sys/bus/pci/devices/0000:01:00.0/driver_override' "$STDERR" ||
		fail "$(show_output)"
	assert_unchanged
}

@test "a kernel without overrides: 69" {
	with_driver
	rm "$FUNCTION/driver_override"
	apply_here
	assert_refused 69 "0000:01:00.0 can't be bound to vfio-pci: " "/driver_override is not there: this kernel can't be told which driver"
}

@test "sysfs is read-only: 69" {
	with_driver
	write_config
	remember
	machine_command unshare --mount bash -euc 'mount -o remount,ro,bind /sys; exec "$@"' bash \
		"$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused 69 '0000:01:00.0 can'\''t be bound to vfio-pci: ' ': sysfs is mounted read-only here; bind it where it isn'\''t'
}

# CALL ERROR STATUS TEXT...: the system call on the override fails.
override_fails() {
	write_config
	remember
	machine_command "${TRACED[@]}" -P "/sys/${SYSFS_PATHS[0000:01:00.0]}/driver_override" \
		-e "trace=$1" -e "inject=$1:error=$2" "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused "${@:3}"
}

@test "the kernel refuses the override: 69, or 77" {
	with_driver
	override_fails write EINVAL 69 "0000:01:00.0 can't be bound to vfio-pci: the kernel refuses it: " 'driver_override: Invalid argument'
	override_fails write EACCES 77 'Permission denied; binding needs root of the machine itself'
	[ "$(< "$FUNCTION/driver_override")" = '(null)' ]
}

# PATH CALL TEXT...: the system call on the path fails; all is put back.
step_fails() {
	write_config
	remember
	machine_command "${TRACED[@]}" -P "$1" -e "trace=$2" -e "inject=$2:error=EBUSY" "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused 69 "0000:01:00.0 can't be bound to vfio-pci: the kernel refuses it: " ': Device or resource busy' "${@:3}"
	[ "$(head -c 7 "$FUNCTION/driver_override")" = igb_uio ]
}

@test "the kernel refuses to unbind, or to look for a driver: 69, and what was the override is it again" {
	with_driver driver=igb_uio
	: > "$ROOT/sys/bus/pci/drivers/igb_uio/unbind"
	printf 'igb_uio\n' > "$FUNCTION/driver_override"
	step_fails /sys/bus/pci/drivers/igb_uio/unbind write /driver/unbind
	printf 'igb_uio\n' > "$FUNCTION/driver_override"
	step_fails /sys/bus/pci/drivers_probe write /sys/bus/pci/drivers_probe
}

@test "what is bound already needs nothing of this" {
	with_driver driver=vfio-pci node=242:0
	rm "$FUNCTION/driver_override"
	chmod a-w "$ROOT/sys/bus/pci/drivers_probe"
	apply_here
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# bats test_tags=unsanitized
@test "no memory at any time: what was written is put back" {
	with_driver
	write_config
	remember
	# shellcheck disable=SC2016 # For that bash.
	machine_command bash -euc 'override=/sys/bus/pci/devices/0000:01:00.0/driver_override
		for ((number = 1; number < 3000; number++)); do
			rm -f "$0"
			echo "(null)" > "$override"
			status=0
			FAILING_MALLOC=$number:$0 FAILING_MALLOC_ALWAYS=1 LD_PRELOAD=$1 "${@:2}" 2> /dev/null || status=$?
			[ -e "$0" ] || break
			echo "$number: $status $(tr "\n" . < "$override")"
		done
		[ $status = 69 ]' "$BATS_TEST_TMPDIR/mark" "$FAILING_MALLOC_LIBRARY" "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_status 0
	# What is said last gets along without memory.
	! grep -vE ': (70 \(null\)\.|(70|69) \.fio-pci)$' "$STDOUT" || fail "$(show_output)"
	# Before and after.
	grep -qF ': 70 (null).' "$STDOUT"
	grep -qF ': 70 .fio-pci' "$STDOUT"
	assert_unchanged
}

# --- the module ------------------------------------------------------------------------------------------------------

# COMMAND...: on the built machine, where no kernel has modules.
without_modules() {
	# shellcheck disable=SC2016 # For that bash.
	machine_command unshare --mount bash -euc '[ ! -d /lib/modules ] || mount -t tmpfs none /lib/modules; exec "$0" "$@"' "$@"
}

@test "a kernel without the module: 69" {
	wrapper
	mapped
	write_config
	remember
	without_modules "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused 69 "the module vfio-pci can't be loaded: " '; does this kernel have it (modprobe vfio-pci)?'
}

@test "a module that modprobe.d has a command for: 69, and the command isn't run" {
	wrapper
	mapped
	mkdir -p "$ROOT/etc/modprobe.d"
	echo "install vfio-pci touch $BATS_TEST_TMPDIR/run" > "$ROOT/etc/modprobe.d/x.conf"
	write_config
	remember
	without_modules "$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused 69 'the module vfio-pci is not loaded: modprobe.d has a command for it, which is not run here; load it beforehand: modprobe vfio-pci'
	[ ! -e "$BATS_TEST_TMPDIR/run" ]
}

@test "libkmod isn't installed: 69, and the package and modprobe are named" {
	local library
	wrapper
	mapped
	write_config
	remember
	library=$(ldconfig -p | awk '$1 == "libkmod.so.2" { print $NF; exit }')
	# shellcheck disable=SC2016 # For that bash.
	machine_command unshare --mount bash -euc 'mount --bind /dev/null "$(readlink -e "$0")"; exec "$@"' "$library" \
		"$OCI_VFIO_HOOK" apply "$BUNDLE" --bind --timeout 0
	assert_refused 69 'libkmod.so.2 is needed to load a module of the kernel: install the package libkmod2' \
		'; or load it beforehand: modprobe vfio-pci'
}

# --- several runs ----------------------------------------------------------------------------------------------------

# NUMBER...: somebody holds these claims.
hold_claims() {
	# Not the function: that process would be a shell's.
	/usr/bin/python3 -c 'import fcntl, struct, sys, time
file = open(sys.argv[1], "r+")
for number in sys.argv[2:]:
    fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, int(number), 1, 0))
print("held", flush=True)
time.sleep(60)' "$ROOT/sys/bus/pci/drivers_probe" "$@" > "$BATS_TEST_TMPDIR/holder" 3>&- &
	HOLDER=$!
	until [ -s "$BATS_TEST_TMPDIR/holder" ]; do
		kill -0 "$HOLDER"
		sleep 0.02
	done
}

teardown() {
	[ -z "${HOLDER:-}" ] || kill "$HOLDER" 2> /dev/null || true
}

@test "another run has the group, bound or not: waited for, then 75" {
	with_driver driver=vfio-pci node=242:0
	hold_claims 3
	SECONDS=0
	apply_here --timeout 1
	assert_refused 75 'another run is binding functions that this spec names as well, or puts them back; waited for it'
	[ "$SECONDS" -ge 1 ]
	apply_here
	assert_refused 75 'another run is binding'
	# plan changes nothing, and needn't wait.
	machine_command "$OCI_VFIO_HOOK" plan "$BUNDLE" --bind --timeout 0
	assert_silent
}

@test "another run has another group" {
	with_driver driver=vfio-pci node=242:0
	hold_claims 2 4
	apply_here
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "another run lets the group go" {
	with_driver driver=vfio-pci node=242:0
	hold_claims 3
	(sleep 0.5; kill "$HOLDER") 3>&- &
	apply_here --timeout 10
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

# --- the other front ends --------------------------------------------------------------------------------------------

@test "precreate: nothing on stdout where binding fails" {
	with_driver
	write_config
	# shellcheck disable=SC2016 # For that bash.
	machine_command bash -c '"$0" --bind --timeout 0 precreate < "$1"' "$OCI_VFIO_HOOK" "$CONFIG"
	assert_status 69
	assert_error 'but the function has no driver afterwards'
	[ ! -s "$STDOUT" ]
	[ "$(< "$FUNCTION/driver_override")" = $'\nfio-pci' ]
}

@test "the wrapper: by the configuration; the runtime isn't run where binding fails" {
	with_driver
	echo '{"bind":true}' > "$ETC/config.json"
	write_config
	remember
	runtime create --bundle "$BUNDLE" box
	assert_refused_call 'but the function has no driver afterwards'
	[ "$(< "$FUNCTION/driver_override")" = $'\nfio-pci' ]
}

@test "the wrapper: a process that is executed binds nothing" {
	with_driver
	echo '{"bind":true}' > "$ETC/config.json"
	printf '{"args":["/x"],"cwd":"/","env":["PCIDEVICE_A=0000:3b:02.0"]}' > "$BATS_TEST_TMPDIR/process.json"
	runtime exec --process "$BATS_TEST_TMPDIR/process.json" box
	assert_status 0
	assert_json "$BATS_TEST_TMPDIR/process.json" '.env == ["PCIDEVICE_A=0000:01:00.0"]'
	[ "$(< "$FUNCTION/driver_override")" = '(null)' ]
	[ ! -s "$ROOT/sys/bus/pci/drivers_probe" ]
}
