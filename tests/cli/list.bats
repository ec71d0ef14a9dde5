#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# list: what a machine has.

load helpers

setup() {
	machine
}

list() {
	hook --root "$ROOT" list "$@"
}

# LINE...: these lines are on stdout, one after the other, and nothing was said on stderr.
assert_lines() {
	local text
	assert_status 0
	[ ! -s "$STDERR" ] || fail 'expected nothing on stderr' "$(show_output)"
	printf -v text '%s\n' "$@"
	[[ $(cat "$STDOUT")$'\n' == *"$text"* ]] || fail 'expected:' "$text" "$(show_output)"
}

# FILE
assert_uncoloured() {
	! LC_ALL=C grep -q $'\033' "$1" || fail "$(cat -A "$1")"
}

# STATUS PART...: each is in the only line on stderr.
assert_refusal() {
	local expected=$1 part
	shift
	assert_status "$expected"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
	[ "$(wc -l < "$STDERR")" = 1 ] || fail 'expected one line on stderr' "$(show_output)"
	for part; do
		[[ $(cat "$STDERR") == *"$part"* ]] || fail "expected: $part" "$(show_output)"
	done
}

# Two functions with entries, one of which isn't viable; one without VFIO; a mediated device; a missing one.
everything() {
	two_functions
	two_entries
	add_pci_function 0000:02:00.1 parent=0000:00:07.0 driver=ixgbe group=4
	add_pci_function 0000:00:05.0 driver=nvme class=0x010802
	add_mdev 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 9 vfio_mdev
	add_map 47 "$(entry /dev/vfio/47 0000:3b:02.2=09)"
}

@test "the table: VFIO's devices, mediated ones, and what a map has that isn't here" {
	everything
	list
	assert_lines \
		'DEVICE                                ID         DRIVER     GROUP  NODE         PATH   HOST NAME     CONTAINERS' \
		'0000:01:00.0                          8086:154c  vfio-pci   3      /dev/vfio/3  06/00  /dev/vfio/45  -' \
		'0000:02:00.0                          8086:154c  vfio-pci   4      /dev/vfio/4  07/00  /dev/vfio/46  -' \
		'83b8f4f2-509f-382f-3c1e-e6bfe0fa1001  -          vfio_mdev  9      /dev/vfio/9  -      -             -' \
		'missing                               -          -          -      -            09     /dev/vfio/47  -' \
		"Map: $MAPS/45.json (1 entry), $MAPS/46.json (1 entry), $MAPS/47.json (1 entry).  --all: also functions without VFIO"
	# --all, and what is selected.
	list --all
	grep -qE '^0000:00:05\.0 +8086:154c +nvme +- +- +05 +- +-$' "$STDOUT" || fail "$(show_output)"
	[ "$(wc -l < "$STDOUT")" = 10 ]
	list 07/00
	assert_lines '0000:02:00.0  8086:154c  vfio-pci  4      /dev/vfio/4  07/00  /dev/vfio/46  -'
	[ "$(wc -l < "$STDOUT")" = 3 ]
}

@test "--groups: as everybody knows it from lspci -nn, and why one isn't viable" {
	everything
	list --groups
	assert_status 0
	sed -E 's/^(  [0-9a-f:.]+ ).*( \[[0-9a-f]{4}\]: ).*( \[[0-9a-f:]+\])/\1CLASS\2NAME\3/' "$STDOUT" > "$BATS_TEST_TMPDIR/groups"
	diff "$BATS_TEST_TMPDIR/groups" - <<-END
	IOMMU Group 3: node /dev/vfio/3 (242:0), viable
	  01:00.0 CLASS [0200]: NAME [8086:154c]
	    driver vfio-pci
	    path 06/00
	    map /dev/vfio/45, 0000:3b:02.0 there: $MAPS/45.json: [0]
	IOMMU Group 4: node /dev/vfio/4 (242:1), not viable: 02:00.1 has the driver ixgbe
	  02:00.0 CLASS [0200]: NAME [8086:154c]
	    driver vfio-pci
	    path 07/00
	    map /dev/vfio/46, 0000:3b:02.1 there: $MAPS/46.json: [0]
	  02:00.1 CLASS [0200]: NAME [8086:154c]
	    driver ixgbe
	    path 07/00.1
	IOMMU Group 9: node /dev/vfio/9 (242:9), viable
	  83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 mediated device
	    driver vfio_mdev
	No IOMMU Group:
	  00:05.0 CLASS [0108]: NAME [8086:154c]
	    driver nvme
	    path 05
	  00:06.0 CLASS [0604]: NAME [8086:000c]
	    driver pcieport
	    path 06
	  00:07.0 CLASS [0604]: NAME [8086:000c]
	    driver pcieport
	    path 07
	Missing:
	  09 for /dev/vfio/47: PCI path 09: 0000:00:09.0 is not in /sys/bus/pci/devices: $MAPS/47.json: [0]
	END
}

@test "all that a function has: handle, slot, index, label, revision, interface, virtual functions" {
	local sys
	two_functions
	sys=$ROOT/sys/${SYSFS_PATHS[0000:02:00.0]}
	add_handle vfio7 0000:01:00.0 511:7
	rm "$sys/driver"
	ln -s ../../../../bus/pci/drivers/ixgbe "$sys/driver"
	mkdir -p "$ROOT/sys/bus/pci/slots/9" "$sys/net/eth7" "$ROOT/sys/class/net"
	echo 0000:02:00 > "$ROOT/sys/bus/pci/slots/9/address"
	echo 7 > "$sys/acpi_index"
	echo 'Onboard LAN' > "$sys/label"
	echo 0x0a > "$sys/revision"
	echo 0x1003 > "$sys/net/eth7/flags"
	ln -s "../../${SYSFS_PATHS[0000:02:00.0]}/net/eth7" "$ROOT/sys/class/net/eth7"
	add_pci_function 0000:03:10.0 parent=0000:00:07.0 group=5
	ln -s ../0000:02:00.0 "$ROOT/sys/${SYSFS_PATHS[0000:03:10.0]}/physfn"
	# A serial number of the configuration space isn't read.
	list --groups
	assert_lines '    driver vfio-pci, handle /dev/vfio/devices/vfio7 (511:7)' '    path 06/00'
	assert_lines '    driver ixgbe' '    path 07/00, slot 9, acpi-index 7, label Onboard LAN' \
		'    virtual functions: 1, network interface eth7 (up)'
	# No path leads to a bus that no bridge has.
	assert_lines '    driver none' '    virtual function of 02:00.0'
	grep -qE '^  02:00\.0 .* \(rev 0a\)$' "$STDOUT"
	grep -qF 'IOMMU Group 4: node /dev/vfio/4 (242:1), not viable: 02:00.0 has the driver ixgbe, it has virtual functions' "$STDOUT"
	# The most of it is in one file on a machine.
	printf '%s\n' DRIVER=igb PCI_CLASS=20000 PCI_ID=1AF4:1100 PCI_SUBSYS_ID=1AF4:0001 > "$sys/uevent"
	list 02:00.0
	grep -qE '^0000:02:00\.0  1af4:1100  igb ' "$STDOUT" || fail "$(show_output)"
}

@test "--tree: root buses, bridges and what is below them; a virtual function's bus is told" {
	everything
	add_bridge 0000:20:00.0 bus=21
	add_pci_function 0000:21:00.0 parent=0000:20:00.0 driver=vfio-pci group=7
	add_pci_function 0000:03:10.0 parent=0000:00:07.0
	list --tree
	assert_status 0
	sed -E 's/^(.*[0-9a-f]\.[0-7](-\[[0-9a-f]+\])?)  .* ?(\[[0-9a-f:]+\])$/\1  \3/' "$STDOUT" > "$BATS_TEST_TMPDIR/tree"
	diff "$BATS_TEST_TMPDIR/tree" - <<-'END'
	0000:00
	|-05.0  [8086:154c]
	|-06.0-[01]  [8086:000c]
	| `-00.0  [8086:154c]
	`-07.0-[02]  [8086:000c]
	  |-00.0  [8086:154c]
	  |-00.1  [8086:154c]
	  `-03:10.0  [8086:154c]
	0000:20
	`-00.0-[21]  [8086:000c]
	  `-00.0  [8086:154c]
	mediated devices
	  83b8f4f2-509f-382f-3c1e-e6bfe0fa1001  group 9  /dev/vfio/9
	END
	grep -qF '|-00.0  group 4  vfio-pci  /dev/vfio/4  ' "$STDOUT"
	# Of one function the bridges above it.
	list --tree 0000:21:00.0
	[ "$(wc -l < "$STDOUT")" = 3 ]
}

@test "a terminal: its width, colours as it wants them, lines of UTF-8 in such a locale" {
	local run="stty cols 20 && $OCI_VFIO_HOOK --root $ROOT list --tree"
	everything
	# ENVIRONMENT COMMAND
	terminal() {
		env -i PATH="$PATH" "${@:2}" script -qec "$1" /dev/null | tr -d '\r' > "$BATS_TEST_TMPDIR/screen"
	}
	terminal "$run" TERM=dumb LC_ALL=C
	[ "$(wc -L < "$BATS_TEST_TMPDIR/screen")" = 20 ]
	grep -qxF '| `-00.0  group 3  +' "$BATS_TEST_TMPDIR/screen" || fail "$(cat -A "$BATS_TEST_TMPDIR/screen")"
	assert_uncoloured "$BATS_TEST_TMPDIR/screen"
	terminal "${run/cols 20/cols 4}" TERM=xterm NO_COLOR=1 LC_ALL=C
	[ "$(wc -L < "$BATS_TEST_TMPDIR/screen")" = 20 ]
	assert_uncoloured "$BATS_TEST_TMPDIR/screen"
	terminal "$run" TERM=xterm LC_ALL=C.UTF-8
	grep -qxF $'│ └─\033[32m00.0  group 3  …\033[0m' "$BATS_TEST_TMPDIR/screen" || fail "$(cat -A "$BATS_TEST_TMPDIR/screen")"
	terminal "$OCI_VFIO_HOOK --root $ROOT list" TERM=xterm
	grep -q $'^\033\\[1mDEVICE .*\033\\[0m$' "$BATS_TEST_TMPDIR/screen"
	grep -q $'^\033\\[31mmissing .*\033\\[0m$' "$BATS_TEST_TMPDIR/screen"
}

@test "--json: its keys; each function's path leads a plan to it" {
	local path address
	everything
	list --json
	assert_status 0
	assert_output 'keys == ["functions","groups","iommus","mediated_devices","missing","processes_not_seen"]' \
		'[.functions[] | keys] | unique == [["acpi_index","address","class","class_name","device","device_name","driver",
			"group","handle","label","map","network_interface","open","parent","path","physical_function","revision","slot",
			"subsystem_device","subsystem_vendor","unknown","use","vendor","vendor_name","vfio","virtual_functions"]]' \
		'[.mediated_devices[] | keys] == [["driver","group","handle","map","open","parent","type","unknown","uuid","vfio"]]' \
		'[.groups[] | keys] | unique == [["functions","node","noiommu","number","offenders","viable"]]' \
		'.functions[] | select(.address == "0000:01:00.0") | [.vendor, .device, .class, .driver, .vfio, .group, .path, .parent, .map[0].host]
			== ["8086","154c","020000","vfio-pci",true,3,"06/00","0000:00:06.0","0000:3b:02.0"]' \
		'.groups[] | select(.number == 4) | [.viable, .offenders, .node] ==
			[false, ["0000:02:00.1"], {"path":"/dev/vfio/4","major":242,"minor":1}]' \
		'.functions[] | select(.address == "0000:00:05.0") | .use == "storage"' \
		'.missing | map([.guest, .container_path]) == [["09","/dev/vfio/47"]]'
	jq -r '.functions[] | select(.group == 3 or .group == 4) | "\(.path) \(.address)"' "$STDOUT" > "$BATS_TEST_TMPDIR/paths"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/paths")" = 3 ]
	rm "$MAPS"/*
	while read -r path address; do
		add_map 45 "$(entry /dev/vfio/45 "0000:3b:02.0=$path")"
		list --json
		assert_output ".functions[] | select(.map != []) | .address == \"$address\""
	done < "$BATS_TEST_TMPDIR/paths"
}

@test "--dot: what Graphviz draws without a warning" {
	everything
	printf '%s\n' 'say "hello"\n' > "$ROOT/sys/${SYSFS_PATHS[0000:00:05.0]}/label"
	list --dot
	assert_status 0
	grep -qF '"0000:00:07.0" -> "0000:02:00.0";' "$STDOUT"
	grep -qF 'label="IOMMU group 4 (not viable)";' "$STDOUT"
	[ "$(head -n 3 "$STDOUT")" = $'digraph machine {\n\trankdir=LR;\n\tnode [shape=box];' ]
	[ "$(grep -cF ', style=filled, fillcolor=palegreen' "$STDOUT")" = 3 ]
	dot -Tcanon "$STDOUT" > "$BATS_TEST_TMPDIR/drawn" 2> "$BATS_TEST_TMPDIR/warnings"
	[ ! -s "$BATS_TEST_TMPDIR/warnings" ] || fail "$(cat "$BATS_TEST_TMPDIR/warnings")"
	grep -qF 'cluster_4' "$BATS_TEST_TMPDIR/drawn"
}

@test "which are shown: addresses, groups, selectors, drivers, VFIO's" {
	everything
	# ARGUMENT...: prints the addresses.
	shown() {
		list --json "$@"
		assert_status 0
		jq -r '[.functions[].address, .mediated_devices[].uuid[0:4]] | join(" ")' "$STDOUT"
	}
	[ "$(shown 02:00.0)" = 0000:02:00.0 ]
	[ "$(shown group:4)" = '0000:02:00.0 0000:02:00.1' ]
	[ "$(shown group:9 0000:00:05.0)" = '0000:00:05.0 83b8' ]
	[ "$(shown group:4 --vfio)" = 0000:02:00.0 ]
	[ "$(shown --vfio)" = '0000:01:00.0 0000:02:00.0 83b8' ]
	[ "$(shown --driver ixgbe)" = 0000:02:00.1 ]
	[ "$(shown --driver none)" = '' ]
	[ "$(shown id:8086:000c)" = '0000:00:06.0 0000:00:07.0' ]
	[ "$(shown 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001)" = 83b8 ]
	list --driver none
	assert_lines 'No device of this machine is one of these (6 PCI functions, 1 mediated devices).'
}

@test "what isn't here" {
	everything
	list 0000:05:00.0
	assert_refusal 69 '0000:05:00.0 is not in /sys/bus/pci/devices; functions here: ' '0000:02:00.1 (07/00.1'
	list group:8
	assert_refusal 69 '"group:8": this machine has no such IOMMU group; it has 3, from 3 to 9'
	list 83b8f4f2-509f-382f-3c1e-e6bfe0fa1002
	assert_refusal 69 '"83b8f4f2-509f-382f-3c1e-e6bfe0fa1002" is not in /sys/bus/mdev/devices'
	list 06/01
	assert_refusal 69 '"06/01" matches no function of this machine; see oci-vfio-hook list --all'
	list group:x
	assert_refusal 64 '"group:x": after "group:" comes the number of an IOMMU group'
	list eth0
	assert_refusal 64 '"eth0" is neither a PCI path' '; an IOMMU group is group:NUMBER'
	list --tree --json
	assert_refusal 64 'list: of --groups, --tree, --json and --dot only one can be given'
}

@test "machines without PCI, without an IOMMU, without maps" {
	add_pci_function 0000:00:05.0 driver=ixgbe
	list
	assert_lines 'No device of this machine has a VFIO driver (1 PCI functions, 0 mediated devices).' \
		"IOMMU: none, or it isn't enabled: there are no groups." 'Map: none.  --all: also functions without VFIO'
	add_map empty
	list --all
	assert_lines 'Map: no entry.'
	list group:1
	assert_refusal 69 '"group:1": this machine has no IOMMU groups'
	rm -r "$ROOT/sys/bus/pci"
	list
	assert_refusal 69 "$ROOT/sys/bus/pci/devices: isn't there: this machine has no PCI bus, or sysfs isn't mounted"
}

@test "noiommu is shown as that" {
	add_pci_function 0000:00:05.0 driver=vfio-pci group=3 node=none
	add_sysfs_node vfio noiommu-3 242:0
	list --groups
	assert_lines 'IOMMU Group 3: node /dev/vfio/noiommu-3 (242:0), no IOMMU keeps it apart, viable'
	list
	assert_lines '0000:00:05.0  8086:154c  vfio-pci  3      /dev/vfio/noiommu-3  05    -          -'
}

@test "a group of no PCI function, and one that can't be judged" {
	mkdir -p "$ROOT/sys/kernel/iommu_groups/1/devices"
	add_pci_function 0000:00:05.0 driver=vfio-pci group=3
	rm "$ROOT/sys/${SYSFS_PATHS[0000:00:05.0]}/class"
	list --groups
	assert_lines 'IOMMU Group 1: no PCI function' "IOMMU Group 3: node /dev/vfio/3 (242:3), whether it is viable can't be told"
}

@test "a broken map: the machine is shown all the same" {
	everything
	echo '[' > "$MAPS/46.json"
	list
	assert_status 0
	grep -qE "^oci-vfio-hook: warning: $MAPS/46.json: .*; no map entry is shown that comes after$" "$STDERR" || fail "$(show_output)"
	grep -qF "Map: $MAPS/45.json (1 entry), and what can't be read." "$STDOUT"
}

@test "names with control bytes" {
	everything
	printf 'a\033[31mb\n' > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/label"
	for form in --groups --tree --dot; do
		list "$form"
		assert_status 0
		assert_uncoloured "$STDOUT"
	done
	list --groups
	grep -qF 'label a\x1B[31mb' "$STDOUT"
	list --json 0000:01:00.0
	assert_output '.functions[0].label == "a\u001b[31mb"'
}

@test "libpci isn't installed: numbers, and a message where the level info is shown" {
	needs_root
	local library
	everything
	library=$(ldconfig -p | awk '$1 == "libpci.so.3" { print $NF; exit }')
	# shellcheck disable=SC2016 # for that shell
	unshare --mount --propagation private bash -euc 'mount --bind /dev/null "$0" && exec "${@:1}"' "$library" \
		"$OCI_VFIO_HOOK" --root "$ROOT" --log-level=info list --groups 01:00.0 \
		> "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err"
	grep -qxF '  01:00.0 Class [0200]: Device [8086:154c]' "$BATS_TEST_TMPDIR/out"
	grep -qF 'libpci.so.3 is needed to show the names of devices: install the package libpci3' "$BATS_TEST_TMPDIR/err"
}

@test "who has a node open: the process, and its container" {
	needs_root
	local id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	everything
	add_handle vfio7 0000:01:00.0 511:7
	# PID NODE COMMAND CGROUP
	add_process() {
		mkdir -p "$ROOT/proc/$1/fd"
		mknod "$ROOT/proc/$1/fd/7" c "${2%:*}" "${2#*:}"
		echo "$3" > "$ROOT/proc/$1/comm"
		echo "0::$4" > "$ROOT/proc/$1/cgroup"
	}
	add_process 100 242:0 dpdk "/machine.slice/libpod-$id.scope/container"
	add_process 101 511:7 dpdk "/machine.slice/libpod-$id.scope/container"
	add_process 102 242:1 qemu /user.slice
	add_process 103 242:1 box /system.slice/crun-box.scope
	add_process 104 1:3 other /system.slice
	list
	assert_lines '0000:01:00.0                          8086:154c  vfio-pci   3      /dev/vfio/3  06/00  /dev/vfio/45  0123456789ab' \
		'0000:02:00.0                          8086:154c  vfio-pci   4      /dev/vfio/4  07/00  /dev/vfio/46  102 (qemu), box  (shared)'
	list --groups
	assert_lines '    open in process 100 (dpdk) of podman container 0123456789ab' \
		'    open in process 101 (dpdk) of podman container 0123456789ab'
	assert_lines '    open in process 102 (qemu)' '    open in process 103 (box) of container box'
	list --json group:3
	assert_output ".functions[0].open[0] == {\"process\":100,\"command\":\"dpdk\",\"engine\":\"podman\",\"container\":\"$id\"}"
	# Who may not look into all processes can't tell.
	chmod 700 "$ROOT/proc/100/fd"
	open_to_nobody
	STDOUT=$BATS_TEST_TMPDIR/unprivileged
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" list 0000:01:00.0 > "$STDOUT"
	grep -qE '^0000:01:00\.0 .* 0123456789ab$' "$STDOUT"
	chmod 700 "$ROOT/proc/101/fd"
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" list 0000:01:00.0 > "$STDOUT"
	grep -qE '^0000:01:00\.0 .* \?$' "$STDOUT" || fail "$(cat "$STDOUT")"
}

@test "a captured machine" {
	local captured=$BATS_TEST_TMPDIR/captured
	cp -R --no-preserve=mode "$BATS_TEST_DIRNAME/../cases/demo/root" "$captured"
	hook --root "$captured" list
	assert_lines 'DEVICE        ID         DRIVER    GROUP  NODE         PATH   HOST NAME     CONTAINERS' \
		'0000:01:00.0  8086:154c  vfio-pci  3      /dev/vfio/3  06/00  /dev/vfio/45  -' \
		"Map: $captured/etc/oci-vfio-hook/devices.d/demo.json (1 entry).  --all: also functions without VFIO"
	hook --root "$captured" list --tree --vfio
	[ "$(wc -l < "$STDOUT")" = 3 ]
}

@test "--help" {
	hook list --help
	assert_status 0
	grep -qF 'usage: oci-vfio-hook [OPTION...] list [DEVICE...]' "$STDOUT"
	hook --help
	grep -qF '  list [DEVICE...] ' "$STDOUT"
}

@test "this machine itself" {
	hook list --json
	[ "$status" = 0 ] || [ "$status" = 69 ]
}

# Without /proc the sanitizers run nothing.
# bats test_tags=unsanitized
@test "oci-vfio-admin is never the working directory's" {
	needs_root
	printf '#!/bin/sh\necho taken\n' > "$BATS_TEST_TMPDIR/oci-vfio-admin"
	chmod +x "$BATS_TEST_TMPDIR/oci-vfio-admin"
	cd "$BATS_TEST_TMPDIR"
	PATH=${OCI_VFIO_HOOK%/*}:$PATH run unshare --mount sh -c 'mount -t tmpfs none /proc; exec oci-vfio-hook list'
	[ "$status" = 74 ]
	[[ $output == *'/proc/self/exe: can'"'"'t be read: mount /proc, or call oci-vfio-hook by its whole path' ]]
}
