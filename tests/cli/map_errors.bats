#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad device maps: each refusal names the file and the place, and nothing is touched.

load helpers

setup() {
	machine
	bundle
	two_functions
	host_device
}

# STATUS TEXT SUBSTRING...: a map of this text is refused, as a --device-map and in devices.d.
assert_map_refused() {
	local status_wanted=$1 text=$2
	shift 2
	OPTIONS=()
	rm -rf "$MAPS"
	device_map_text bad "$text"
	apply
	assert_refused "$status_wanted" bad.json "$@"
	OPTIONS=()
	mkdir -p "$MAPS"
	mv "$BATS_TEST_TMPDIR/bad.json" "$MAPS/bad.json"
	apply
	assert_refused "$status_wanted" bad.json "$@"
}

# SUBSTRING MEMBERS: an entry of these members is refused.
assert_entry_refused() {
	assert_map_refused 65 "[{$2}]" '[0]' "$1"
}

# SUBSTRING OPTION: an entry with this option is refused.
assert_option_refused() {
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.1=07/00 "$2")]" '[0]' 'options[1]' "$1"
}

@test "no JSON" {
	local text
	for text in '' ' ' x '[' '[{]' '[{"type":"vfio-pci"' '[{"type":"vfio-pci","container_path":"/dev/vf' '[],' '[] []' '[] x' \
		'[,]' '[{},]' "[{'type':'vfio-pci'}]" '// comment
		[]' '[] /* comment */' $'\xef\xbb\xbf[]' '[tru]' '[01]' $'["\xff"]' $'["\x01"]' '["\x"]' '[+1]' '[.5]' NaN; do
		assert_map_refused 65 "$text"
	done
}

@test "JSON of another shape" {
	local text
	for text in null true 7 '"x"' '{"devices":{}}' '{"devices":"x"}' '{"Devices":[]}' '[7]' '["x"]' '[[]]'; do
		assert_map_refused 65 "$text"
	done
}

@test "required fields that are missing or null" {
	assert_entry_refused type '"container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]'
	assert_entry_refused type '"type":null,"container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]'
	assert_entry_refused container_path '"type":"vfio-pci","options":["0000:3b:02.0=06/00"]'
	assert_entry_refused container_path '"type":"vfio-pci","container_path":null,"options":["0000:3b:02.0=06/00"]'
	assert_entry_refused container_path '"type":"vfio-pci","container_path":"","options":["0000:3b:02.0=06/00"]'
	assert_entry_refused option '"type":"vfio-pci","container_path":"/dev/vfio/45"'
	assert_entry_refused option '"type":"vfio-pci","container_path":"/dev/vfio/45","options":null'
	assert_entry_refused option '"type":"vfio-pci","container_path":"/dev/vfio/45","options":[]'
	assert_entry_refused vm_path '"type":"node","container_path":"/dev/vfio/45"'
	assert_entry_refused vm_path '"type":"node","container_path":"/dev/vfio/45","vm_path":""'
}

@test "fields of the wrong type" {
	local rest='"options":["0000:3b:02.0=06/00"]'
	assert_entry_refused type "\"type\":7,\"container_path\":\"/dev/vfio/45\",$rest"
	assert_entry_refused container_path "\"type\":\"vfio-pci\",\"container_path\":45,$rest"
	assert_entry_refused container_path "\"type\":\"vfio-pci\",\"container_path\":[\"/dev/vfio/45\"],$rest"
	assert_entry_refused options '"type":"vfio-pci","container_path":"/dev/vfio/45","options":"0000:3b:02.0=06/00"'
	assert_entry_refused options '"type":"vfio-pci","container_path":"/dev/vfio/45","options":{"0000:3b:02.0":"06/00"}'
	assert_entry_refused options '"type":"vfio-pci","container_path":"/dev/vfio/45","options":[7]'
	assert_entry_refused final_path "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"final_path\":7,$rest"
	assert_entry_refused expect "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"expect\":\"8086\",$rest"
	assert_entry_refused expect "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"expect\":{\"vendor\":8086},$rest"
	assert_entry_refused vm_path '"type":"node","container_path":"/dev/vfio/45","vm_path":7'
}

@test "duplicate keys, and known keys in another letter case" {
	local member
	for member in '"type":"vfio-pci"' '"typ\u0065":"vfio-pci"' '"options":[]' '"x":1,"x":1' '"Type":"vfio-pci"' \
		'"CONTAINER_PATH":"/dev/vfio/46"' '"option\u017f":[]' '"Final_path":"/x"'; do
		assert_entry_refused bad.json "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],$member"
	done
	assert_map_refused 65 "{\"devices\":[],\"devices\":[]}"
	assert_entry_refused expect "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"expect\":{\"vendor\":\"1\",\"vendor\":\"1\"}"
}

@test "NUL and lone surrogates in strings" {
	local text
	for text in '\u0000' '\ud800' '\udfff'; do
		assert_entry_refused container_path "\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45$text\",\"options\":[\"0000:3b:02.0=06/00\"]"
		assert_option_refused options "0000:3b:02.0=06/00$text"
	done
}

@test "an unknown type" {
	local type
	for type in nonsense '' VFIO-PCI vfio-pci-gk2 'vfio-pci '; do
		OPTIONS=()
		device_map_text bad "[{\"type\":\"$type\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"]}]"
		apply
		assert_refused 65 bad.json '[0]' "\"$type\""
	done
}

@test "options that aren't HOST=GUEST" {
	local option
	for option in '' = =06/00 0000:3b:02.0 06/00 '0000:3b:02.0 06/00' '0000:3b:02.0==06/00' '0000:3b:02.0=06/00=' \
		' 0000:3b:02.0=06/00' '0000:3b:02.0 =06/00' '0000:3b:02.0= 06/00' '0000:3b:02.0=06/00 '; do
		assert_option_refused options "$option"
	done
}

@test "a host that is not a PCI address, or one out of range" {
	local host
	for host in x 3b:02.0 000:3b:02.0 123456789:3b:02.0 0000:3b:20.0 0000:3b:02.8 0000:3b:2.0 0000:3:02.0 0000:3b:02 0000:3b:02. \
		0000:3b:02.00 0000:3b:02.0x 0000:3g:02.0 0000:100:02.0 0000-3b-02.0 0000:3b:02:0 0x000:3b:02.0 -000:3b:02.0 06/00; do
		assert_option_refused "$host" "$host=06/00"
	done
}

@test "a guest that is neither PCI path nor address, or one out of range" {
	local guest
	for guest in x / 06/ /06/00 06//00 06/00/ 006/00 20/00 06/20 20 06.8/00 06/00.8 06.x/00 06./00 06.0.0/00 \
		06/00.00 0000:01:20.0 0000:01:00.8 000:01:00.0 123456789:01:00.0 0000:1:00.0 0000:01/ 0000:01 0000:01/20 0000:100/00 \
		000:01/00 20/20/00 0000:20/06/20 gg/00 -6/00 +6/00 06/00/0x 06,00 acpi_index:7 Slot:9 'slot: 9/' SELF 'self '; do
		assert_option_refused "$guest" "0000:3b:02.0=$guest"
	done
}

@test "a path that is longer than any machine's" {
	local guest
	printf -v guest '%0.s00/' {1..300}
	assert_option_refused options "0000:3b:02.0=${guest}00"
}

@test "the same container_path twice" {
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(entry /dev/vfio/45 0000:3b:02.1=07/00)]" '[1]' \
		/dev/vfio/45
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(entry /dev//vfio/./45/ 0000:3b:02.1=07/00)]" '[1]' \
		/dev/vfio/45
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(node_entry /dev/vfio/45 /dev/null)]" '[1]' /dev/vfio/45
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(gk_entry /dev/vfio/45 0000:3b:02.1=07/00)]" '[1]' \
		/dev/vfio/45
}

@test "two guests for one host" {
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3B:02.0=07/00)]" '[0]' 0000:3b:02.0
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(entry /dev/vfio/46 00000000:3b:02.0=07/00)]" '[1]' \
		0000:3b:02.0
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(gk_entry /dev/vfio/46 0000:3b:02.0=07/00)]" '[1]' \
		0000:3b:02.0
}

@test "two hosts of one guest" {
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=06/00)]" '[0]' 06/00
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=06/00),$(entry /dev/vfio/46 0000:3b:02.1=06.0/00.0)]" '[1]' 06
	assert_map_refused 65 "[$(entry /dev/vfio/45 0000:3b:02.0=0000:0a:00.0),$(entry /dev/vfio/46 0000:3b:02.1=0000:0A:00.0)]" \
		'[1]' 0000:0
}

@test "two hosts of one guest that only the machine can tell" {
	# A path and an address of one function: both are named, neither may win by chance.
	second_host_device
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" "$(entry /dev/vfio/46 0000:3b:02.1=0000:01:00.0)"
	apply
	assert_refused 65 0000:01:00.0
}

@test "contradictions of two --device-map files" {
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	device_map two "$(entry /dev/vfio/45 0000:3b:02.1=07/00)"
	apply
	assert_refused 65 two.json /dev/vfio/45
	device_map two "$(entry /dev/vfio/46 0000:3b:02.0=07/00)"
	apply
	assert_refused 65 two.json 0000:3b:02.0
	device_map two "$(entry /dev/vfio/46 0000:3b:02.1=06/00)"
	apply
	assert_refused 65 two.json 06/00
}

@test "an entry for the control node, and node entries of VFIO nodes" {
	local path
	assert_map_refused 65 "[$(entry /dev/vfio/vfio 0000:3b:02.0=06/00)]" '[0]' /dev/vfio/vfio
	assert_map_refused 65 "[$(node_entry /dev/vfio//vfio /dev/null)]" '[0]' /dev/vfio/vfio
	for path in /dev/vfio/3 /dev/vfio/noiommu-3 /dev/vfio/devices/vfio0 /dev/iommu /dev//vfio/./3; do
		assert_map_refused 65 "[$(node_entry /dev/vfio/45 "$path")]" '[0]' "VFIO node"
	done
}

@test "expect: unknown keys and values that are not hex numbers" {
	local expect
	for expect in '"vendr":"8086"' '"Vendor":"8086"' '"revision":"01"' '"vendor":""' '"vendor":"0x"' '"vendor":"80 86"' \
		'"vendor":"808x"' '"vendor":"-1"' '"vendor":"10000"' '"class":"1000000"' '"vendor":"0x0x86"'; do
		assert_map_refused 65 "[$(with "\"expect\":{$expect}" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")]" '[0]' expect
	done
}

@test "too deep" {
	local open close
	printf -v open '%0.s[' {1..129}
	printf -v close '%0.s]' {1..129}
	assert_map_refused 65 "$open$close"
	printf -v open '%0.s[' {1..100000}
	assert_map_refused 65 "$open"
	assert_map_refused 65 "{\"devices\":[],\"x\":$open"
}

@test "too large: over 64 MiB" {
	device_map_text big '[]'
	truncate -s $((64 * 1024 * 1024 + 1)) "$BATS_TEST_TMPDIR/big.json"
	apply
	assert_refused 65 big.json
}

@test "a map that others may write, or that somebody else owns" {
	needs_root
	local mode
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	for mode in 664 646 666 620 602 777; do
		chmod $mode "$BATS_TEST_TMPDIR/one.json"
		apply
		assert_refused 77 one.json
	done
	chmod 644 "$BATS_TEST_TMPDIR/one.json"
	chown 65534 "$BATS_TEST_TMPDIR/one.json"
	apply
	assert_refused 77 one.json
	OPTIONS=()
	for mode in 664 646 666; do
		chmod $mode "$MAPS/two.json"
		apply
		assert_refused 77 two.json
	done
	chmod 644 "$MAPS/two.json"
	chown 65534 "$MAPS/two.json"
	apply
	assert_refused 77 two.json
}

@test "modes that are fine" {
	needs_root
	local mode
	control_device
	for mode in 400 600 640 644 444 755; do
		OPTIONS=()
		rm -f "$CONFIG"
		device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
		chmod $mode "$BATS_TEST_TMPDIR/one.json"
		apply
		assert_silent
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	done
}

@test "a directory of maps that others may write, or that somebody else owns" {
	needs_root
	local directory
	for directory in "$MAPS" "$RUN_MAPS"; do
		write_map "$directory" one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
		chmod 775 "$directory"
		apply
		assert_refused 77 "${directory#"$ROOT"}"
		chmod 1777 "$directory"
		apply
		assert_refused 77 "${directory#"$ROOT"}"
		chmod 755 "$directory"
		chown 65534 "$directory"
		apply
		assert_refused 77 "${directory#"$ROOT"}"
		rm -r "$directory"
	done
}

@test "the directory of a --device-map doesn't count" {
	control_device
	mkdir "$BATS_TEST_TMPDIR/anybody's"
	chmod 1777 "$BATS_TEST_TMPDIR/anybody's"
	device_map "anybody's/one" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "maps that are not regular files" {
	OPTIONS=(--device-map "$BATS_TEST_TMPDIR/one.json")
	mkfifo "$BATS_TEST_TMPDIR/one.json"
	apply
	assert_refused 77 one.json
	rm "$BATS_TEST_TMPDIR/one.json"
	mkdir "$BATS_TEST_TMPDIR/one.json"
	apply
	assert_refused 77 one.json
	OPTIONS=(--device-map /dev/null)
	apply
	assert_refused 77 /dev/null
	OPTIONS=()
	mkdir -p "$MAPS/one.json"
	apply
	assert_refused 77 one.json
	rmdir "$MAPS/one.json"
	mkfifo "$MAPS/one.json"
	apply
	assert_refused 77 one.json
}

@test "a --device-map through a symbolic link: the file that it leads to counts" {
	control_device
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	ln -s one.json "$BATS_TEST_TMPDIR/link.json"
	OPTIONS=(--device-map "$BATS_TEST_TMPDIR/link.json")
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	chmod 666 "$BATS_TEST_TMPDIR/one.json"
	apply
	assert_refused 77 link.json
	rm "$BATS_TEST_TMPDIR/one.json"
	apply
	assert_refused 66 link.json
}

@test "a --device-map in a directory that isn't there, or below a file" {
	OPTIONS=(--device-map "$BATS_TEST_TMPDIR/no/one.json")
	apply
	assert_refused 66 no/one.json
}

@test "names with control bytes are quoted" {
	device_map_text one "[$(entry '/dev/\u001b[31m\n\u007f' 0000:3b:02.0=06/00)]"
	apply
	assert_refused 65 'missing devices in OCI spec' '\x1B' '\x0A' '\x7F'
}
