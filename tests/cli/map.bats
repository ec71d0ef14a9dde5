#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# map: device maps of virtual machines, of devices, drafts, and what is wrong with one. The domains of libvirt 9.0.0 in
# tests/cases/libvirt are what `virsh dumpxml` printed, the answers in tests/cases/qmp are QEMU 7.2's.

load helpers

CASES=$BATS_TEST_DIRNAME/../cases
UUID=4b20d080-1b54-4048-85b3-a6a62d165c01

# A host: two functions with a group each, two of one group that differ, a GPU, and a mediated device.
setup() {
	machine
	add_pci_function 0000:3b:02.0 driver=vfio-pci group=45 node=243:5
	add_pci_function 0000:3b:02.1 driver=mlx5_vfio_pci vfio_dev=vfio7 group=46 node=243:6
	add_pci_function 0000:3b:0a.3 driver=vfio-pci group=47 node=243:7
	add_pci_function 0000:41:00.0 driver=vfio-pci group=60 node=243:9 vendor=0x10de device=0x1eb8
	add_pci_function 0000:41:00.1 driver=vfio-pci group=60 node=243:9 vendor=0x10de device=0x10f8
	add_pci_function 0000:65:00.0 driver=vfio-pci group=50 node=243:8 vendor=0x10de device=0x1eb8
	add_mdev $UUID 70
}

map() {
	hook --root "$ROOT" map "$@"
}

# STATUS SUBSTRING...: with this status and one line that has the texts, and nothing of a map.
assert_fails() {
	assert_status "$1"
	assert_error "${@:2}"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
}

# ENTRY...: the map that was printed has these, as compact JSON.
assert_map() {
	assert_status 0
	diff <(printf '%s\n' "$@" | jq -c .) <(jq -c '.[]' "$STDOUT") || fail "$(show_output)"
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	hook map --validate "$BATS_TEST_TMPDIR/map.json"
	assert_status 0
}

# GROUP NUMBERS OPTION... -- EXPECT
entry_of() {
	local group=$1 numbers=$2 options='' IFS=,
	shift 2
	while [ "$1" != -- ]; do options+=${options:+,}"\"$1\""; shift; done
	printf '{"type":"vfio-pci","container_path":"/dev/vfio/%s","host_dev":"%s","options":[%s]%s}' \
		"$group" "$numbers" "$options" "${2:+,\"expect\":{$2\}}"
}

NIC='"vendor":"8086","device":"154c"'
GPU='"vendor":"10de","device":"1eb8"'

@test "libvirt: domains of i440fx, q35 with root ports, switches, expanders, one slot, interfaces, a mediated device" {
	local from=--from=libvirt=$CASES/libvirt
	map "$from/i440fx.xml"
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=02 -- "$NIC")" "$(entry_of 46 243:6 0000:3b:02.1=03 -- "$NIC")"
	map "$from/q35-ports.xml"
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=01.1/00 -- "$NIC")" "$(entry_of 46 243:6 0000:3b:02.1=01.2/00 -- "$NIC")" \
		"$(entry_of 50 243:8 0000:65:00.0=01.3/00 -- "$GPU")"
	map "$from/interface.xml"
	assert_map "$(entry_of 47 243:7 0000:3b:0a.3=01.2/00 -- "$NIC")"
	map "$from/multifunction.xml"
	assert_map "$(entry_of 60 243:9 0000:41:00.0=06 0000:41:00.1=06.1 -- '"vendor":"10de"')"
	map "$from/pcie-expander.xml"
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=20/00/00 -- "$NIC")" "$(entry_of 46 243:6 0000:3b:02.1=fe/01/00/03/00 -- "$NIC")"
	map "$from/pci-expander.xml"
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=0000:14/00/04 -- "$NIC")"
	map "$from/mdev.xml"
	assert_map "$(entry_of 70 242:70 $UUID=01.1/00 --)"
}

@test "libvirt: on stdin, what isn't given to the guest, numbers in decimal, elements that look alike elsewhere" {
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" map --log-level info --from libvirt=- < "$CASES/libvirt/multifunction.xml" \
		> "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 0
	grep -F "stdin: line 57: 0000:41:00.2 is not given to the guest (type='unassigned')" "$STDERR"
	domain "<metadata><hostdev type='pci'><source><address bus='1'/></source></hostdev></metadata>
		<devices><x><hostdev type='pci'/></x>
		<hostdev type='pci'><driver name='vfio'/><source a='&lt;'><address domain='0' bus='59' slot='2' function='0'/><address bus='9'/></source>
			<address type='drive' bus='7'/></hostdev></devices>"
	assert_fails 65 "line 3: the device has no <address type='pci'>; libvirt chooses one when the domain is defined"
	domain "<devices><hostdev type='pci'><source><address domain='0' bus='59' slot='2' function='0'/></source>
			<address type='pci' slot='0x5'/></hostdev></devices>"
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=05 -- "$NIC")"
}

# TEXT: the map of a domain with this in it.
domain() {
	printf '<domain>%s</domain>' "$1" > "$BATS_TEST_TMPDIR/domain.xml"
	map --from "libvirt=$BATS_TEST_TMPDIR/domain.xml"
}

source='<source><address domain="0" bus="0x3b" slot="2" function="0"/></source>'

@test "libvirt: controllers that aren't there, in circles, without what they need" {
	domain "<devices><hostdev type='pci'>$source<address type='pci' bus='5'/></hostdev></devices>"
	assert_fails 65 "line 1: its bus is 0x05, but there is no <controller type='pci' index='5'>"
	domain "<devices><hostdev type='pci'>$source<address type='pci' bus='5'/></hostdev>
		<controller type='pci' index='5'><address type='pci' bus='5'/></controller></devices>"
	assert_fails 65 'line 1: more than 31 controllers are above it, or they are in a circle'
	domain "<devices><hostdev type='pci'>$source<address type='pci' bus='5'/></hostdev>
		<controller type='pci' index='5' model='pcie-root-port'/></devices>"
	assert_fails 65 "line 2: the device has no <address type='pci'>"
	domain "<devices><hostdev type='pci'>$source<address type='pci' bus='5'/></hostdev>
		<controller type='pci' index='5' model='pcie-expander-bus'/></devices>"
	assert_fails 65 "line 2: the expander has no <target busNr='...'/>"
	domain "<devices><hostdev type='pci'>$source<address type='pci' bus='1'/></hostdev>
		<controller type='pci' index='1' model='pci-root'/></devices>"
	assert_fails 65 "line 2: is a second host bridge, of which the XML doesn't say where the guest has it"
	domain "<devices><hostdev type='pci'>$source<address type='pci' slot='0x20'/></hostdev></devices>"
	assert_fails 65 'line 1: slot of the <address> is not a number that it may be'
	domain "<devices><hostdev type='pci'><source/><address type='pci'/></hostdev></devices>"
	assert_fails 65 'line 1: its <source> has no <address> of a device of this machine'
}

@test "libvirt: what is no domain, entities, truncated, binary, too deep" {
	local text='' i
	domain '&lol;'
	assert_fails 65 "line 1: is not XML: libxml2 says \"Entity 'lol' not defined\""
	domain '<devices>'
	assert_fails 65 'is not XML: libxml2 says'
	for text in '<network><devices/></network>' '<domainsnapshot/>'; do
		echo "$text" > "$BATS_TEST_TMPDIR/x.xml"
		map --from "libvirt=$BATS_TEST_TMPDIR/x.xml"
		assert_fails 65 'is not the XML of a libvirt domain: its outermost element is not <domain>'
	done
	# A billion laughs, and a file of the machine's.
	printf '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><domain>&b;</domain>' > "$BATS_TEST_TMPDIR/x.xml"
	map --from "libvirt=$BATS_TEST_TMPDIR/x.xml"
	assert_fails 65 "has a document type, which libvirt's XML never has"
	printf '<domain>\xff</domain>' > "$BATS_TEST_TMPDIR/x.xml"
	map --from "libvirt=$BATS_TEST_TMPDIR/x.xml"
	assert_fails 65 'is not text in UTF-8; give it what'
	: > "$BATS_TEST_TMPDIR/x.xml"
	map --from "libvirt=$BATS_TEST_TMPDIR/x.xml"
	assert_fails 65 'is not XML'
	for i in {1..300}; do text+='<a>'; done
	domain "$text"
	assert_fails 65 'is not XML: libxml2 says'
	head -c 17M /dev/zero | tr '\0' ' ' > "$BATS_TEST_TMPDIR/x.xml"
	map --from "libvirt=$BATS_TEST_TMPDIR/x.xml"
	assert_fails 65 'is larger than the limit of 16777216 bytes'
}

@test "libvirt: without libxml2" {
	local library
	needs_root
	library=$(ldconfig -p | awk '$1 == "libxml2.so.2" { print $NF; exit }')
	status=0
	# shellcheck disable=SC2016 # For that bash.
	with_mounts bash -euc 'mount --bind /dev/null "$0"; exec "$@"' "$(readlink -f "$library")" \
		"$OCI_VFIO_HOOK" --root "$ROOT" map --from "libvirt=$CASES/libvirt/i440fx.xml" \
		> "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 69 ]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	grep -F "libxml2.so.2 is needed to read libvirt's XML: install the package libxml2" "$BATS_TEST_TMPDIR/err"
}

@test "libvirt: nothing to map, no such file" {
	domain '<devices><interface type="network"><source network="default"/></interface></devices>'
	assert_fails 69 'this virtual machine has no device of this machine, so there is nothing to map'
	map --from libvirt=/nowhere/x.xml
	assert_fails 66 "/nowhere/x.xml: can't be opened: No such file or directory"
}

# OPERATION SUBOPERATION: what libvirt calls at a domain's start and end.
libvirt_hook() {
	status=0
	on_machine env "PATH=${OCI_VFIO_HOOK%/*}:$PATH" "$BATS_TEST_DIRNAME/../../packaging/libvirt/oci-vfio-hook" i440fx "$@" - \
		< "$BATS_TEST_TMPDIR/domain.xml" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
}

@test "libvirt's hook: makes the map at each start, in place, for domains that ask for it" {
	local file=$ROOT/run/oci-vfio-hook/guests/i440fx.json inode
	cp "$CASES/libvirt/i440fx.xml" "$BATS_TEST_TMPDIR/domain.xml"
	libvirt_hook prepare begin
	[ "$status" = 0 ]
	[ ! -e "$file" ]
	sed -i "s|^  <devices>|  <sysinfo type='fwcfg'><entry name='opt/io.github.oci-vfio-hook/devices' file='/run/oci-vfio-hook/guests/i440fx.json'/></sysinfo>\n&|" \
		"$BATS_TEST_TMPDIR/domain.xml"
	libvirt_hook prepare begin
	[ "$(cat "$file")" = '[]' ]
	inode=$(stat -c %i "$file")
	libvirt_hook start begin
	[ "$status" = 0 ]
	diff <(jq . "$file") <(printf '%s\n' "$(entry_of 45 243:5 0000:3b:02.0=02 -- "$NIC")" "$(entry_of 46 243:6 0000:3b:02.1=03 -- "$NIC")" | jq -s .)
	[ "$(stat -c %i "$file")" = "$inode" ]
	libvirt_hook started begin
	libvirt_hook release end
	[ ! -e "$file" ]
	# A function that isn't bound: the domain doesn't start, and the guest would get no old map.
	rm -r "$ROOT/sys/bus/pci/devices/0000:3b:02.0"
	libvirt_hook prepare begin
	libvirt_hook start begin
	[ "$status" = 69 ]
	grep -F '0000:3b:02.0: is not a device of this machine' "$BATS_TEST_TMPDIR/err"
	[ "$(cat "$file")" = '[]' ]
}

# KIND FILE FROM ARGUMENT...: map, of a monitor that the kind of answer comes from.
map_of() {
	local kind=$1 file=$2 from=$3
	shift 3
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr status=0
	"$BATS_TEST_DIRNAME/monitor" "$kind" "$file" "$BATS_TEST_TMPDIR/socket" -- \
		timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" map --from "$from=$BATS_TEST_TMPDIR/socket" "$@" \
		> "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
}

@test "qmp: a q35 before its start, events between the answers" {
	local address
	for address in 0000:00:05.0:13 0000:00:08.0:18 0000:00:08.1:18 0000:00:0b.0:14 0000:00:0c.0:15 0000:00:0d.0:16; do
		add_pci_function "${address%:*}" driver=vfio-pci group="${address##*:}"
	done
	map_of qmp "$CASES/qmp/q35.txt" qmp
	assert_map "$(entry_of 13 242:13 0000:00:05.0=06/00 -- "$NIC")" "$(entry_of 14 242:14 0000:00:0b.0=0a/00/01/00 -- "$NIC")" \
		"$(entry_of 15 242:15 0000:00:0c.0=20/00/00 -- "$NIC")" "$(entry_of 16 242:16 0000:00:0d.0=05 -- "$NIC")" \
		"$(entry_of 18 242:18 0000:00:08.0=07 0000:00:08.1=07.1 -- "$NIC")"
}

@test "qmp: sockets that aren't one, say nothing, something else, or stop" {
	local text=$BATS_TEST_TMPDIR/text
	map --from qmp=/nowhere/socket
	assert_fails 66 "/nowhere/socket: can't be opened: No such file or directory"
	map --from "qmp=$CASES/qmp/q35.txt"
	assert_fails 65 'q35.txt: is not a socket'
	printf "QEMU 7.2.22 monitor - type 'help'\e[K\n(qemu) " > "$text"
	map_of raw "$text" qmp
	assert_fails 65 "socket: does not speak QMP: it says \"QEMU 7.2.22 monitor - type 'help'\\x1B[K\"; start QEMU with"
	printf '{"QMP":' > "$text"
	map_of raw "$text" qmp
	assert_fails 74 'socket: the connection was closed in the middle of an answer'
	head -c 17M /dev/zero > "$text"
	map_of raw "$text" qmp
	assert_fails 65 'socket: an answer is larger than 16777216 bytes'
	printf '{"QMP":{}}\n{"return":{}}\n{"return":[]}\n{"return":[]}\n' > "$text"
	map_of raw "$text" qmp
	assert_fails 69 'this virtual machine has no device of this machine, so there is nothing to map'
	map_of reset /dev/null cloud-hypervisor
	assert_fails 74 'socket: the connection has failed: Connection reset by peer'
	map_of silent /dev/null qmp --timeout 1
	assert_fails 75 'socket: does not answer within 1 s: it is another kind of socket, or somebody else is connected to it'
	# Where nobody listens any more.
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$BATS_TEST_TMPDIR/dead"
	map --from "qmp=$BATS_TEST_TMPDIR/dead"
	assert_fails 69 'dead: nobody takes a connection there; is the virtual machine running, and nobody else connected?'
}

ch_map() {
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=05 -- "$NIC")" "$(entry_of 50 243:8 0000:65:00.0=0001:00/01 -- "$GPU")" \
		"$(entry_of 70 242:70 $UUID=06 --)"
}

@test "cloud-hypervisor: by a file and by the socket of its API" {
	local info=$CASES/cloud-hypervisor/vm.info.json text=$BATS_TEST_TMPDIR/text
	map --from "cloud-hypervisor=$info"
	ch_map
	{
		printf 'HTTP/1.1 200 \r\nServer: Cloud Hypervisor API\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n'
		printf 'Content-Length: %d\r\n\r\n' "$(stat -c %s "$info")"
		cat "$info"
	} > "$text"
	map_of raw "$text" cloud-hypervisor
	ch_map
	truncate --size=-40 "$text"
	map_of raw "$text" cloud-hypervisor
	assert_fails 65 'socket: the answer is cut short or too long:'
	head -c 300 "$info" > "$text"
	map --from "cloud-hypervisor=$text"
	assert_fails 65 'text: line 1, column'
	map_of raw "$text" cloud-hypervisor
	assert_fails 65 'socket: does not speak HTTP: it says "{'
	printf 'HTTP/1.1 500 \r\nContent-Length: 24\r\n\r\nError: VM is not created' > "$text"
	map_of raw "$text" cloud-hypervisor
	assert_fails 69 'socket: Cloud Hypervisor refuses vm.info with 500: "Error: VM is not created"; is there a VM?'
}

# What hands the map over has just this map in it.
assert_hands_over() {
	diff <(jq -c . "$BATS_TEST_TMPDIR/map.json") <(jq -c .) || fail "$(show_output)"
}

@test "--to: QEMU's options, libvirt's elements, Cloud Hypervisor's options" {
	local libvirt=--from=libvirt=$CASES/libvirt/q35-ports.xml ch=--from=cloud-hypervisor=$CASES/cloud-hypervisor/vm.info.json
	local words
	map "$libvirt"
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	map "$libvirt" --to fw_cfg
	head -n 2 "$STDOUT" | grep -zE "^<sysinfo type='fwcfg'>.  <entry name='opt/io.github.oci-vfio-hook/devices'>"
	sed -n "s|^  <entry name='[^']*'>\(.*\)</entry>|\1|p" "$STDOUT" | assert_hands_over
	map "$libvirt" --to credential
	grep -F "<entry name='opt/io.systemd.credentials/oci-vfio-hook.devices'>" "$STDOUT"
	map "$libvirt" --to smbios
	sed -n 's|.*<entry>io.systemd.credential.binary:oci-vfio-hook.devices=\(.*\)</entry>|\1|p' "$STDOUT" | base64 -d | assert_hands_over
	grep -F "<smbios mode='sysinfo'/>" "$STDOUT"

	map "$ch"
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	map "$ch" --to smbios
	sed -n "s|^--platform 'oem_strings=\[io.systemd.credential.binary:oci-vfio-hook.devices=\(.*\)\]'$|\1|p" "$STDOUT" | base64 -d | assert_hands_over
	map "$ch" --to credential
	grep -q "^--platform 'oem_strings=\[io.systemd.credential.binary:" "$STDOUT"
	map "$ch" --to fw_cfg
	assert_fails 64 '--to: Cloud Hypervisor has no fw_cfg in most versions; use --to smbios'

	map 0000:3b:02.0=06/00 $UUID=07
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	map 0000:3b:02.0=06/00 $UUID=07 --to fw_cfg
	eval "words=($(cat "$STDOUT"))"
	[ "${words[0]}" = -fw_cfg ]
	[[ ${words[1]} == name=opt/io.github.oci-vfio-hook/devices,string=* ]]
	sed 's/^[^[]*//; s/,,/,/g' <<< "${words[1]}" | assert_hands_over
	map 0000:3b:02.0=06/00 $UUID=07 --to smbios
	sed 's/^-smbios type=11,value=io.systemd.credential.binary:oci-vfio-hook.devices=//' "$STDOUT" | base64 -d | assert_hands_over
	map 0000:3b:02.0=06/00 --to credential
	[[ $(< "$STDOUT") == "-fw_cfg 'name=opt/io.systemd.credentials/oci-vfio-hook.devices,string=["* ]]
	map 0000:3b:02.0 --to smbios
	assert_fails 64 'map: --to smbios needs to know where each device is in the guest: write ADDRESS=GUEST, or use --from'
	map 0000:3b:02.0=06/00 --to ftp
	assert_fails 64 '--to must be file, fw_cfg, smbios or credential'
}

@test "devices: addresses, UUIDs, groups; GUEST that is to be filled in" {
	map 0000:41:00.1=06/00.1 0000:41:00.0=06/00
	assert_map "$(entry_of 60 243:9 0000:41:00.0=06/00 0000:41:00.1=06/00.1 -- '"vendor":"10de"')"
	map 60 $UUID
	assert_status 0
	jq -e '.[0].options == ["0000:41:00.0=GUEST", "0000:41:00.1=GUEST"]' "$STDOUT"
	grep -F 'fill in GUEST, where each is in the guest: its PCI path, such as 06/00' "$STDERR"
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	hook map --validate "$BATS_TEST_TMPDIR/map.json"
	assert_status 65
	map 70
	jq -e --arg option $UUID=GUEST '.[0].options == [$option]' "$STDOUT"
	map 0000:3b:02.0=self
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=self -- "$NIC")"
}

@test "devices: handles beside groups, and one kind alone" {
	local handle='{"type":"vfio-pci","container_path":"/dev/vfio/devices/vfio2","host_dev":"511:2","options":["0000:3b:02.0=06/00"],"expect":{'$NIC'}}'
	add_handle vfio2 0000:3b:02.0 511:2
	map 0000:3b:02.0=06/00
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=06/00 -- "$NIC")" "$handle"
	map 0000:3b:02.0=06/00 --node handle
	assert_map "$handle"
	map 0000:3b:02.0=06/00 --node=group
	assert_map "$(entry_of 45 243:5 0000:3b:02.0=06/00 -- "$NIC")"
	map 0000:41:00.0=06/00 --node handle
	assert_fails 69 '0000:41:00.0: this kernel has no handle for it (/dev/vfio/devices/vfioN), only a group: remove --node=handle'
	map 0000:3b:02.0=06/00 --node both
	assert_fails 64 '--node must be group or handle'
}

@test "devices: not there, not bound, without a group or a node, named twice, badly" {
	add_pci_function 0000:05:00.0 driver=ixgbe group=80
	add_pci_function 0000:06:00.0 group=81
	add_pci_function 0000:07:00.0 driver=vfio-pci
	add_pci_function 0000:08:00.0 driver=vfio-pci group=82 node=none
	map 0000:04:00.0
	assert_fails 69 '0000:04:00.0: is not a device of this machine; oci-vfio-hook list shows those that are, and the map must be made on the host'
	map 0000:05:00.0
	assert_fails 69 "0000:05:00.0: its driver is ixgbe, not VFIO's, so it has no node: driverctl set-override 0000:05:00.0 vfio-pci"
	map 0000:06:00.0
	assert_fails 69 'its driver is none'
	map 0000:07:00.0
	assert_fails 69 "0000:07:00.0: is in no IOMMU group, so VFIO can't give it to anybody: switch the IOMMU on"
	map 0000:08:00.0
	assert_fails 69 '0000:08:00.0: its group has no node in /sys/class/vfio: modprobe vfio-pci'
	map 90
	assert_fails 69 '90: this machine has no IOMMU group of this number'
	map 80
	assert_fails 69 '80: VFIO has no function of this group; bind them'
	map 0000:3b:02.0=05 0000:3b:02.0=06
	assert_fails 65 '0000:3b:02.0: comes twice; name it once'
	map 3b:02.0
	assert_fails 64 '"3b:02.0": must be a PCI address (0000:3b:02.0), a mediated device'
	map "$(printf '\e[2J')"
	assert_fails 64 '"\x1B[2J": must be'
	map 0000:3b:02.0=6
	assert_fails 64 '"0000:3b:02.0=6": "6" is neither a PCI path'
	rm -r "$ROOT/sys/bus/pci"
	map 0000:3b:02.0
	assert_fails 69 'there is no /sys/bus/pci here; run this on the machine that the devices are plugged into'
	map --from "libvirt=$CASES/libvirt/i440fx.xml"
	assert_fails 69 'there is no /sys/bus/pci here'
}

@test "--self: this machine's own, which finds them after the next start" {
	map --self
	assert_map \
		"$(entry_of 45 243:5 0000:3b:02.0=self -- "$NIC"',"subsystem_vendor":"1af4","subsystem_device":"1100"')" \
		"$(entry_of 46 243:6 0000:3b:02.1=self -- "$NIC"',"subsystem_vendor":"1af4","subsystem_device":"1100"')" \
		"$(entry_of 47 243:7 0000:3b:0a.3=self -- "$NIC"',"subsystem_vendor":"1af4","subsystem_device":"1100"')" \
		"$(entry_of 50 243:8 0000:65:00.0=self -- "$GPU"',"subsystem_vendor":"1af4","subsystem_device":"1100"')" \
		"$(entry_of 60 243:9 0000:41:00.0=self 0000:41:00.1=self -- '"vendor":"10de","subsystem_vendor":"1af4","subsystem_device":"1100"')" \
		"$(entry_of 70 242:70 $UUID=$UUID --)"
	mkdir -p "$MAPS"
	cp "$BATS_TEST_TMPDIR/map.json" "$MAPS/own.json"
	# Another boot: the group has another number.
	rm -r "$ROOT/sys"
	mkdir -p "$ROOT"/sys/bus/pci/{devices,drivers} "$ROOT"/sys/kernel/iommu_groups "$ROOT"/sys/class/{vfio,misc}
	add_sysfs_node misc vfio 10:196
	add_pci_function 0000:3b:02.0 driver=vfio-pci group=9 node=240:0
	bundle
	host_device
	control_device
	apply
	assert_silent
	assert_devices '/dev/vfio/9 c 240:0' '/dev/vfio/vfio c 10:196'
}

@test "no argument: a draft, and how to fill it in" {
	add_bridge 0000:00:06.0 bus=01
	rm -r "$ROOT/sys/kernel/iommu_groups" "$ROOT/sys/bus/pci/devices"
	mkdir -p "$ROOT/sys/kernel/iommu_groups" "$ROOT/sys/bus/pci/devices"
	map
	assert_status 0
	[ "$(< "$STDOUT")" = '[]' ]
	grep -F 'VFIO has no device here; bind one: driverctl set-override ADDRESS vfio-pci' "$STDERR"
	add_bridge 0000:00:07.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:07.0 driver=vfio-pci group=3
	add_pci_function 0000:01:00.1 parent=0000:00:07.0 driver=vfio-pci group=3 device=0x1234
	add_pci_function 0000:01:00.2 parent=0000:00:07.0 driver=ixgbe group=4
	map
	assert_status 0
	jq -e '. == [{"type":"vfio-pci","container_path":"/dev/vfio/HOSTGROUP","options":["HOST=07/00","HOST=07/00.1"],"expect":{"vendor":"8086"}}]' "$STDOUT"
	grep -F 'fill in, from the host: HOSTGROUP' "$STDERR"
	cp "$STDOUT" "$BATS_TEST_TMPDIR/map.json"
	hook map --validate "$BATS_TEST_TMPDIR/map.json"
	assert_status 65
	grep -F '[0].options[0]: the part before = must be' "$STDERR"
}

@test "--for: what the bundle asks for, what is here, and lines that choose" {
	bundle
	host_device
	add_device /dev/null c 1 3
	add_mount /dev/vfio/46 /dev/vfio/46
	add_env PCIDEVICE_A=0000:16:01.5
	write_config
	map --for "$BUNDLE"
	assert_status 0
	grep -F '  /dev/vfio/45  243:5' "$STDOUT"
	grep -Fx 'VFIO has here' "$STDOUT"
	grep -Fx 'Choose for /dev/vfio/45 one of these, as a file in /etc/oci-vfio-hook/devices.d/ whose name ends in .json' "$STDOUT"
	grep -F '  PCIDEVICE_A=0000:16:01.5' "$STDOUT"
	grep -F '  0000:65/00  0000:65:00.0  10de:1eb8  group 50' "$STDOUT"
	# Each of the lines is a map, and the chosen one does it.
	grep -c '^  \[' "$STDOUT" | grep -x 12
	grep -F '"container_path":"/dev/vfio/45"' "$STDOUT" | grep -F 10de | grep -F '=0000:65/00"' | head -n 1 > "$BATS_TEST_TMPDIR/chosen.json"
	hook map --validate "$BATS_TEST_TMPDIR/chosen.json"
	assert_status 0
	edit_config '.mounts = []'
	mkdir -p "$MAPS"
	cp "$BATS_TEST_TMPDIR/chosen.json" "$MAPS/45.json"
	apply
	assert_status 0
	assert_env PCIDEVICE_A=0000:65:00.0
	# Nothing is asked for, nothing is here.
	config '{"ociVersion":"1.0.2","process":{"env":["PCIDEVICE_B=0000:16:01.5,0000:16:01.6"]},"linux":{"devices":[{"path":"/dev/vfio/45","type":"c"}]}}'
	map --for "$BUNDLE"
	grep -F "with the device's address on the host for HOST" "$STDOUT"
	config '{"ociVersion":"1.0.2"}'
	rm -r "$ROOT/sys/bus/pci/devices"
	map --for "$BUNDLE"
	assert_status 0
	grep -F 'no VFIO device' "$STDOUT"
	grep -F 'nothing; bind the device: driverctl set-override ADDRESS vfio-pci' "$STDOUT"
	map --for "$BATS_TEST_TMPDIR/nowhere"
	assert_status 66
}

@test "--validate: each fault with its place" {
	local file=$BATS_TEST_TMPDIR/map.json
	echo '[{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]},
		{"type":"vfio-pci"}, 7, {"type":"vfio-pci","container_path":"/dev/vfio/46","options":["0000:3b:02.1=6"],"hostdev":"1:2"},
		{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.9=07/00"],"wise":1},
		{"type":"vfio-pci","container_path":"/dev/vfio/47","options":["0000:3b:02.0=07/00"]}]' > "$file"
	hook map --validate "$file"
	assert_status 65
	[ ! -s "$STDOUT" ]
	grep -F 'map.json: [1]: has no "container_path"' "$STDERR"
	grep -F 'map.json: [2]' "$STDERR"
	grep -F 'map.json: [3]: the field "hostdev" must be spelled "host_dev"' "$STDERR"
	grep -F 'map.json: [4].options[0]' "$STDERR"
	grep -F 'unknown field "wise" ignored' "$STDERR"
	grep -F 'options: host function 0000:3b:02.0 is 07/00 here and 06/00 in' "$STDERR"
	tail -n 1 "$STDERR" | grep -F 'map.json: 5 faults'
	echo '{"devices":null,"container_id":"x"}' > "$file"
	hook map --validate "$file"
	assert_status 0
	grep -F 'map.json: good, 0 entries' "$STDOUT"
	echo '[' > "$file"
	hook map --validate "$file"
	assert_status 65
	tail -n 1 "$STDERR" | grep -x '.*map.json: 1 fault'
	hook map --validate /nowhere/x
	assert_fails 66 "can't be opened"
}

@test "the command line" {
	map --self 45
	assert_fails 64 'map: give either devices, --from, --self, --for or --validate'
	map --to fw_cfg
	assert_fails 64 'map: --to and --node are for devices, --from and --self'
	map --from libvirt
	assert_fails 64 '--from: must be qmp=SOCKET, libvirt=FILE, libvirt=- or cloud-hypervisor=SOCKET, not "libvirt"'
	map --from qmp=
	assert_fails 64 '--from: must be qmp=SOCKET'
	hook map --help
	assert_status 0
	grep -F 'usage: oci-vfio-hook map [OPTION...] [DEVICE...]' "$STDOUT"
	hook plan --self .
	assert_fails 64 '--self'
}
