#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real containers, a real kernel and a real IOMMU: specs that were written for another kernel run after `apply`, and fail
# for the expected reason without it. Runs as root in the guest that `boot` starts with machine.conf and map.json.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c, where its
# exit statuses are).
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

# Addresses of machine.conf.
edu_root=0000:00:05.0
edu_port=0000:01:00.0
testdev=0000:00:07.0
pair_0=0000:00:08.0
pair_1=0000:00:08.1
edu_expander=0000:21:00.0

# What the specs say: the numbers of the host's nodes, which mean nothing here.
host_numbers=243:5
other_host_numbers=243:6
edu_identification=0x010000ed

load helpers

setup_file() {
	local address
	for address in $edu_root $edu_port $testdev $pair_0 $pair_1 $edu_expander; do
		bind_to vfio-pci "$address"
	done
}

setup() {
	untraced
	MAPS=/etc/oci-vfio-hook/devices.d
	mkdir -p "$MAPS"
	bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs"
	cp "$VFIO_PROBE" "$bundle/rootfs/probe"
}

teardown() {
	rm -f "$MAPS"/*.json
}

hook() {
	"$OCI_VFIO_HOOK" "$@"
}

container() {
	"$1" run --bundle "$bundle" "test-$BATS_TEST_NUMBER"
}

# Inode, times and contents: what must not change when nothing is to be done.
fingerprint() {
	stat -c '%i %y %z %s' "$bundle/config.json"
	sha256sum < "$bundle/config.json"
	ls -A "$bundle"
}

expect_failure_without_hook() {
	local runtime=$1 probe_status=$2 reason=$3
	expect "$probe_status" "$reason" container "$runtime"
}

expect_device() {
	local runtime=$1 address=$2
	expect 0 "$address $edu_identification" container "$runtime"
}

expect_refused() {
	local status_expected=$1 text=$2 before
	shift 2
	before=$(fingerprint)
	expect "$status_expected" "$text" hook "$@"
	[ "$(fingerprint)" = "$before" ]
}

fw_cfg_map() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	add_control_node
	expect_failure_without_hook "$1" 11 'no PCI function 0000:3b:02.0'
	expect 0 '' hook apply "$bundle"
	expect_device "$1" $edu_port
}

@test "crun: the map from fw_cfg" { fw_cfg_map crun; }
# bats test_tags=second
@test "runc: the map from fw_cfg" { fw_cfg_map runc; }

# The host's address happens to be this machine's too, so that the nodes alone are wrong; and the spec has no control
# node. fw_cfg maps the same path elsewhere: the file wins.
device_map_file() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV $edu_root 45 $host_numbers
	jq -n --arg option "$edu_root=$edu_root" \
		'[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$option]}]' > "$BATS_TEST_TMPDIR/map.json"
	expect_failure_without_hook "$1" 12 '/dev/vfio/vfio: No such file or directory'
	expect 0 '' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect_device "$1" $edu_root
}

@test "crun: the map from --device-map" { device_map_file crun; }
@test "runc: the map from --device-map" { device_map_file runc; }

behind_expander() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.1 46 $other_host_numbers
	add_control_node
	expect_failure_without_hook "$1" 11 'no PCI function 0000:3b:02.1'
	expect 0 '' hook apply "$bundle"
	expect_device "$1" $edu_expander
}

# bats test_tags=second
@test "crun: a function behind an expander's root bus" { behind_expander crun; }
@test "runc: a function behind an expander's root bus" { behind_expander runc; }

# The host had the two the other way round: each one's group, numbers and address are the other's here. Without the hook
# nothing is missing, and the process would drive the wrong device.
swapped() {
	local edu_group test_group
	edu_group=$(group_of $edu_root)
	test_group=$(group_of $testdev)
	new_spec "$1"
	add_device QEMU_COM_EDU $testdev "$test_group" "$(numbers_of "$test_group")"
	add_device QEMU_COM_TESTDEV $edu_root "$edu_group" "$(numbers_of "$edu_group")"
	add_control_node
	jq -n --arg edu_path "/dev/vfio/$test_group" --arg edu "$testdev=$edu_root" \
		--arg test_path "/dev/vfio/$edu_group" --arg test "$edu_root=$testdev" '[
		{type: "vfio-pci", container_path: $edu_path, options: [$edu]},
		{type: "vfio-pci", container_path: $test_path, options: [$test]}]' > "$BATS_TEST_TMPDIR/map.json"
	expect_failure_without_hook "$1" 20 "$testdev: wrong device"
	expect 0 '' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect_device "$1" $edu_root
	[[ ${lines[*]} == *"$testdev 0x"* ]]
}

@test "crun: two groups that are each other's host groups" { swapped crun; }
# bats test_tags=second
@test "runc: two groups that are each other's host groups" { swapped runc; }

# Two host groups, one group here: one node.
two_functions_of_a_group() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0,0000:3b:02.1 50 $host_numbers
	add_device INTEL_COM_OTHER 0000:3b:02.2 51 $other_host_numbers
	jq -n '[
		{type: "vfio-pci", container_path: "/dev/vfio/50", options: ["0000:3b:02.0=08", "0000:3b:02.1=06/00"]},
		{type: "vfio-pci", container_path: "/dev/vfio/51", options: ["0000:3b:02.2=08.1"]}]' > "$BATS_TEST_TMPDIR/map.json"
	# The second function is elsewhere: its group's node comes too.
	expect_failure_without_hook "$1" 11 'no PCI function 0000:3b:02.0'
	expect 0 '' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect_device "$1" $pair_0
	[[ $output == *"$pair_1 $edu_identification"* ]]
	[[ $output == *"$edu_port $edu_identification"* ]]
}

# bats test_tags=second
@test "crun: two host groups in one guest group" { two_functions_of_a_group crun; }
@test "runc: two host groups in one guest group" { two_functions_of_a_group runc; }

# One host group, two groups here: two nodes, both opened in one container.
split_group() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:00.0,0000:3b:00.1 45 $host_numbers
	add_control_node
	jq -n --arg one "0000:3b:00.0=$edu_root" --arg other "0000:3b:00.1=$edu_expander" \
		'[{type: "vfio-pci", container_path: "/dev/vfio/45", options: [$one, $other]}]' > "$BATS_TEST_TMPDIR/map.json"
	expect_failure_without_hook "$1" 11 'no PCI function 0000:3b:00.0'
	expect 0 '' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect_device "$1" $edu_root
	[[ $output == *"$edu_expander $edu_identification"* ]]
}

@test "crun: one host group in two guest groups" { split_group crun; }
# bats test_tags=second
@test "runc: one host group in two guest groups" { split_group runc; }

# SOURCE DESTINATION
add_mount() {
	edit_spec --arg source "$1" --arg destination "$2" \
		'.mounts += [{$destination, type: "bind", $source, options: ["bind", "rw"]}]'
}

add_rule() {
	edit_spec --arg numbers "$1" '($numbers | split(":") | map(tonumber)) as [$major, $minor]
		| .linux.resources.devices += [{allow: true, type: "c", $major, $minor, access: "rwm"}]'
}

add_address() {
	edit_spec --arg address "$1" '.process.env += ["PCIDEVICE_BY_MOUNT=\($address)"]'
}

# The host's rule follows, and what the container's root does to the node stays in the container.
by_mount() {
	local node mode
	node=/dev/vfio/$(group_of $edu_port)
	new_spec "$1"
	add_mount /dev/vfio/45 /dev/vfio/45
	add_address 0000:3b:02.0
	add_control_node
	add_rule $host_numbers
	cp /bin/busybox "$bundle/rootfs"
	edit_spec --arg node "$node" \
		'.process.args = ["/busybox", "sh", "-c", "/busybox chmod 0666 \($node); /busybox chown 7 \($node); exec /probe"]'
	jq -n --arg numbers $host_numbers '[{type: "vfio-pci", container_path: "/dev/vfio/45",
		options: ["0000:3b:02.0=06/00"], host_dev: $numbers}]' > "$BATS_TEST_TMPDIR/map.json"
	mode=$(stat -c '%a %u' "$node")
	expect 0 '' hook --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect 0 "$edu_port $edu_identification" container "$1"
	[ "$(grep -c 'Read-only file system' <<< "$output")" = 2 ]
	[ "$(stat -c '%a %u' "$node")" = "$mode" ]
}

# bats test_tags=second
@test "crun: a bound node is driven, and not changed" { by_mount crun; }
@test "runc: a bound node is driven, and not changed" { by_mount runc; }

# The whole directory is mounted: this machine's nodes are there, but the rule is the host's.
whole_directory() {
	new_spec "$1"
	add_mount /dev/vfio /dev/vfio
	add_address 0000:3b:02.0
	add_control_node
	edit_spec 'del(.linux.devices[] | select(.path == "/dev/vfio/vfio"))'
	add_rule $host_numbers
	jq -n '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=06/00"]}]' \
		> "$MAPS/directory.json"
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/config.json"
	expect 0 'no rule allows' hook apply "$bundle"
	expect 14 'Operation not permitted' container "$1"
	jq --arg numbers $host_numbers '.[0].host_dev = $numbers' "$MAPS/directory.json" > "$MAPS/directory.new"
	mv "$MAPS/directory.new" "$MAPS/directory.json"
	cp "$BATS_TEST_TMPDIR/config.json" "$bundle/config.json"
	expect 0 '' hook apply "$bundle"
	[[ $output != *'no rule allows'* ]]
	expect_device "$1" $edu_port
}

@test "crun: the whole directory of VFIO nodes, and the host's rule" { whole_directory crun; }
# bats test_tags=second
@test "runc: the whole directory of VFIO nodes, and the host's rule" { whole_directory runc; }

# The host allowed a number that is another device here, and the container may make nodes.
foreign_rule() {
	local group
	group=$(group_of $testdev)
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	add_control_node
	add_rule "$(numbers_of "$group")"
	cp /bin/busybox "$bundle/rootfs"
	edit_spec --arg numbers "$(numbers_of "$group")" '
		.process.args = ["/busybox", "sh", "-c", "/busybox mknod /stolen c \($numbers | sub(":"; " ")) && /busybox dd if=/stolen count=0 && echo stolen; exec /probe"]
		| .root.readonly = false
		| .process.capabilities |= with_entries(.value += ["CAP_MKNOD"])'
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/config.json"
	expect 0 'this rule is removed' hook apply "$bundle"
	expect 0 "$edu_port $edu_identification" container "$1"
	[[ $output != *stolen$'\n'* ]]
}

# bats test_tags=second
@test "crun: the host's rule for a number that is another device here" { foreign_rule crun; }
@test "runc: the host's rule for a number that is another device here" { foreign_rule runc; }

# Proves that the guest's device cgroup is in force, without which the rules would go untested.
rule_is_needed() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	add_control_node
	expect 0 '' hook apply "$bundle"
	edit_spec --arg numbers "$(numbers_of "$(group_of $edu_port)")" '
		del(.linux.resources.devices[] | select("\(.major):\(.minor)" == $numbers))'
	expect 14 'Operation not permitted' container "$1"
}

@test "crun: without the rewritten rule the node can't be opened" { rule_is_needed crun; }
# bats test_tags=second
@test "runc: without the rewritten rule the node can't be opened" { rule_is_needed runc; }

foreign_group() {
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 77 $host_numbers
	expect_refused 69 '/dev/vfio/77' apply "$bundle"
	expect_failure_without_hook "$1" 11 'no PCI function 0000:3b:02.0'
}

# bats test_tags=second
@test "crun: a foreign group that no map names is refused" { foreign_group crun; }
@test "runc: a foreign group that no map names is refused" { foreign_group runc; }

twice() {
	local before
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	expect 0 '' hook apply "$bundle"
	before=$(fingerprint)
	expect 0 '' hook apply "$bundle"
	[ "$(fingerprint)" = "$before" ]
	expect_device "$1" $edu_port
}

@test "crun: apply twice is apply once" { twice crun; }
# bats test_tags=second
@test "runc: apply twice is apply once" { twice runc; }

plan_only() {
	local before
	new_spec "$1"
	add_device INTEL_COM_SRIOV 0000:3b:02.0 45 $host_numbers
	before=$(fingerprint)
	expect 0 "/dev/vfio/$(group_of $edu_port)" hook plan "$bundle"
	[ "$(fingerprint)" = "$before" ]
}

# bats test_tags=second
@test "crun's spec: plan shows the change and makes none" { plan_only crun; }
@test "runc's spec: plan shows the change and makes none" { plan_only runc; }

# The kernel's word and ours must be the same. Last, because it leaves the group as it is.
@test "crun: a group that isn't viable is refused, by us and by the kernel" {
	local group
	group=$(group_of $pair_0)
	modprobe uio_pci_generic
	bind_to uio_pci_generic $pair_1
	new_spec crun
	add_device QEMU_COM_EDU $pair_0 "$group" "$(numbers_of "$group")"
	add_control_node
	jq -n --arg path "/dev/vfio/$group" --arg option "$pair_0=$pair_0" \
		'[{type: "vfio-pci", container_path: $path, options: [$option]}]' > "$BATS_TEST_TMPDIR/map.json"
	expect_refused 69 uio_pci_generic --device-map "$BATS_TEST_TMPDIR/map.json" apply "$bundle"
	expect_failure_without_hook crun 15 'not viable'
}
