#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cdi: a CDI spec of the machine's VFIO devices. The engines that read it are in the guests.

load helpers

setup() {
	machine
	SPEC=$BATS_TEST_TMPDIR/spec.json
}

cdi() {
	hook --root "$ROOT" cdi "$@"
}

# STATUS TEXT: it failed so, and says the text last.
assert_failed() {
	local said
	assert_status "$1"
	said=$(tail -n 1 "$STDERR")
	[[ $said == *"$2"* ]] || fail "expected: $2" "$(show_output)"
	[ ! -s "$STDOUT" ]
}

# What podman, docker and CRI-O need of a spec: CDI's own grammar of names and kinds.
assert_valid() {
	assert_output '.cdiVersion == "0.5.0"' '.kind | test("^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]/[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]$")' \
		'.devices | length > 0' '[.devices[].name | select(test("^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$") | not)] == []' \
		'([.devices[].name] | unique | length) == (.devices | length)' \
		'[.devices[].containerEdits.deviceNodes | length] | unique == [2]' \
		'[.devices[].containerEdits.deviceNodes[] | select(.type != "c" or (.major | type) != "number" or .permissions != "rwm")] == []'
}

@test "devices by their addresses, with the nodes of today and the control node" {
	two_functions
	add_pci_function 0000:00:05.0 driver=e1000e group=9
	cdi
	assert_silent
	assert_valid
	assert_output '.kind == "vfio.oci-vfio-hook.github.io/device"' '[.devices[].name] == ["0000:01:00.0", "0000:02:00.0"]' \
		'.devices[1].containerEdits == {"deviceNodes": [
			{"path": "/dev/vfio/4", "type": "c", "major": 242, "minor": 1, "permissions": "rwm"},
			{"path": "/dev/vfio/vfio", "type": "c", "major": 10, "minor": 196, "permissions": "rwm"}]}'
}

@test "a mediated device by its UUID, and a function that has only a handle" {
	add_pci_function 0000:01:00.0 driver=vfio-pci group=3 node=none
	add_handle vfio7 0000:01:00.0 244:7
	add_mdev 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 5
	cdi
	assert_silent
	assert_valid
	assert_output '.devices[0].containerEdits.deviceNodes | map("\(.path) \(.major):\(.minor)") == ["/dev/vfio/devices/vfio7 244:7", "/dev/iommu 10:257"]' \
		'.devices[1] | .name == "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001" and .containerEdits.deviceNodes[0].path == "/dev/vfio/5"'
}

@test "other names, and variables" {
	two_functions
	add_pci_function 0000:01:00.1 driver=vfio-pci group=3
	printf '7\n' > "$ROOT/sys/bus/pci/devices/0000:02:00.0/acpi_index"
	# Of two that have the same number neither is named by it.
	printf '8\n' > "$ROOT/sys/bus/pci/devices/0000:01:00.0/acpi_index"
	printf '8\n' > "$ROOT/sys/bus/pci/devices/0000:01:00.1/acpi_index"
	cdi --kind example.com/nic --by group,acpi-index --alias left=0000:01:00.0,a.b-c_9=0000:02:00.0 --variables
	assert_warning 'group 3 has 2 functions, and one node: a container that gets one of them can use all'
	assert_valid
	assert_output '.kind == "example.com/nic"' \
		'[.devices[].name] == ["0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "left", "a.b-c_9", "group-3", "group-4", "acpi-index-7"]' \
		'[.devices[] | select(.name == "group-3")][0].containerEdits.env == ["PCIDEVICE_VFIO_0000_01_00_0=0000:01:00.0", "PCIDEVICE_VFIO_0000_01_00_1=0000:01:00.1"]' \
		'[.devices[] | select(.name == "left")][0].containerEdits | .env == ["PCIDEVICE_VFIO_0000_01_00_0=0000:01:00.0"] and .deviceNodes[0].path == "/dev/vfio/3"'
	cdi --by address
	assert_output '.devices | length == 3'
}

@test "what no container can be given is left out, and said" {
	two_functions
	add_pci_function 0000:01:00.1 driver=igb group=3
	cdi
	assert_warning "0000:01:00.0 is left out: group 3 isn't viable: a function of it has a driver that isn't VFIO's"
	assert_output '[.devices[].name] == ["0000:02:00.0"]'
	rm -rf "$ROOT/sys/class/vfio/4"
	cdi --by group
	assert_failed 69 "no function of this machine has a driver of VFIO's and a node"
	grep -q '0000:02:00.0 is left out: it has no VFIO node; see oci-vfio-hook check' "$STDERR"
}

@test "a group in noiommu mode is left out" {
	two_functions
	rm -rf "$ROOT/sys/class/vfio/4"
	add_sysfs_node vfio noiommu-4 242:1
	cdi
	assert_warning '0000:02:00.0 is left out: group 4 is in noiommu mode, in which nothing keeps a device from the memory of others'
	assert_output '[.devices[].name] == ["0000:01:00.0"]'
}

@test "--output: replaced in one step, left alone where nothing changed, removed without a device" {
	local inode
	two_functions
	cdi --output "$SPEC"
	assert_silent
	[ ! -s "$STDOUT" ]
	[ "$(stat -c %a "$SPEC")" = 644 ]
	[ "$(jq '.devices | length' "$SPEC")" = 2 ]
	inode=$(stat -c %i "$SPEC")
	cdi --output "$SPEC"
	[ "$(stat -c %i "$SPEC")" = "$inode" ]
	add_pci_function 0000:03:00.0 driver=vfio-pci group=5
	cdi --output "$SPEC"
	[ "$(jq '.devices | length' "$SPEC")" = 3 ]
	rm "$ROOT"/sys/bus/pci/devices/*/driver
	cdi --output "$SPEC"
	assert_warning "no function of this machine has a driver of VFIO's; there is no $SPEC now"
	[ ! -e "$SPEC" ]
	cdi --output "$SPEC"
	assert_status 0
	mkdir "$SPEC"
	add_pci_function 0000:04:00.0 driver=vfio-pci group=6
	cdi --output "$SPEC"
	assert_failed 65 'is not a regular file'
	cdi --output "$BATS_TEST_TMPDIR/no/spec.json"
	assert_failed 66 "its directory can't be opened"
}

@test "arguments of a wrong form" {
	local kind alias
	two_functions
	for kind in x example.com/ /nic example.com/n 9x/nic 'a b/nic' example.com/nic/x example.com/nic-; do
		cdi --kind "$kind"
		assert_failed 64 "--kind: \"$kind\" is not VENDOR/CLASS, such as vfio.oci-vfio-hook.github.io/device: letters, digits and -_. that begin with a letter, and a class of at least two"
	done
	cdi --by serial
	assert_failed 64 '--by: must be address, group, acpi-index, or several joined by commas, not "serial"'
	for alias in left left= =0000:01:00.0 -x=0000:01:00.0 'a b=0000:01:00.0' x=0000:01; do
		cdi --alias "$alias"
		assert_failed 64 'is not NAME=ADDRESS, a NAME of letters, digits and -_.: that ends with a letter or digit'
	done
	cdi --alias left=0000:01:00.0,left=0000:02:00.0
	assert_failed 64 'there is a device of this name; choose another one'
	cdi --alias left=0000:09:00.0
	assert_failed 69 "no such device has a driver of VFIO's and a node here; see oci-vfio-hook list"
	cdi x
	assert_failed 64 'one argument too many'
	hook --root "$ROOT" plan --kind x/yy "$BATS_TEST_TMPDIR"
	assert_failed 64 '--kind is for cdi, not for plan; remove it'
}

@test "a machine without PCI" {
	rm -r "$ROOT/sys/bus"
	cdi
	assert_failed 69 "no function of this machine has a driver of VFIO's"
}
