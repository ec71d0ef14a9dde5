#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# GUEST by what the function is: selectors, found by a scan of /sys/bus/pci/devices, and self.

load helpers

# Two equal functions behind root ports, 0000:01:00.0 (group 3, 242:0) and 0000:02:00.0 (group 4, 242:1).
setup() {
	machine
	bundle
	two_functions
	host_device
	control_device
}

# ADDRESS NAME VALUE
attribute() {
	printf '%s\n' "$3" > "$ROOT/sys/${SYSFS_PATHS[$1]}/$2"
}

# NAME ADDRESS
slot() {
	mkdir -p "$ROOT/sys/bus/pci/slots/$1"
	printf '%s\n' "$2" > "$ROOT/sys/bus/pci/slots/$1/address"
}

# ADDRESS BYTES: the configuration space from 0x100 on.
extended() {
	local file=$ROOT/sys/${SYSFS_PATHS[$1]}/config
	truncate --size 256 "$file"
	printf '%b' "$2" >> "$file"
	truncate --size 4096 "$file"
}

# ADDRESS SERIAL, eight pairs from the highest on: after a capability that isn't it.
serial() {
	local text='' pair
	for pair in ${2//-/ }; do text="\\x$pair$text"; done
	extended "$1" "\\x01\\x00\\x82\\x14$(printf '\\0%.0s' {1..68})\\x03\\x00\\x01\\x00$text"
}

# GUEST: a map of the host's function.
use() {
	rm -f "$CONFIG" "$MAPS"/*.json
	add_map one "$(entry /dev/vfio/45 "0000:3b:02.0=$1")"
}

# GUEST GROUP NUMBERS
assert_found() {
	use "$1"
	apply
	assert_silent
	assert_devices "/dev/vfio/$2 c $3" '/dev/vfio/vfio c 10:196'
}

assert_first() { assert_found "$1" 3 242:0; }
assert_second() { assert_found "$1" 4 242:1; }

# GUEST SUBSTRING...
assert_not_found() {
	use "$1"
	apply
	assert_refused 69 'one.json: [0]: host function 0000:3b:02.0, here "' "${@:2}"
}

@test "acpi-index" {
	attribute 0000:01:00.0 acpi_index 7
	attribute 0000:02:00.0 acpi_index 8
	assert_first acpi-index:7
	assert_second acpi-index:8
	assert_not_found acpi-index:9 'selector "acpi-index:9" matches no function of this machine; plug the device in, or correct the map'
}

@test "label" {
	attribute 0000:01:00.0 label 'Slot+1: left'
	attribute 0000:02:00.0 label 'Slot+1: right'
	assert_first 'label:Slot+1: left'
	assert_second 'label:Slot+1: right'
	assert_not_found 'label:Slot+1: middle' 'matches no function of this machine'
	assert_not_found 'label:Slot+1: righ' 'matches no function of this machine'
}

@test "slot" {
	slot 9 0000:01:00
	slot 10 0000:02
	slot 11 0000:03:00
	assert_first slot:9
	assert_second slot:10
	assert_not_found slot:11 'matches no function of this machine'
	assert_not_found slot:1 'selector "slot:1" names a slot that is not in /sys/bus/pci/slots; plug the device in, or correct the map'
}

@test "serial number" {
	serial 0000:01:00.0 00-1b-21-ff-ff-a5-5a-00
	serial 0000:02:00.0 00-1b-21-ff-ff-a5-5a-01
	assert_first serial:001b21ffffa55a00
	assert_second serial:00-1b-21-ff-ff-a5-5a-01
	assert_not_found serial:00-1b-21-ff-ff-a5-5a-02 'matches no function of this machine'
}

@test "serial number: configuration spaces without, and of other sizes" {
	local bytes
	serial 0000:02:00.0 00-1b-21-ff-ff-a5-5a-01
	# None; nobody answers; a circle; cut off in its midst.
	for bytes in '' '\xff\xff\xff\xff' '\x01\x00\x01\x10' '\x03\x00\x01\x00\x01'; do
		rm -f "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/config"
		extended 0000:01:00.0 "$bytes"
		[[ $bytes != *x03* ]] || truncate --size 261 "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/config"
		assert_second serial:00-1b-21-ff-ff-a5-5a-01
	done
	truncate --size 256 "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/config"
	assert_second serial:00-1b-21-ff-ff-a5-5a-01
	truncate --size 64 "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/config"
	assert_second serial:00-1b-21-ff-ff-a5-5a-01
}

@test "vendor and device" {
	attribute 0000:02:00.0 device 0x154d
	assert_first id:8086:154c
	assert_second id:8086:154D
	attribute 0000:02:00.0 device 0x154c
	attribute 0000:02:00.0 vendor 0x10de
	assert_first id:8086:154c
	assert_not_found id:10de:154d 'matches no function of this machine'
	attribute 0000:02:00.0 vendor 0x8086
	attribute 0000:02:00.0 subsystem_device 0x1101
	assert_first id:8086:154c:1af4:1100
	assert_second id:8086:154c:1af4:1101
	attribute 0000:01:00.0 subsystem_vendor 0x1af5
	assert_not_found id:8086:154c:1af4:1100 'matches no function of this machine'
}

@test "several at once: all must match" {
	slot 9 0000:01:00
	slot 10 0000:02:00
	attribute 0000:01:00.0 acpi_index 7
	attribute 0000:02:00.0 acpi_index 7
	assert_first slot:9+id:8086:154c
	assert_second acpi-index:7+slot:10
	assert_second id:8086:154c+slot:10+acpi-index:7
	assert_not_found slot:9+acpi-index:8 'matches no function of this machine'
	assert_not_found slot:9+id:8086:154d 'matches no function of this machine'
}

@test "self: the same address as on the host" {
	add_map one "$(with '"expect":{"device":"154c"}' "$(entry /dev/vfio/45 0000:02:00.0=self)")"
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG" "$MAPS/one.json"
	add_map one "$(with '"expect":{"device":"154d"}' "$(entry /dev/vfio/45 0000:02:00.0=self)")"
	apply
	assert_refused 69 'here "self": 0000:02:00.0 has device 0x154c, but the map expects 0x154d'
	use self
	apply
	assert_refused 69 'host function 0000:3b:02.0, here "self": 0000:3b:02.0 is not in /sys/bus/pci/devices'
}

@test "several functions match: refused at once, with what tells them apart" {
	slot 9 0000:01:00
	slot 10 0000:02:00
	attribute 0000:01:00.0 acpi_index 7
	serial 0000:02:00.0 00-1b-21-ff-ff-a5-5a-01
	attribute 0000:01:00.0 label ''
	assert_not_found id:8086:154c \
		'here "id:8086:154c": selector "id:8086:154c" matches 2 functions: 0000:01:00.0 (06/00, slot:9, acpi-index:7), 0000:02:00.0 (07/00, slot:10, serial:001b21ffffa55a01); add with + what tells it from the others, or write its PCI path instead'
	assert_first id:8086:154c+slot:9
	assert_first 06/00
	attribute 0000:02:00.0 acpi_index 7
	attribute 0000:01:00.0 label left
	attribute 0000:02:00.0 subsystem_device 0x1101
	attribute 0000:01:00.0 device 0x154c
	assert_not_found acpi-index:7 \
		'0000:01:00.0 (06/00, slot:9, id:8086:154c:1af4:1100, label:left)' '0000:02:00.0 (07/00, slot:10, id:8086:154c:1af4:1101, serial:'
	# Different in nothing but where they are.
	rm -r "$ROOT/sys/bus/pci/slots"
	attribute 0000:02:00.0 subsystem_device 0x1100
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/label" "$ROOT/sys/${SYSFS_PATHS[0000:02:00.0]}/config"
	assert_not_found acpi-index:7 'matches 2 functions: 0000:01:00.0 (06/00), 0000:02:00.0 (07/00); add'
}

@test "a slot of several functions: refused, unless something else tells them apart" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=5 node=242:2 device=0x1234
	slot 9 0000:01:00
	assert_not_found slot:9 'matches 2 functions: 0000:01:00.0 (06/00, id:8086:154c), 0000:01:00.1 (06/00.1, id:8086:1234)'
	assert_first slot:9+id:8086:154c
	assert_found slot:9+id:8086:1234 5 242:2
}

@test "of many that match some are shown" {
	local i
	for i in {3..12}; do add_pci_function "0000:$(printf %02x "$i"):00.0" driver=vfio-pci group=$((i + 10)); done
	assert_not_found id:8086:154c 'matches 12 functions: 0000:01:00.0 (06/00), 0000:02:00.0 (07/00), 0000:03:00.0 (0000:03/00)' \
		'0000:08:00.0 (0000:08/00), and 4 more; add with +'
}

@test "two options of one entry: two groups" {
	attribute 0000:01:00.0 acpi_index 7
	attribute 0000:02:00.0 acpi_index 8
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:8 0000:3b:02.1=acpi-index:7)"
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "two hosts on one function: refused, in one spelling or in two" {
	attribute 0000:01:00.0 acpi_index 7
	slot 9 0000:01:00
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:7+slot:9 0000:3b:02.1=slot:9+acpi-index:7)"
	apply
	assert_refused 65 'one.json: [0]: options: slot:9+acpi-index:7 is host function 0000:3b:02.1 here and 0000:3b:02.0'
	rm "$MAPS/one.json"
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:7 0000:3b:02.1=06/00)"
	apply
	assert_refused 65 'host functions 0000:3b:02.0 and 0000:3b:02.1 are one function here'
}

@test "the environment is translated, and what it alone asks for may be missing" {
	attribute 0000:01:00.0 acpi_index 7
	add_env PCIDEVICE_A=0000:3b:02.0
	assert_first acpi-index:7
	assert_env PCIDEVICE_A=0000:01:00.0
	rm "$CONFIG"
	add_env PCIDEVICE_B=0000:3b:02.1
	add_map two "$(entry /dev/vfio/46 0000:3b:02.1=id:8086:154c)"
	apply
	assert_warning PCIDEVICE_B 'matches 2 functions: 0000:01:00.0 (06/00'
	assert_env PCIDEVICE_A=0000:01:00.0 PCIDEVICE_B=0000:3b:02.1
}

@test "identity is checked of what was found" {
	attribute 0000:01:00.0 acpi_index 7
	add_map one "$(with '"expect":{"device":"154d"}' "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:7)")"
	apply
	assert_refused 69 'here "acpi-index:7": 0000:01:00.0 has device 0x154c, but the map expects 0x154d'
}

@test "bad selectors: 65, with file, entry and field" {
	local guest
	while read -r guest; do
		use "$guest"
		apply
		assert_refused 65 'one.json: [0].options[0]: "' "${guest%%:*}"
	done <<-'END'
		acpi-index:
		acpi-index:x
		acpi-index:-7
		slot:
		slot:..
		slot:a/b
		slot:9+
		label:
		serial:12
		serial:00-1b-21-ff-ff-a5-5a-0g
		id:8086
		id:8086:154
		id:8086:154c:1af4
		slot:9+slot:9
		slot:9+acpi-index:7+slot:9
	END
}

@test "what sysfs says makes no sense, or can't be read: an error, never another device" {
	attribute 0000:02:00.0 acpi_index 7
	attribute 0000:01:00.0 acpi_index seven
	use acpi-index:7
	apply
	assert_refused 74 /sys/bus/pci/devices/0000:01:00.0/acpi_index
	slot 9 nowhere
	use slot:9
	apply
	assert_refused 74 /sys/bus/pci/slots/9/address
}

@test "serial numbers are root's to read" {
	needs_root
	serial 0000:01:00.0 00-1b-21-ff-ff-a5-5a-00
	# sysfs shows others the first 64 bytes of the file; here it can't be opened.
	chmod 0600 "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/config"
	use serial:00-1b-21-ff-ff-a5-5a-00
	write_config
	open_to_nobody
	run setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/hook" --root "$ROOT" plan "$BUNDLE"
	[ "$status" = 77 ]
	[[ $output == *'/config: only root can read a serial number there; run as root, or use another selector'* ]]
}

@test "only what is asked for is read, once for all selectors" {
	local count
	second_host_device
	attribute 0000:01:00.0 acpi_index 7
	attribute 0000:02:00.0 acpi_index 8
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=acpi-index:7)" "$(entry /dev/vfio/46 0000:3b:02.1=acpi-index:8)"
	write_config
	env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" \
		strace -qq -e trace=openat,openat2 -o "$BATS_TEST_TMPDIR/strace" "$OCI_VFIO_HOOK" --root "$ROOT" plan "$BUNDLE" > /dev/null
	[ "$(grep -c 'acpi_index' "$BATS_TEST_TMPDIR/strace")" = 4 ]
	[ "$(grep -c '"/sys/bus/pci/devices"' "$BATS_TEST_TMPDIR/strace")" = 1 ]
	! grep -E '/(vendor|device|subsystem_device|label|config)"' "$BATS_TEST_TMPDIR/strace" || fail 'more was read'
}
