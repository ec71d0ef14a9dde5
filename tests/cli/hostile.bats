#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Text that somebody chose to hurt whoever reads messages and logs, as @TEXT@, in each place from which text gets there.
# What is tried and what must come out of it is in hostile.py.

load helpers

# Of the plain text, in bytes; the others are shorter.
SIZE=1000000

setup() {
	machine
	bundle
	common_case
}

# STATUS WORDS ARGUMENT...: the program, on each hostile text.
hostile() {
	write_config
	"$BATS_TEST_DIRNAME/hostile.py" "$BATS_TEST_TMPDIR" "$1" "$2" "$SIZE" "$OCI_VFIO_HOOK" --root "$ROOT" "${@:3}"
}

# STATUS WORDS: by hand, with OPTIONS. What `plan` prints is looked at as well.
hostile_bundle() {
	hostile "$1" "$2" "${OPTIONS[@]}" apply --output "$BATS_TEST_TMPDIR/written" "$BUNDLE"
	hostile "$1" '' "${OPTIONS[@]}" plan "$BUNDLE"
}

# --- the spec -------------------------------------------------------------------------------------------------------

@test "hostile text: a variable's name" {
	SIZE=10000000
	ENVIRONMENT+=('"PCIDEVICE_@TEXT@=0000:99:00.0"')
	hostile_bundle 0 'is left as it is: no map entry names 0000:99:00.0'
}

@test "hostile text: a variable's name, and functions without a node" {
	DEVICES=()
	ENVIRONMENT+=('"PCIDEVICE_@TEXT@=0000:3b:02.0"')
	hostile_bundle 0 'names functions whose VFIO nodes are not in the spec'
}

@test "hostile text: a variable's path" {
	SIZE=10000000
	ENVIRONMENT+=('"PCIDEVICE_A=0000:3b:02.0"' '"PCIDEVICE_A_INFO={\"0000:3b:02.0\":{\"vfio\":{\"dev-mount\":\"/dev/vfio/46@TEXT@\"}}}"')
	hostile_bundle 0 ''
}

@test "hostile text: a variable's key and value, which stay in one that changes" {
	ENVIRONMENT+=('"PCIDEVICE_A=0000:3b:02.0"' '"PCIDEVICE_A_INFO={\"0000:3b:02.0\":{\"@TEXT@\":\"@TEXT@\"}}"')
	hostile_bundle 0 ''
}

@test "hostile text: variables, arguments and annotations with a name of the host" {
	ENVIRONMENT+=('"@TEXT@=3b:02.0"')
	ANNOTATIONS+=('"@TEXT@":"3b:02.0"' '"3b:02.0 @TEXT@":""')
	edit_config '.process.args = ["@TEXT@ 3b:02.0"]'
	hostile_bundle 0 "still has the host's 3b:02.0"
	OPTIONS=(--leftover=translate)
	hostile_bundle 0 "still has the host's 3b:02.0"
	OPTIONS=(--leftover=error)
	hostile_bundle '69|0' ''
}

@test "hostile text: a VFIO device that no map names" {
	SIZE=200000
	add_device /dev/vfio/46@TEXT@ c 243 7
	hostile_bundle '69|0' ''
}

@test "hostile text: this machine's own spec" {
	rm -r "$MAPS"
	SIZE=200000
	DEVICES=('{"path":"/dev/vfio/3@TEXT@","type":"c","major":242,"minor":0}')
	hostile_bundle 69 ''
}

@test "hostile text: a VFIO node's numbers under another path" {
	add_device '/dev/@TEXT@' c 242 1
	hostile_bundle 69 'a VFIO node of this machine, under another path'
}

@test "hostile text: one path twice" {
	add_map 47 "$(node_entry /dev/@TEXT@ /dev/null)"
	add_device /dev/@TEXT@ c 1 3
	add_device /dev/@TEXT@ c 1 5
	hostile_bundle 65 'is in linux.devices[2] already'
}

@test "hostile text: where a mount goes, and from where it comes" {
	SIZE=10000000
	add_mount /dev/vfio/45 /dev/@TEXT@
	add_mount /dev/@TEXT@ /dev/vfio/46
	hostile_bundle 0 'what it puts at'
}

@test "hostile text: a duplicate key" {
	SIZE=10000000
	config '{"@TEXT@":1,"@TEXT@":2,"process":{},"linux":{}}'
	hostile_bundle 65 'duplicate key'
}

@test "hostile text: a key below keys" {
	SIZE=1000000
	config '{"annotations":{"@TEXT@":{"@TEXT@":1,"@TEXT@":2}},"hooks":{"@TEXT@":1,"@TEXT@":2},"process":{"@TEXT@":1,"@TEXT@":2}}'
	hostile_bundle 65 'duplicate key'
}

@test "hostile text: a type, an access" {
	add_device /dev/vfio/46 '@TEXT@' 243 6
	hostile_bundle 65 'must be c, b, u or p'
	DEVICES=()
	rm "$CONFIG"
	add_rule + '@TEXT@' 1:3 rwm
	hostile_bundle 65 'must be a, b or c'
}

@test "hostile text: an annotation" {
	add_annotation io.github.oci-vfio-hook.applied '@TEXT@'
	add_annotation @TEXT@ @TEXT@
	hostile_bundle 0 'was not written for this container'
}

@test "hostile text: where the container's files are" {
	write_config
	sed -i 's|"root":{[^}]*}|"root":{"path":"/@TEXT@"}|; s|/test/box|@TEXT@|' "$CONFIG"
	hostile_bundle 0 ''
}

@test "hostile text: JSON that is none" {
	config '@TEXT@'
	hostile_bundle 65 config.json
	config '{"process":{"env":["A=b"]},"linux":{}}@TEXT@'
	hostile_bundle 65 'invalid JSON'
}

# --- maps and configuration -----------------------------------------------------------------------------------------

@test "hostile text: fields of a map" {
	local text
	for text in '{"type":"@TEXT@","container_path":"/dev/vfio/45"}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["@TEXT@"]}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=@TEXT@"]}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["@TEXT@=06/00"]}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"host_dev":"@TEXT@"}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"expect":{"vendor":"@TEXT@"}}' \
		'{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"expect":{"@TEXT@":"1"}}'; do
		OPTIONS=()
		device_map_text map "[$text]"
		hostile_bundle 65 'map.json: '
	done
}

@test "hostile text: paths of a map" {
	DEVICES=() RULES=()
	add_device /dev/@TEXT@ c 1 3
	device_map map "$(node_entry /dev/@TEXT@ /dev/@TEXT@)"
	SIZE=200000
	hostile_bundle 69 'vm_path: '
	OPTIONS=()
	device_map map "$(entry /dev/@TEXT@1 0000:3b:02.0=06/00)"
	hostile_bundle 65 'missing devices in OCI spec'
	OPTIONS=()
	device_map map "$(node_entry /dev/@TEXT@ /dev/null)" "$(node_entry /dev/@TEXT@ /dev/zero)"
	hostile_bundle 65 'is in '
	OPTIONS=()
	device_map map "$(node_entry /dev/@TEXT@ /dev/vfio/4@TEXT@)"
	hostile_bundle '65|69' 'map.json: '
}

@test "hostile text: several groups for one path" {
	DEVICES=() RULES=()
	add_device /dev/vfio/45 c 243 5
	device_map map "$(with '"final_path":"/dev/@TEXT@"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=07/00)")"
	hostile_bundle 65 "can't all be"
}

@test "hostile text: a map's unknown field" {
	device_map map "$(with '"x@TEXT@":1' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	hostile_bundle 0 'unknown field'
}

@test "hostile text: the configuration" {
	local text
	mkdir -p "$ETC"
	for text in '{"unmapped":"@TEXT@"}' '{"log-level":"@TEXT@"}' '{"@TEXT@":1}' '{"env_prefixes":["@TEXT@="]}' \
		'{"env_prefixes":{"@TEXT@":{"@TEXT@":{"@TEXT@":1,"@TEXT@":2}}}}'; do
		printf '%s' "$text" > "$ETC/config.json"
		hostile_bundle 65 'config.json'
	done
}

# --- the caller -----------------------------------------------------------------------------------------------------

@test "hostile text: a container's state" {
	local text
	write_config
	SIZE=500000
	for text in '{"ociVersion":"1.0.2","id":"@TEXT@","status":"created","bundle":"%s"}' \
		'{"ociVersion":"1.0.2","id":"box","status":"created","bundle":"/@TEXT@"}' \
		'{"ociVersion":"@TEXT@","id":"@TEXT@","pid":"@TEXT@","bundle":"%s"}'; do
		# shellcheck disable=SC2059 # a format
		printf "$text" "$BUNDLE" > "$BATS_TEST_TMPDIR/stdin"
		hostile '0|65|66' '' createRuntime
	done
}

@test "hostile text: arguments" {
	SIZE=100000
	hostile 64 'unknown command' @TEXT@
	hostile 64 'unknown option' --@TEXT@ apply
	hostile 64 'must be auto' --unmapped=@TEXT@ plan "$BUNDLE"
	hostile 64 'one argument too many' plan "$BUNDLE" @TEXT@
	hostile '65|66' "can't be opened as a bundle" apply "/@TEXT@"
}

@test "hostile text: names of files" {
	SIZE=255
	hostile 66 "can't be opened as a bundle" apply "/@TEXT@"
	hostile 66 "can't be opened" --device-map "/@TEXT@" apply "$BUNDLE"
	hostile 66 "can't be opened" --config "/@TEXT@" apply "$BUNDLE"
	hostile 66 "its directory can't be opened" apply --output "/@TEXT@/x" "$BUNDLE"
}
