#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check: each finding, what mends it, and that what mends it does.

load helpers

setup() {
	machine
	bundle
}

# FILE TEXT: a file of the machine.
put() {
	mkdir -p "$ROOT${1%/*}"
	printf '%s\n' "$2" > "$ROOT$1"
}

# A machine and maps of which everything is as it should be.
ready() {
	two_functions
	local name
	for name in 45:5:0:06 46:6:1:07; do
		IFS=: read -r group minor function slot <<< "$name"
		add_map "$group" "$(with "\"host_dev\":\"243:$minor\",\"expect\":{\"vendor\":\"8086\",\"device\":\"154c\"}" \
			"$(entry "/dev/vfio/$group" "0000:3b:02.$function=$slot/00")")"
	done
	mkdir -p "$ROOT"/sys/class/iommu/dmar0 "$ROOT"/sys/module/vfio_iommu_type1/parameters
	put /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts N
	put /proc/interrupts ' 25:   0  IR-PCI-MSI 0-edge'
	put /proc/sys/kernel/osrelease 6.1.0
	put /proc/sys/net/core/bpf_jit_harden 1
	put /proc/cpuinfo 'vendor_id : GenuineIntel'
	put /proc/cmdline 'quiet'
	put /boot/config-6.1.0 $'CONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\nCONFIG_VFIO_IOMMU_TYPE1=m\n# CONFIG_IOMMUFD is not set'
	put /lib/modules/6.1.0/modules.dep 'kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio_iommu_type1.ko:'
	put /sys/fs/cgroup/cgroup.controllers 'cpu io'
}

check() {
	hook --root "$ROOT" check "$@"
}

# LEVEL TOPIC TEXT: there is such a finding; $REMEDY is what mends it, or empty.
finding() {
	local line found=''
	REMEDY=''
	while IFS= read -r line; do
		if [ -n "$found" ]; then
			[[ $line != '      '* ]] || REMEDY=${line#"${line%%[! ]*}"}
			return 0
		fi
		[[ $line != "$1"*" $2 "*"$3"* ]] || found=yes
	done < "$STDOUT"
	[ -n "$found" ] || fail "no such finding: $1 $2 $3" "$(show_output)"
}

# What is mended by what was said is mended. TOPIC TEXT
follow() {
	bash -c "$REMEDY"
	check
	! grep -F -- "$2" "$STDOUT" | grep -qE '^(FAIL|WARN)' || fail "not mended by: $REMEDY" "$(show_output)"
}

# REMEDY
mended_by() {
	[ "$REMEDY" = "$1" ] || fail "expected the remedy $1" "not: $REMEDY" "$(show_output)"
}

@test "a machine that is ready: no failure, no warning, 0" {
	ready
	check
	assert_silent
	finding ok IOMMU 'Intel (dmar0), 2 groups'
	finding ok interrupts remapped
	finding ok kernel '6.1.0: VFIO=m, VFIO_PCI=m, VFIO_IOMMU_TYPE1=m, IOMMUFD=n'
	finding ok modules vfio_iommu_type1
	finding ok cgroup 'version 2'
	finding ok groups '2 with a function that VFIO has, all of it viable'
	finding ok map '45.json: 1 entry'
	finding ok /dev/vfio/45 '0000:3b:02.0 -> 0000:01:00.0 (06/00), vfio-pci, group 3 viable'
	finding ok engines 'none of podman, CRI-O, containerd and docker is here'
	! grep -E '^(FAIL|WARN|\?)' "$STDOUT" || fail "$(show_output)"
	# Plain: no colour where it is piped.
	! grep -q $'\033' "$STDOUT" || fail "$(show_output)"
}

@test "--json, and the exit status" {
	ready
	check --json
	assert_silent
	assert_output '.status == 0' '.findings | length > 8' '[.findings[].level] | unique == ["ok"]' \
		'[.findings[] | keys] | unique == [["fact","level","remedy","topic"]]'
	rm "$ROOT/proc/interrupts"
	check --json
	assert_status 2
	assert_output '.status == 2' '[.findings[] | select(.level == "unknown") | .topic] == ["interrupts"]'
	rm -r "$ROOT/sys/fs"
	rm -r "$ROOT/sys/class/iommu/dmar0" "$ROOT/sys/kernel/iommu_groups"/*
	check --json
	assert_status 1
	assert_output '.status == 1' '.findings[0] == {"level":"failure","topic":"IOMMU",
		"fact":"none: /sys/class/iommu and /sys/kernel/iommu_groups are empty",
		"remedy":"on the kernel'"'"'s command line: intel_iommu=on"}'
}

@test "colours on a terminal, but not with NO_COLOR or a dumb one" {
	ready
	terminal() { script -qec "env $* $OCI_VFIO_HOOK --root $ROOT check" /dev/null < /dev/null; }
	terminal TERM=xterm | grep -q $'^\033\\[32mok'
	! terminal TERM=xterm NO_COLOR=1 | grep -q $'\033' || fail 'NO_COLOR'
	! terminal TERM=dumb | grep -q $'\033' || fail 'TERM=dumb'
}

@test "whose IOMMU it is, by sysfs" {
	ready
	mkdir "$ROOT"/sys/class/iommu/{ivhd0,smmu3.0x09050000,0000:00:03.0,dmar1}
	check
	finding ok IOMMU 'Intel, AMD, ARM, virtio (0000:00:03.0, dmar0, dmar1, ivhd0 and 1 more), 2 groups'
	rm -r "$ROOT"/sys/class/iommu
	check
	finding ok IOMMU 'not named in /sys/class/iommu, 2 groups'
}

@test "no IOMMU: what is to be done depends on the machine" {
	ready
	rm -r "$ROOT"/sys/kernel/iommu_groups/* "$ROOT"/sys/devices/pci*/*/*/iommu_group
	check
	finding FAIL IOMMU 'Intel (dmar0), but the kernel has made no IOMMU group'
	mended_by "on the kernel's command line: intel_iommu=on"
	put /proc/cmdline 'quiet intel_iommu=on'
	rmdir "$ROOT"/sys/class/iommu/dmar0
	check
	finding FAIL IOMMU 'none: /sys/class/iommu and /sys/kernel/iommu_groups are empty'
	mended_by "in the firmware's setup: switch on VT-d; then boot again"
	put /proc/cpuinfo $'vendor_id : AuthenticAMD\nflags : hypervisor'
	check
	finding FAIL IOMMU 'none: /sys/class/iommu'
	[[ $REMEDY == 'give this VM one: -device intel-iommu,intremap=on,'* ]]
	put /proc/cpuinfo 'vendor_id : AuthenticAMD'
	check
	finding FAIL IOMMU none
	mended_by "in the firmware's setup: switch on the IOMMU (AMD-Vi, SMMU); then boot again"
	put /sys/module/vfio/parameters/enable_unsafe_noiommu_mode Y
	check
	finding WARN IOMMU 'none, and VFIO is in noiommu mode: whoever has a device can read and write'
	put /boot/config-6.1.0 $'CONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\n# CONFIG_INTEL_IOMMU is not set'
	put /proc/cpuinfo 'GenuineIntel'
	check
	finding WARN IOMMU none
	mended_by 'a kernel with CONFIG_INTEL_IOMMU=y'
	rm -r "$ROOT/sys/kernel"
	check
	finding '?' IOMMU 'could not be measured: /sys is not there'
}

@test "interrupts" {
	local allow=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
	ready
	put /proc/interrupts ' 25:   0  PCI-MSI 0-edge'
	check
	assert_status 1
	finding FAIL interrupts 'not remapped (no IR- or ITS- in /proc/interrupts): VFIO refuses every group with EPERM'
	mended_by "echo Y > $allow"
	on_machine bash -c "$REMEDY"
	check
	assert_status 0
	finding WARN interrupts 'not remapped, which allow_unsafe_interrupts accepts: a device can raise any interrupt'
	mended_by "on the kernel's command line: intremap=on"
	put /proc/interrupts ' 25:   0  ITS-PCI-MSI 0-edge'
	check
	finding WARN interrupts 'remapped, yet vfio_iommu_type1 has allow_unsafe_interrupts, which nothing needs here'
	on_machine bash -c "$REMEDY"
	check
	finding ok interrupts remapped
	rm "$ROOT/proc/interrupts"
	check
	assert_status 2
	finding '?' interrupts 'whether they are remapped could not be measured: /proc/interrupts can'"'"'t be read'
}

@test "the kernel's options" {
	ready
	put /boot/config-6.1.0 $'# CONFIG_VFIO is not set'
	check
	finding FAIL kernel '6.1.0: has no vfio-pci, by'
	mended_by 'a kernel with CONFIG_VFIO=m and CONFIG_VFIO_PCI=m'
	! grep -q '^.* modules ' "$STDOUT" || fail "$(show_output)"
	put /boot/config-6.1.0 $'CONFIG_VFIO=y\nCONFIG_VFIO_PCI=y\n# CONFIG_VFIO_IOMMU_TYPE1 is not set'
	check
	finding FAIL kernel '6.1.0: has no IOMMU driver for VFIO, by'
	mended_by 'a kernel with CONFIG_VFIO_IOMMU_TYPE1=m'
	# Packed, as the kernel has it itself.
	gzip -c "$ROOT/boot/config-6.1.0" > "$ROOT/proc/config.gz"
	rm "$ROOT/boot/config-6.1.0"
	check
	finding FAIL kernel "6.1.0: has no IOMMU driver for VFIO, by $ROOT/proc/config.gz"
	# Cut short, and not one at all.
	truncate -s 20 "$ROOT/proc/config.gz"
	check
	finding ok kernel "6.1.0: has vfio-pci (its configuration can't be read)"
	rm -r "$ROOT/sys/bus/pci/drivers/vfio-pci"
	check
	finding '?' kernel '6.1.0: its options could not be measured: neither /boot/config-* nor /proc/config.gz'
}

@test "modules" {
	ready
	rm -r "$ROOT/sys/bus/pci/drivers/vfio-pci" "$ROOT/sys/module/vfio_iommu_type1"
	check
	assert_status 0
	finding WARN modules 'vfio-pci is not loaded'
	mended_by 'modprobe vfio-pci'
	finding WARN modules 'vfio_iommu_type1 is not loaded'
	mended_by 'modprobe vfio_iommu_type1'
	put /lib/modules/6.1.0/modules.dep ''
	check
	finding FAIL modules 'vfio-pci is neither loaded nor among this kernel'"'"'s modules'
	mended_by 'install the package of all modules of kernel 6.1.0'
	rm -r "$ROOT/lib/modules"
	check
	finding '?' modules 'vfio-pci is not loaded; whether this kernel has it could not be measured: its modules.dep'
	add_sysfs_node misc iommu 10:257
	check
	finding ok modules iommufd
}

@test "cgroup and bpf_jit_harden" {
	ready
	put /proc/sys/net/core/bpf_jit_harden 2
	check
	assert_status 0
	finding WARN bpf_jit_harden '2: no device program can be read, so createRuntime and prestart'
	mended_by 'sysctl -w net.core.bpf_jit_harden=1'
	rm -r "$ROOT/sys/fs/cgroup"
	mkdir -p "$ROOT/sys/fs/cgroup/devices"
	check
	finding ok cgroup 'version 1'
	finding ok bpf_jit_harden 2
	rmdir "$ROOT/sys/fs/cgroup/devices"
	check
	finding '?' cgroup 'could not be measured: /sys/fs/cgroup has neither'
}

@test "maps: a file that isn't read, one that is broken, and who may write them" {
	ready
	cp "$MAPS/45.json" "$MAPS/old.map"
	mkdir -p "$RUN_MAPS"
	echo '[]' > "$RUN_MAPS/45.json"
	check
	assert_status 0
	finding WARN map "$MAPS/old.map: not read, its name doesn't end in .json"
	mended_by "mv $MAPS/old.map $MAPS/old.json"
	finding ok map "$RUN_MAPS/45.json: not read, since /etc/oci-vfio-hook/devices.d has a file of this name"
	rm "$MAPS/old.map"
	chmod 666 "$MAPS/45.json"
	echo '[{]' > "$MAPS/46.json"
	check
	assert_status 1
	finding FAIL map "$MAPS/45.json: must be writable by its owner alone, but has mode 0666"
	mended_by "chmod go-w $MAPS/45.json"
	follow map 'must be writable by its owner alone'
	finding FAIL map "$MAPS/46.json: "
	mended_by "correct $MAPS/46.json"
	echo '[]' > "$MAPS/46.json"
	chmod 777 "$MAPS"
	check
	finding FAIL map "$MAPS: must be writable by its owner alone"
	follow map 'must be writable by its owner alone'
	assert_status 0
	# Each of them right, but not both.
	cp "$MAPS/45.json" "$MAPS/47.json"
	check
	assert_status 1
	finding FAIL map '47.json: [0]'
	printf '%s' "$(with '"colour":"red"' "$(entry /dev/vfio/47 0000:3b:02.7=05)")" | sed 's/.*/[&]/' > "$MAPS/47.json"
	check
	finding WARN map '47.json: [0]'
	mended_by 'correct the map there'
}

@test "maps: an entry without expect or host_dev" {
	two_functions
	two_entries
	check
	finding WARN expect "$MAPS/45.json: [0] has no \"expect\": another card in this slot would be taken for it"
	mended_by "in $MAPS/45.json: [0]: \"expect\": {\"vendor\": \"8086\", \"device\": \"154c\"}"
	finding WARN host_dev "$MAPS/45.json: [0] and 1 more have no \"host_dev\": whoever may choose a container's path"
	mended_by "on the host: stat -c '\"host_dev\": \"%Hr:%Lr\"' /dev/vfio/45; add what it prints to the entry"
	rm "$MAPS/46.json"
	# What these said is added to the entry.
	jq -c '.[0] += {"host_dev": "243:5", "expect": {"vendor": "8086", "device": "154c"}}' "$MAPS/45.json" > "$ROOT/new"
	mv "$ROOT/new" "$MAPS/45.json"
	check
	! grep -E ' (expect|host_dev) ' "$STDOUT" || fail "$(show_output)"
}

@test "an entry whose device isn't there: by what it expects, or by what is VFIO's" {
	ready
	add_pci_function 0000:00:05.0 driver=vfio-pci group=5 device=0x1111
	add_map 46 "$(with '"host_dev":"243:6"' "$(entry /dev/vfio/46 0000:3b:02.1=09)")"
	add_map 47 "$(with '"host_dev":"243:7","expect":{"device":"1234"}' "$(entry /dev/vfio/47 0000:3b:02.2=0a)")"
	check
	assert_status 1
	finding FAIL /dev/vfio/47 '0000:3b:02.2 -> 0a: nothing there: '
	mended_by "plug the device in: no function of this machine is what $MAPS/47.json: [0] expects"
	finding FAIL /dev/vfio/46 '0000:3b:02.1 -> 09: nothing there: '
	mended_by "in $MAPS/46.json: [0]: \"options\": [\"0000:3b:02.1=...\"] with one of 05, 07/00"
	# The other one gets it, and one is left.
	add_map 47 "$(with '"host_dev":"243:7"' "$(entry /dev/vfio/47 0000:3b:02.2=05)")"
	check
	finding FAIL /dev/vfio/46 '0000:3b:02.1 -> 09: nothing there: '
	mended_by "sed -i 's|0000:3b:02.1=09\"|0000:3b:02.1=07/00\"|' $MAPS/46.json"
	follow /dev/vfio/46 'nothing there'
	assert_status 0
	finding ok /dev/vfio/46 '0000:3b:02.1 -> 0000:02:00.0 (07/00)'
	# Cards were changed: another one is where it was.
	add_map 46 "$(with '"host_dev":"243:6","expect":{"device":"154c"}' "$(entry /dev/vfio/46 0000:3b:02.1=05)")"
	rm "$MAPS/47.json"
	check
	finding FAIL /dev/vfio/46 '0000:3b:02.1 -> 0000:00:05.0 (05) is another device than the map expects'
	follow /dev/vfio/46 'another device'
	assert_status 0
	# Of what a host handed in there is no file to be changed.
	rm "$MAPS/46.json"
	add_fw_cfg "$(with '"host_dev":"243:6"' "$(entry /dev/vfio/46 0000:3b:02.1=09)")"
	add_map 47 "$(with '"host_dev":"243:7"' "$(entry /dev/vfio/47 0000:3b:02.2=05)")"
	check
	finding FAIL /dev/vfio/46 'nothing there'
	mended_by "in $FW_CFG/raw: [0]: \"options\": [\"0000:3b:02.1=07/00\"]"
	rm "$FW_CFG/raw" "$MAPS/47.json" "$MAPS/45.json"
	rm -r "$ROOT"/sys/bus/pci/devices/*:0[125]*
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=05)"
	check
	finding FAIL /dev/vfio/45 'nothing there'
	mended_by "plug the device in, or bind it to vfio-pci: no function here is VFIO's and not in a map, for $MAPS/45.json: [0]"
}

@test "an entry whose function isn't bound, and a group that isn't viable" {
	ready
	add_pci_function 0000:00:05.0 driver=e1000e group=5 vfio_dev=''
	add_pci_function 0000:00:08.0 group=8 vfio_dev=''
	add_map 47 "$(entry /dev/vfio/47 0000:3b:02.2=05)"
	add_map 48 "$(entry /dev/vfio/48 0000:3b:02.3=08)"
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=e1000e group=3 vfio_dev=''
	check
	assert_status 1
	finding FAIL /dev/vfio/47 '0000:3b:02.2 -> 0000:00:05.0 (05) is bound to e1000e, not to a VFIO driver'
	mended_by 'echo vfio-pci > /sys/bus/pci/devices/0000:00:05.0/driver_override; echo 0000:00:05.0 > /sys/bus/pci/devices/0000:00:05.0/driver/unbind; echo 0000:00:05.0 > /sys/bus/pci/drivers_probe'
	finding FAIL /dev/vfio/48 '0000:3b:02.3 -> 0000:00:08.0 (08) is bound to nothing, not to a VFIO driver'
	mended_by 'echo vfio-pci > /sys/bus/pci/devices/0000:00:08.0/driver_override; echo 0000:00:08.0 > /sys/bus/pci/drivers_probe'
	finding FAIL groups 'group 3, which has 0000:01:00.0, is not viable: 0000:01:00.1 is bound to e1000e'
	finding FAIL /dev/vfio/45 'group 3 is not viable: 0000:01:00.1 is bound to e1000e'
	[[ $REMEDY == *'echo 0000:01:00.1 > /sys/bus/pci/drivers_probe' ]]
	put /usr/sbin/driverctl ''
	check
	finding FAIL /dev/vfio/45 'group 3 is not viable'
	mended_by 'driverctl set-override 0000:01:00.1 vfio-pci'
	# What the machine lives on is left to it.
	echo 0x010601 > "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/class"
	check
	finding FAIL groups 'group 3'
	mended_by 'put the device into another slot, so that it gets a group of its own'
	ln -s ../0000:01:00.2 "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/virtfn0"
	check
	finding FAIL /dev/vfio/45 'group 3'
	mended_by "in the firmware's setup: enable ACS; or put the device into another slot"
}

@test "with bind in the configuration" {
	ready
	echo '{"bind":true}' > "$ETC/config.json"
	add_pci_function 0000:00:05.0 driver=e1000e group=5 vfio_dev=''
	add_pci_function 0000:00:08.0 group=8 vfio_dev=''
	add_map 47 "$(entry /dev/vfio/47 0000:3b:02.2=05)"
	add_map 48 "$(entry /dev/vfio/48 0000:3b:02.3=08)"
	add_device /dev/vfio/48 c 243 8
	write_config
	check "$BUNDLE"
	assert_status 0
	finding WARN /dev/vfio/47 '(05) is bound to e1000e: --bind takes it only if nothing uses it'
	finding ok /dev/vfio/48 '0000:3b:02.3 -> 0000:00:08.0 (08), which --bind gives vfio-pci when it is needed'
	finding ok container '--bind gives vfio-pci to 1 of its functions first'
}

@test "an entry that is refused for another reason: as a plan says it" {
	ready
	add_map 47 "$(with '"node":"handle"' "$(entry /dev/vfio/47 0000:3b:02.2=05)")"
	add_pci_function 0000:00:05.0 driver=vfio-pci group=5
	add_map 48 "$(node_entry /dev/card /dev/none)"
	check
	assert_status 1
	finding FAIL /dev/vfio/47 'this kernel has no iommufd handle for it (CONFIG_VFIO_DEVICE_CDEV)'
	mended_by 'set "node": "group" in the entry to have the group'"'"'s node /dev/vfio/5'
	sed -i 's/"node":"handle"/"node": "group"/' "$MAPS/47.json"
	check
	finding ok /dev/vfio/47 'group 5 viable'
	finding FAIL /dev/card 'vm_path: '
	# Two entries of one group.
	add_pci_function 0000:00:05.1 driver=vfio-pci group=5
	add_map 49 "$(entry /dev/vfio/49 0000:3b:02.4=05.1)"
	check
	finding WARN /dev/vfio/47 'IOMMU group 5 also has 0000:00:05.1, the device of'
	mended_by 'put the devices into other slots, so that each gets a group of its own'
}

@test "nodes: missing, wrong, left over, and /dev/char" {
	ready
	mkdir -p "$ROOT/dev/vfio"
	: > "$ROOT/dev/vfio/3"
	: > "$ROOT/dev/vfio/99"
	check
	assert_status 1
	finding FAIL /dev/vfio/3 'is not the device 242:0 that sysfs has under this name'
	mended_by 'rm -f /dev/vfio/3 && mknod -m 0600 /dev/vfio/3 c 242 0'
	finding WARN /dev/vfio/4 'missing, though sysfs has it as 242:1'
	mended_by 'mkdir -p /dev/vfio/devices && mknod -m 0600 /dev/vfio/4 c 242 1'
	finding WARN /dev/vfio/vfio 'missing, though sysfs has it as 10:196'
	mended_by 'mkdir -p /dev/vfio/devices && mknod -m 0666 /dev/vfio/vfio c 10 196'
	finding WARN /dev/vfio/99 'left over: sysfs has no such device'
	mended_by 'rm /dev/vfio/99'
	! grep -q /dev/char "$STDOUT" || fail "$(show_output)"
	mkdir -p "$ROOT/run/systemd/system"
	check
	finding WARN /dev/char 'without 242:0, 242:1, 10:196, by which systemd finds the devices that a container'
	mended_by 'mkdir -p /dev/char && ln -s ../vfio/3 /dev/char/242:0 && ln -s ../vfio/4 /dev/char/242:1 && ln -s ../vfio/vfio /dev/char/10:196'
}

@test "nodes: what was said is followed" {
	needs_root
	ready
	mkdir -p "$ROOT/dev/vfio" "$ROOT/run/systemd/system"
	: > "$ROOT/dev/vfio/3"
	: > "$ROOT/dev/vfio/99"
	local i
	for ((i = 0; i < 9; i++)); do
		check
		REMEDY=$(grep -A 1 -E '^(FAIL|WARN) +/dev' "$STDOUT" | sed -n '2s/^ *//p')
		[ -n "$REMEDY" ] || break
		bash -c "${REMEDY//\/dev\//$ROOT/dev/}"
	done
	assert_status 0
	[ "$i" = 5 ]
	finding ok /dev/vfio '3 nodes as sysfs has them'
	finding ok /dev/char 'has all of them'
}

# An engine is here; its files come from the test.
engine() {
	put "/usr/bin/$1" ''
}

# [PROGRAM]: podman's registration of precreate.
precreate() {
	put /etc/containers/containers.conf.d/oci-vfio-precreate.conf $'[engine]\nhooks_dir = [\n\t"/usr/share/containers/oci/hooks.d", # usual\n\t"/etc/containers/oci-vfio-hook",\n]'
	put /etc/containers/oci-vfio-hook/oci-vfio-hook.json "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"${1:-/usr/bin/oci-vfio-hook}\",\"args\":[\"oci-vfio-hook: why\",\"precreate\"]},\"when\":{\"always\":true},\"stages\":[\"precreate\"]}"
}

@test "podman: registered, not registered, and by files that it doesn't read" {
	ready
	engine podman
	check
	assert_status 1
	finding FAIL podman "doesn't call oci-vfio-hook, nor does any engine here"
	mended_by 'oci-vfio-hook enable podman'
	put /usr/local/etc/containers/containers.conf.d/oci-vfio-precreate.conf x
	check
	finding FAIL podman "oci-vfio-hook isn't registered: podman doesn't read $ROOT/usr/local/etc/containers/containers.conf.d/oci-vfio-precreate.conf"
	mkdir -p "$ROOT/etc/containers/containers.conf.d"
	follow podman "oci-vfio-hook isn't registered"
	# What it copied is no TOML.
	assert_status 2
	finding '?' podman 'line 1: not TOML as it is known here'
	put /etc/containers/containers.conf.d/oci-vfio-precreate.conf $'[engine]\nhooks_dir = [1]'
	check
	finding '?' podman 'line 2: is not a list of strings'
	engine oci-vfio-hook
	precreate
	check
	assert_status 0
	finding ok podman "$ROOT/etc/containers/oci-vfio-hook/oci-vfio-hook.json: precreate calls /usr/bin/oci-vfio-hook"
	engine dockerd
	check
	finding ok docker "doesn't call oci-vfio-hook, as another engine here does"
}

@test "podman: a hook whose program is missing, or that is no hook" {
	ready
	engine podman
	precreate /usr/local/bin/oci-vfio-hook
	check
	assert_status 1
	finding FAIL podman "names /usr/local/bin/oci-vfio-hook, which isn't there: podman skips it in silence"
	mended_by 'install the package oci-vfio-hook'
	engine oci-vfio-hook
	check
	finding FAIL podman "names /usr/local/bin/oci-vfio-hook, which isn't there: podman skips it in silence"
	mended_by "sed -i 's|/usr/local/bin/oci-vfio-hook|/usr/bin/oci-vfio-hook|g' $ROOT/etc/containers/oci-vfio-hook/oci-vfio-hook.json"
	follow podman 'in silence'
	assert_status 0
	put /etc/containers/oci-vfio-hook/other.json '{"hook":1}'
	put /etc/containers/oci-vfio-hook/third.json '{'
	check
	assert_status 1
	finding FAIL podman 'other.json: has no object "hook"'
	finding FAIL podman 'third.json: '
	mended_by "remove or correct the file: no container starts beside a hook that can't be read"
}

@test "the wrapper: its program, and the runtime that it runs" {
	ready
	engine podman
	put /etc/containers/containers.conf $'[engine.runtimes]\ncrun = ["/usr/bin/crun"]\noci-vfio-crun = ["/usr/bin/oci-vfio-crun"]'
	check
	assert_status 1
	finding FAIL podman "the runtime oci-vfio-crun is /usr/bin/oci-vfio-crun, which isn't there: no container starts with it"
	engine oci-vfio-crun
	check
	finding FAIL podman "the wrapper /usr/bin/oci-vfio-crun runs crun, which isn't there"
	mended_by 'install the package crun, or name another runtime: "runtime" in /etc/oci-vfio-hook/config.json'
	put /usr/libexec/crio/crun ''
	check
	assert_status 0
	finding ok podman "$ROOT/etc/containers/containers.conf: /usr/bin/oci-vfio-crun -> /usr/libexec/crio/crun"
	finding WARN podman 'calls us only for podman run --runtime oci-vfio-crun'
	mended_by 'oci-vfio-hook enable podman'
	put /etc/containers/containers.conf.d/own.conf $'[engine]\nruntime = "oci-vfio-crun"'
	check
	! grep -E '^WARN +podman' "$STDOUT" || fail "$(show_output)"
}

@test "containerd, CRI-O and docker" {
	ready
	engine containerd
	engine crio
	engine dockerd
	engine oci-vfio-runtime
	put /etc/containerd/config.toml $'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.oci-vfio.options]\nBinaryName = "/usr/bin/oci-vfio-runtime"'
	put /etc/crio/crio.conf.d/oci-vfio.conf $'[crio.runtime.runtimes.oci-vfio]\nruntime_path = "/usr/local/bin/oci-vfio-runtime"'
	put /etc/docker/daemon.json '{"runtimes":{"oci-vfio":{"path":"/usr/bin/oci-vfio-runtime"}}}'
	put /usr/share/containers/oci/hooks.d/x.json '{"hook":{"path":"/bin/true"},"stages":["precreate"]}'
	mkdir -p "$ETC"
	echo '{"runtime":"/opt/runc"}' > "$ETC/config.json"
	check
	assert_status 1
	finding FAIL containerd 'the wrapper /usr/bin/oci-vfio-runtime runs /opt/runc, which isn'"'"'t there'
	finding FAIL crio "which isn't there: no container starts with it"
	mended_by "sed -i 's|/usr/local/bin/oci-vfio-runtime|/usr/bin/oci-vfio-runtime|g' $ROOT/etc/crio/crio.conf.d/oci-vfio.conf"
	bash -c "$REMEDY"
	put /opt/runc ''
	check
	finding FAIL crio "$ROOT/usr/share/containers/oci/hooks.d/x.json has the stage precreate, in a directory that CRI-O reads: CRI-O doesn't start"
	mended_by "mv $ROOT/usr/share/containers/oci/hooks.d/x.json $ROOT/usr/share/containers/oci/hooks.d/x.json.off"
	follow crio 'has the stage precreate'
	assert_status 0
	finding ok containerd '/usr/bin/oci-vfio-runtime -> /opt/runc'
	finding ok crio '/usr/bin/oci-vfio-runtime -> /opt/runc'
	finding ok docker '/usr/bin/oci-vfio-runtime -> /opt/runc'
	put /etc/containerd/config.toml 'version = = 2'
	put /etc/docker/daemon.json '[1]'
	check
	assert_status 2
	finding '?' containerd 'could not be measured: '
	finding '?' docker 'could not be measured: '
}

@test "a broken configuration file is a finding" {
	ready
	mkdir -p "$ETC"
	echo '{"unmapped":"maybe"}' > "$ETC/config.json"
	check
	assert_status 1
	finding FAIL configuration 'config.json: unmapped'
	rm "$ETC/config.json"
	check
	assert_status 0
	# But what is wrong with the command line is an error.
	hook --root "$ROOT/none" check
	assert_status 66
	check --timeout=x
	assert_status 64
}

@test "a bundle: what plan would do, or why its container would fail" {
	ready
	host_device
	control_device
	write_config
	remember
	check "$BUNDLE"
	assert_status 0
	assert_unchanged
	finding ok container ' changes: /dev/vfio/45 -> /dev/vfio/3'
	# The remedy of its entry, where the entry is why.
	sed -i 's|=06/00|=0a|' "$MAPS/45.json"
	check "$BUNDLE"
	assert_status 1
	finding FAIL container "$MAPS/45.json: [0]: host function 0000:3b:02.0, here \"0a\": "
	mended_by "sed -i 's|0000:3b:02.0=0a\"|0000:3b:02.0=06/00\"|' $MAPS/45.json"
	rm "$MAPS/45.json"
	check "$BUNDLE"
	assert_status 1
	finding FAIL container "$BUNDLE/config.json: linux.devices[0]"
	[ -n "$REMEDY" ]
	check "$BUNDLE/none"
	assert_status 1
	finding FAIL container "$BUNDLE/none"
	mended_by "oci-vfio-hook plan $BUNDLE/none"
	CONFIG=$BUNDLE/other.json
	rm "$BUNDLE/config.json"
	echo '{}' > "$BUNDLE/config.json"
	check "$BUNDLE"
	finding ok container 'nothing to change'
}

@test "somebody without privileges is told what could not be measured" {
	needs_root
	ready
	engine podman
	precreate
	engine oci-vfio-hook
	chmod 600 "$ROOT/proc/sys/net/core/bpf_jit_harden" "$ROOT/etc/containers/containers.conf.d/oci-vfio-precreate.conf" \
		"$MAPS/46.json"
	open_to_nobody
	OCI_VFIO_HOOK=$BATS_TEST_TMPDIR/hook
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr status=0
	as_nobody "$OCI_VFIO_HOOK" --root "$ROOT" check > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 2
	finding '?' bpf_jit_harden 'could not be measured: only root may read /proc/sys/net/core/bpf_jit_harden'
	finding '?' map "$MAPS/46.json: can't be opened: Permission denied"
	finding '?' podman 'oci-vfio-precreate.conf: only its owner or root may read it'
	[ ! -s "$STDERR" ]
}

@test "a machine without PCI, files of another kind, and names with control bytes" {
	ready
	rm -r "$ROOT/sys/bus/pci"
	mkfifo "$ROOT/etc/containers.fifo"
	engine podman
	engine crio
	mkdir -p "$ROOT/etc/containers" "$ROOT/etc/crio/crio.conf.d"
	mkfifo "$ROOT/etc/containers/containers.conf"
	printf 'x = "\033"' > "$ROOT/etc/crio/crio.conf.d/"$'a\033[31m.conf'
	truncate -s 9M "$ROOT/etc/crio/crio.conf"
	: > "$MAPS/"$'b\033[31m'
	mkdir "$ROOT/sys/class/iommu/"$'dmar\033[31m'
	check
	assert_status 1
	finding '?' PCI 'could not be measured: there is no /sys/bus/pci'
	finding '?' podman "containers.conf: can't be read"
	finding '?' crio "crio.conf: can't be read"
	! grep -q $'\033' "$STDOUT" "$STDERR" || fail "$(show_output)"
	check --json
	! grep -q $'\033' "$STDOUT" "$STDERR" || fail "$(show_output)"
}

@test "this machine itself" {
	hook check
	[ "$status" -le 2 ]
	grep -qE '^(WARN|ok) +memlock ' "$STDOUT"
	grep -qE '^(WARN|ok) +libraries ' "$STDOUT"
	[ ! -s "$STDERR" ]
}
