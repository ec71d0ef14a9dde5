#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A machine that was ready is broken in seven ways. Each time `check` says so and what mends it; that is done as it stands
# there, and the container reads its device again. Runs as root in the guest that `boot` starts with machine.conf.
#
# PACKAGE is a directory into which everything was installed with the prefix /usr, VFIO_PROBE the static program that runs
# in the containers (probe.c).
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

edu_port=0000:01:00.0
testdev=0000:00:07.0
pair_0=0000:00:08.0
pair_1=0000:00:08.1
host_address=0000:3b:02.0
register=0x010000ed
directory=/etc/oci-vfio-hook
map=$directory/devices.d/check.json
state=/run/check

load helpers

setup_file() {
	modprobe uio_pci_generic
	cp -R "$PACKAGE"/. /
	mkdir -p $state /etc/cdi
	podman_in_guest $state/podman
	jq -n '{cdiVersion: "0.3.0", kind: "test.example/check", devices: [{name: "45", containerEdits: {
		env: ["PCIDEVICE_INTEL_COM_SRIOV=0000:3b:02.0"],
		deviceNodes: [{path: "/dev/vfio/45", type: "c", major: 243, minor: 5, permissions: "rwm"}]}}]}' > /etc/cdi/check.json
	oci-vfio-hook enable podman
}

setup() {
	local address
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs" $directory/devices.d
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
	# The guest's own map is for other tests.
	echo '{"fw_cfg": false}' > $directory/config.json
	# Whoever bound it: only one function here may be VFIO's.
	for address in /sys/bus/pci/drivers/{vfio-pci,uio_pci_generic}/0000:*; do
		[ ! -e "$address" ] || release "${address##*/}"
	done
	release $pair_0
	release $pair_1
	bind_to vfio-pci $edu_port
	entry 06/00
}

teardown() {
	rm -rf $directory/devices.d $directory/config.json
}

# GUEST [MEMBERS]: the map has the host's device there.
entry() {
	jq -n --arg option "$host_address=$1" "[{type: \"vfio-pci\", container_path: \"/dev/vfio/45\", options: [\$option],
		host_dev: \"243:5\", expect: {vendor: \"1234\", device: \"11e8\"} ${2:+, $2}}]" > $map
}

# ADDRESS: no driver has it, nor shall any.
release() {
	local device=/sys/bus/pci/devices/$1
	echo > "$device/driver_override"
	[ ! -e "$device/driver" ] || echo "$1" > "$device/driver/unbind"
}

# LEVEL TOPIC TEXT [BUNDLE]: check finds this; $remedy is the line below it.
finds() {
	local line found=''
	run oci-vfio-hook check "${@:4}"
	echo "$output"
	remedy=''
	for line in "${lines[@]}"; do
		if [ -n "$found" ]; then
			remedy=${line#"${line%%[! ]*}"}
			break
		fi
		[[ $line != "$1"*" $2 "*"$3"* ]] || found=yes
	done
	echo "found: $found; what mends it: $remedy"
	[ -n "$found" ] && [ -n "$remedy" ]
	# Nothing was changed for it to be said.
	[ "$status" = 1 ]
}

# What check said is done, and it is content with that.
mend() {
	bash -euc "$remedy"
	run oci-vfio-hook check
	echo "$output"
	[[ $output != *FAIL*" /dev/vfio/45 "* ]]
}

# [PATH]: the spec of a host's container.
host_spec() {
	new_spec crun
	add_device INTEL_COM_SRIOV $host_address "${1:-45}" 243:5
}

# GUEST-ADDRESS: a container of that spec reads the device.
reads() {
	host_spec "${@:2}"
	expect 0 "$1 $register" oci-vfio-crun run --bundle "$bundle" "check-$BATS_TEST_NUMBER"
}

# By podman, through precreate.
podman_reads() {
	expect 0 "$edu_port $register" podman --runtime crun run --rm --device test.example/check=45 --rootfs "$bundle/rootfs" /probe
}

@test "as it should be: no failure, and the container reads its device" {
	run oci-vfio-hook check
	echo "$output"
	[[ $output != *FAIL* ]]
	[[ $output == *'ok    IOMMU          Intel (dmar0), '*' groups'* ]]
	[[ $output == *'ok    interrupts     '* ]]
	[[ $output == *"ok    /dev/vfio/45   $host_address -> $edu_port (06/00), vfio-pci, group "*" viable"* ]]
	[[ $output == *'ok    podman         '*': precreate calls /usr/bin/oci-vfio-hook'* ]]
	host_spec
	run oci-vfio-hook check "$bundle"
	[[ $output == *'ok    container      '*'/dev/vfio/45 -> /dev/vfio/'* ]]
	reads $edu_port
	podman_reads
}

@test "1. the function isn't bound" {
	release $edu_port
	finds FAIL /dev/vfio/45 "$edu_port (06/00) is bound to nothing, not to a VFIO driver"
	mend
	reads $edu_port
	bind_to uio_pci_generic $edu_port
	finds FAIL /dev/vfio/45 "$edu_port (06/00) is bound to uio_pci_generic, not to a VFIO driver"
	mend
	reads $edu_port
}

@test "2. the group isn't viable" {
	entry 08
	bind_to vfio-pci $pair_0
	bind_to uio_pci_generic $pair_1
	finds FAIL /dev/vfio/45 "is not viable: $pair_1 is bound to uio_pci_generic"
	mend
	reads $pair_0
}

@test "3. the map has another slot" {
	entry 13/00
	finds FAIL /dev/vfio/45 "$host_address -> 13/00: nothing there"
	mend
	reads $edu_port
}

# The guest has an IOMMU: another machine's picture, made from this one's, hasn't.
@test "4. no IOMMU: what is to be done is what this guest was started with" {
	local root=$state/root
	mkdir -p $root/{proc,sys/{bus,class/iommu,kernel/iommu_groups,firmware/acpi/tables}}
	cp /proc/cpuinfo $root/proc
	[ -e /sys/firmware/acpi/tables/DMAR ]
	: > $root/sys/firmware/acpi/tables/DMAR
	sed 's/intel_iommu=on//' /proc/cmdline > $root/proc/cmdline
	finds FAIL IOMMU 'none: /sys/class/iommu and /sys/kernel/iommu_groups are empty' --root $root
	[[ $remedy == "on the kernel's command line: "* ]]
	grep -qw -- "${remedy#*: }" /proc/cmdline
	reads $edu_port
}

@test "5. the hook isn't installed: not registered, or another program is named" {
	oci-vfio-hook disable podman
	finds FAIL podman "doesn't call oci-vfio-hook"
	mend
	podman_reads
	sed -i 's|/usr/bin/oci-vfio-hook|/usr/local/bin/oci-vfio-hook|' /etc/containers/oci-vfio-hook/oci-vfio-hook.json
	finds FAIL podman "names /usr/local/bin/oci-vfio-hook, which isn't there: podman skips it in silence"
	mend
	podman_reads
}

@test "6. cards were changed: another one is at the address" {
	entry $testdev
	bind_to vfio-pci $testdev
	finds FAIL /dev/vfio/45 "$host_address -> $testdev ($testdev) is another device than the map expects"
	mend
	release $testdev
	reads $edu_port
}

@test "7. a kernel without handles" {
	entry 06/00
	sed -i 's|"/dev/vfio/45"|"/dev/vfio/devices/vfio9"|' $map
	finds FAIL /dev/vfio/devices/vfio9 'this kernel has no iommufd handle for it (CONFIG_VFIO_DEVICE_CDEV)'
	[[ $remedy == 'set "node": "group" in the entry'* ]]
	remedy=${remedy#set } remedy=${remedy% in the entry*}
	jq ".[0] += {$remedy}" $map > $state/map
	cp $state/map $map
	reads $edu_port devices/vfio9
}

@test "with a bundle: why its container would not start" {
	release $edu_port
	host_spec
	finds FAIL container "is not bound to any driver" "$bundle"
	[[ $remedy == *"$edu_port"* ]]
}

# podman reads /run/cdi. The cards change places: the group that one of them had is the other's then.
@test "podman finds a device by its address in the CDI spec, before and after the groups have changed" {
	local edu_root=0000:00:05.0 kind=vfio.oci-vfio-hook.github.io/device before
	bind_to vfio-pci $edu_root
	mkdir -p /run/cdi
	by_cdi() {
		oci-vfio-hook cdi --variables --output /run/cdi/oci-vfio-hook.json
		expect 0 "$1 $register" podman --runtime crun run --rm --device $kind="$1" --rootfs "$bundle/rootfs" /probe
	}
	by_cdi $edu_port
	before="$(group_of $edu_port) $(group_of $edu_root)"
	echo 1 > /sys/bus/pci/devices/$edu_port/remove
	echo 1 > /sys/bus/pci/devices/$edu_root/remove
	# A spec of yesterday names what isn't there today.
	oci-vfio-hook cdi --output /run/cdi/oci-vfio-hook.json
	expect 126 'unresolvable CDI devices' podman --runtime crun run --rm --device $kind=$edu_port --rootfs "$bundle/rootfs" /probe
	echo 1 > /sys/class/pci_bus/0000:01/rescan
	echo 1 > /sys/bus/pci/rescan
	bind_to vfio-pci $edu_port
	bind_to vfio-pci $edu_root
	[ "$(group_of $edu_port) $(group_of $edu_root)" != "$before" ]
	by_cdi $edu_port
	by_cdi $edu_root
	release $edu_root
}
