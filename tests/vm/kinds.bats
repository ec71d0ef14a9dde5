#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The other kinds of nodes, on a real kernel: handles, which are used through /dev/iommu, groups without an IOMMU, and
# mediated devices. Specs of another kernel run after `apply`, through the wrapper and with createRuntime, and fail for the
# expected reason without. Runs as root in the guest that `boot` starts with selectors.conf, kinds.conf and the modules of
# `modules`.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c, where its
# exit statuses are), PACKAGE where everything is installed as by a package.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031
# bats file_tags=kinds

function=0000:00:05.0
function_without_iommu=0000:41:00.0
mediated=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
host_function=0000:5e:00.1
host_mediated=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90
edu_identification=0x010000ed
mtty_identification=0x32534348

load helpers

setup_file() {
	modprobe -a vfio-pci mtty
	echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode
	bind_to vfio-pci $function
	bind_to vfio-pci $function_without_iommu
	make_mediated
}

make_mediated() {
	echo $mediated > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
}

teardown_file() {
	echo 1 > "/sys/bus/mdev/devices/$mediated/remove"
}

setup() {
	untraced
	# Not bats' own directory: a user namespace's root has no way into it.
	bundle=/run/kinds/$BATS_TEST_NUMBER
	log=$BATS_TEST_TMPDIR/log
	maps=/etc/oci-vfio-hook/devices.d
	mkdir -p "$bundle/rootfs" "$maps"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
}

teardown() {
	rm -f "$maps/kinds.json"
	[ ! -e "$log" ] || cat "$log"
}

# CONTAINER-PATH HOST GUEST [MEMBERS]: the machine's map.
map() {
	jq -n --arg path "$1" --arg option "$2=$3" \
		"[{type: \"vfio-pci\", container_path: \$path, options: [\$option]${4:+, $4}}]" > "$maps/kinds.json"
}

# RUNTIME
container() {
	"$1" run --bundle "$bundle" "kinds-$BATS_TEST_NUMBER"
}

# RUNTIME OUTPUT KIND HOST GUEST: by each front end a container drives the device that is HOST in its spec and GUEST here.
# Without one, nothing of that name is here; or there is, where the name is right from the start, but no node in the
# container. KIND_spec writes the spec, map_KIND the map. The test sets `node`, and the probe's `status_without` it.
every_front_end() {
	local spec=$3_spec runtime
	"$spec" "$1" "$4"
	expect 11 "$4 on this machine" container "$1"
	expect 0 '' "$OCI_VFIO_HOOK" apply "$bundle"
	expect 0 "$2" container "$1"

	case $1 in crun) runtime=oci-vfio-crun ;; runc) runtime=oci-vfio-runtime ;; esac
	"$spec" "$1" "$4"
	expect 0 "$2" container "$PACKAGE/usr/bin/$runtime"

	# The environment is right from the start: at that stage it can't be changed.
	map_"$3" "$5" "$5"
	"$spec" "$1" "$5"
	expect "$status_without" "$node: " container "$1"
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook --log "$log" createRuntime
	expect 0 "$2" container "$1"
}

@test "the kernel has what Debian's modules lack: handles, noiommu groups, a mediated device" {
	[ -c /dev/iommu ]
	[ "$(cat "/sys/class/vfio-dev/$(ls "/sys/bus/pci/devices/$function/vfio-dev")/dev")" = \
		"$(stat -c %Hr:%Lr "/dev/vfio/devices/$(ls "/sys/bus/pci/devices/$function/vfio-dev")")" ]
	[ -e /sys/module/vfio/parameters/enable_unsafe_noiommu_mode ]
	[ -d /sys/class/mdev_bus/mtty ]
}

# ---- handles

map_handle() {
	map /dev/vfio/devices/vfio9 "$1" "$2"
}

handle_spec() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV "$2" devices/vfio9 511:9
	edit_spec '.process.args += ["handles"]
		| .linux.devices += [{path: "/dev/iommu", type: "c", major: 10, minor: 126, fileMode: 438, uid: 0, gid: 0}]
		| .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 126, access: "rwm"}]'
}

handle() {
	map_handle $host_function $function
	# The numbers of the host's /dev/iommu are nobody's here.
	node=/dev/iommu status_without=12
	every_front_end "$1" "$function $edu_identification" handle $host_function $function
	jq -e --arg path "/dev/vfio/devices/$(ls /sys/bus/pci/devices/$function/vfio-dev)" \
		'[.linux.devices[].path] | index($path)' < "$bundle/config.json"
}

@test "crun: a handle is bound through /dev/iommu" { handle crun; }
@test "runc: a handle is bound through /dev/iommu" { handle runc; }

@test "crun, createRuntime: a handle in a user namespace" {
	map_handle $function $function
	handle_spec crun $function
	user_namespace
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook --log "$log" createRuntime
	expect 0 "$function $edu_identification" container crun
}

# ---- groups without an IOMMU

map_noiommu() {
	map /dev/vfio/noiommu-7 "$1" "$2" 'allow_noiommu: true'
}

# Whoever opens such a group must have a capability.
noiommu_spec() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV "$2" noiommu-7 243:5
	add_control_node
	edit_spec '.process.capabilities |= with_entries(select(.key | IN("bounding", "effective", "permitted"))
		| .value += ["CAP_SYS_RAWIO"])'
}

noiommu() {
	node=/dev/vfio/noiommu-$(group_of $function_without_iommu) status_without=14
	map /dev/vfio/noiommu-7 $host_function 0000:40/00/00
	noiommu_spec "$1" $host_function
	expect 69 'or accept that with "allow_noiommu": true in the entry' "$OCI_VFIO_HOOK" apply "$bundle"
	map_noiommu $host_function $function_without_iommu
	every_front_end "$1" "$function_without_iommu $edu_identification" noiommu $host_function $function_without_iommu
	grep -F 'warning: ' "$log" | grep -F 'noiommu mode'
}

@test "crun: a group without an IOMMU" { noiommu crun; }
@test "runc: a group without an IOMMU" { noiommu runc; }

# ---- mediated devices

map_mediated() {
	map /dev/vfio/387 "$1" "$2"
}

mediated_spec() {
	new_spec "$1"
	add_device VENDOR_TTY '' 387 243:5
	add_control_node
	edit_spec --arg uuid "$2" '.process.env |= map(select(startswith("PCIDEVICE_") | not)) + ["MDEV_PCI_RESOURCE_VENDOR_TTY=\($uuid)"]'
}

mediated() {
	node=/dev/vfio/$(basename "$(readlink "/sys/bus/mdev/devices/$mediated/iommu_group")") status_without=14
	map_mediated $host_mediated $mediated
	every_front_end "$1" "$mediated $mtty_identification" mediated $host_mediated $mediated
}

@test "crun: a mediated device" { mediated crun; }
@test "runc: a mediated device" { mediated runc; }

# ---- functions that no driver has

# KIND ADDRESS NODE: it is bound, and has its node then.
bound_first() {
	echo > "/sys/bus/pci/devices/$2/driver_override"
	echo "$2" > "/sys/bus/pci/devices/$2/driver/unbind"
	map_"$1" $host_function "$2"
	"$1_spec" crun $host_function
	expect 69 "$2" "$OCI_VFIO_HOOK" --timeout 0 apply "$bundle"
	expect 0 '' "$OCI_VFIO_HOOK" --bind apply "$bundle"
	jq -e --arg start "$3" 'any(.linux.devices[].path; startswith($start))' < "$bundle/config.json"
	expect 0 "$2 $edu_identification" container crun
}

@test "--bind, and a handle" { bound_first handle $function /dev/vfio/devices/vfio; }
@test "--bind, and a group without an IOMMU" { bound_first noiommu $function_without_iommu /dev/vfio/noiommu-; }

# ---- what comes later

# COMMAND...: makes the device when somebody waits for it, for which the spec is rewritten then; without udevd.
comes_later() {
	local waiting
	[ ! -e /run/udev/control ]
	"$OCI_VFIO_HOOK" --timeout 60 apply "$bundle" > "$log" 2>&1 3>&- &
	waiting=$!
	until_it_listens $waiting
	"$@"
	wait $waiting
}

@test "a handle that comes later" {
	echo $function > /sys/bus/pci/drivers/vfio-pci/unbind
	map_handle $host_function $function
	handle_spec crun $host_function
	comes_later bind_to vfio-pci $function
	expect 0 "$function $edu_identification" container crun
}

@test "a mediated device that comes later" {
	echo 1 > "/sys/bus/mdev/devices/$mediated/remove"
	map_mediated $host_mediated $mediated
	mediated_spec crun $host_mediated
	comes_later make_mediated
	expect 0 "$mediated $mtty_identification" container crun
}
