#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device maps: their shapes and fields, their sources and which of them wins.

load helpers

setup() {
	machine
	bundle
	two_functions
}

# The device that the spec names became the node of group 3.
assert_mapped() {
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "an array, an object with devices, and a whole CreateContainerRequest" {
	local text
	host_device
	control_device
	# shellcheck disable=SC2089 # JSON, not shell.
	for text in '[ENTRY]' '{"devices":[ENTRY]}' ' { "x" : 1 , "devices" : [ ENTRY ] } ' \
		'{"container_id":"c1","exec_id":"c1","string_user":null,"devices":[ENTRY],"storages":[{"driver":"blk","source":"x","options":[]}],"OCI":{"Version":"1.0.2","Linux":{"Devices":[{"Path":"/dev/vfio/45","Type":"c","Major":243,"Minor":5}]}},"sandbox_pidns":false,"rootfs_mounts":[],"shared_mounts":[]}'; do
		rm -f "$CONFIG"
		OPTIONS=()
		device_map_text one "${text/ENTRY/$(entry /dev/vfio/45 0000:3b:02.0=06/00)}"
		assert_mapped
	done
}

@test "every spelling of a field, and no id" {
	local text
	host_device
	control_device
	for text in '"id":"45","type":"vfio-pci","vm_path":"","container_path":"/dev/vfio/45"' \
		'"type_":"vfio-pci","vmPath":"/dev/vfio/1","containerPath":"/dev/vfio/45"' \
		'"container_path":"/dev/vfio/45","field_type":"vfio-pci","vmPath":null,"id":null' \
		'"id":"","field_type":"vfio-pci","container_path":"/dev/vfio/45","expect":null,"final_path":null'; do
		rm -f "$CONFIG"
		OPTIONS=()
		device_map_text one "[{$text,\"options\":[\"0000:3b:02.0=06/00\"]}]"
		assert_mapped
	done
}

@test "unknown fields are ignored: Kata's and protobuf's silently, others with a warning" {
	host_device
	control_device
	device_map_text one "[$(with '"unknown":{"a":[1,2,{"b":null}]},"x-comment":"hello","shared":1e400' \
		"$(entry /dev/vfio/45 0000:3b:02.0=06/00)")]"
	apply
	assert_warning 'one.json: [0]' '"unknown"' '"x-comment"' '"shared"'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	OPTIONS=()
	device_map_text one "[$(with '"unknown_fields":null,"cached_size":{"size":0},"special_fields":{}' \
		"$(entry /dev/vfio/45 0000:3b:02.0=06/00)")]"
	assert_mapped
}

@test "a field that looks like ours but for case, - or _ is refused: it would leave the entry unprotected" {
	local field
	host_device
	for field in hostdev host-dev HOSTDEV HostDev host__dev standIn expect- final-path finalpath; do
		OPTIONS=()
		device_map_text one "[$(with "\"$field\":null" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")]"
		apply
		assert_refused 65 'one.json: [0]' "\"$field\" must be spelled"
	done
	for field in HOST_DEV Host_Dev Expect OPTIONS; do
		OPTIONS=()
		device_map_text one "[$(with "\"$field\":null" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")]"
		apply
		assert_refused 65 'one.json: ' "[0]: key \"$field\" must be spelled"
	done
}

@test "fields and values written with escapes" {
	host_device
	control_device
	device_map_text one '[{"typ\u0065":"vfio\u002dpci","container_path":"\/dev\/vfio\/4\u0035","options":["0000:3b:02.0\u003d06\/00"]}]'
	assert_mapped
}

@test "the guest function by its address, in either letter case and with a domain of eight digits" {
	local guest
	add_pci_function 0000:0a:00.0 driver=vfio-pci group=9 node=242:9
	host_device
	control_device
	for guest in 0000:0a:00.0 0000:0A:00.0 00000000:0a:00.0; do
		rm -f "$CONFIG"
		add_map one "$(entry /dev/vfio/45 "0000:3B:02.0=$guest")"
		apply
		assert_silent
		assert_devices '/dev/vfio/9 c 242:9' '/dev/vfio/vfio c 10:196'
	done
}

@test "an option whose guest is empty is skipped with a warning" {
	host_device
	control_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.1= 0000:3b:02.0=06/00)"
	apply
	assert_warning 0000:3b:02.1
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "nothing but options whose guest is empty: refused" {
	host_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.1= 0000:3b:02.0=)"
	apply
	assert_status 65
	assert_unchanged
	grep -q one.json "$STDERR"
}

@test "every --device-map entry must be found in the spec" {
	add_device /dev/fuse c 10 229
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_refused 65 'missing devices in OCI spec' /dev/vfio/45
	rm "$CONFIG"
	host_device
	device_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	apply
	assert_refused 65 'missing devices in OCI spec' /dev/vfio/46
}

@test "a --device-map entry that only the environment knows is missing, too" {
	add_env PCIDEVICE_A=0000:3b:02.0
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_refused 65 'missing devices in OCI spec' /dev/vfio/45
}

@test "a --device-map node entry that isn't named is missing, too" {
	needs_root
	mknod "$ROOT/dev/null" c 1 3
	host_device
	device_map one "$(node_entry /dev/thing /dev/null)"
	apply
	assert_refused 65 'missing devices in OCI spec' /dev/thing
}

@test "a --device-map entry is found by a mount's source, not by its destination" {
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_mount /run/card /dev/vfio/45
	apply
	assert_silent
	rm "$CONFIG"
	MOUNTS=()
	add_mount /dev/vfio/vfio /dev/vfio/vfio
	add_mount /dev/vfio/45 /run/card
	apply
	assert_refused 65 'missing devices in OCI spec' /dev/vfio/45
}

@test "a missing linux and a --device-map: missing devices" {
	local text
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	for text in '{}' '{"linux":null}' '{"linux":{"devices":null}}' '{"linux":{"devices":[]},"mounts":[]}'; do
		config "$text"
		apply
		assert_refused 65 'missing devices in OCI spec' /dev/vfio/45
	done
}

@test "a machine's entry that isn't named is skipped: its function need not be there" {
	host_device
	control_device
	add_map a "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" "$(entry /dev/vfio/99 0000:99:00.0=0000:77:00.0)" \
		"$(node_entry /dev/nowhere /dev/nowhere)"
	assert_mapped
}

@test "several --device-map files are one source, in the order of the command line or another" {
	host_device
	second_host_device
	control_device
	device_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "--device-map, then devices.d, then fw_cfg" {
	host_device
	control_device
	# Only the last of these is right; each earlier source hides the later ones.
	add_fw_cfg "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	assert_mapped
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=07/00)"
	rm "$CONFIG"
	apply
	assert_silent
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	rm "$CONFIG"
	assert_mapped
}

@test "an entry of which an earlier source has the path is dropped whole" {
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:09.0
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_fw_cfg "$(entry /dev/vfio//45 0000:3b:09.0=07/00)"
	apply
	# 0000:3b:09.0 went with it.
	assert_warning PCIDEVICE_A
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_A=0000:3b:09.0
}

@test "an entry of which an earlier source has a host address is dropped whole" {
	host_device
	second_host_device
	control_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_fw_cfg "$(entry /dev/vfio/46 0000:3b:02.1=07/00 0000:3B:02.0=07/01)"
	apply
	# Nobody names 46 now.
	assert_status 69
	assert_unchanged
	grep -q /dev/vfio/46 "$STDERR"
}

@test "of two files of one name the one in /etc counts, whatever is in it" {
	host_device
	control_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_run_map one "$(entry /dev/vfio/45 0000:3b:02.0=07/00)"
	assert_mapped
	echo broken > "$RUN_MAPS/one.json"
	rm "$CONFIG"
	assert_mapped
	add_map one
	rm "$CONFIG"
	apply
	assert_refused 69 /dev/vfio/45
}

@test "files of other names in /etc and /run are read together" {
	host_device
	second_host_device
	control_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_run_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196'
}

@test "the directory in /run alone" {
	host_device
	control_device
	add_run_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	assert_mapped
}

@test "a contradiction within the machine's directories: refused" {
	host_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_run_map two "$(entry /dev/vfio/45 0000:3b:02.1=07/00)"
	apply
	assert_refused 65 two.json /dev/vfio/45
}

@test "only *.json files of the directories are read" {
	host_device
	control_device
	add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	echo broken > "$MAPS/README"
	echo broken > "$MAPS/two.json~"
	echo broken > "$MAPS/json"
	mkdir "$MAPS/three"
	assert_mapped
}

@test "fw_cfg: false in the configuration switches it off" {
	host_device
	add_fw_cfg "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	mkdir -p "$ETC"
	echo '{"fw_cfg":false}' > "$ETC/config.json"
	apply
	assert_refused 69 /dev/vfio/45
}

@test "Kata's other types: refused at once in a --device-map" {
	local type
	host_device
	for type in blk-ccw mmioblk scsi nvdimm vfio-ap vfio-ap-cold; do
		OPTIONS=()
		device_map_text one "[{\"type\":\"$type\",\"container_path\":\"/dev/xvda\",\"vm_path\":\"/dev/vda\",\"options\":[]}]"
		apply
		assert_refused 65 one.json '[0]' 'unsupported device type' "$type"
	done
	OPTIONS=()
	device_map_text one '[{"type":"blk","container_path":"/dev/xvda","options":[]}]'
	apply
	assert_refused 65 one.json '[0]' 'unsupported device type' blk
}

@test "Kata's blk with a vm_path is a node of that path" {
	local field
	mknod "$ROOT/dev/vda" b 254 16
	for field in vm_path vmPath; do
		rm -f "$CONFIG"
		DEVICES=() RULES=() OPTIONS=()
		add_device /dev/xvda b 8 0
		add_rule + b 8:0 r
		device_map_text one "[{\"id\":\"05/00\",\"type\":\"blk\",\"container_path\":\"/dev/xvda\",\"$field\":\"/dev/vda\",\"options\":[]}]"
		apply
		assert_silent
		assert_devices '/dev/xvda b 254:16'
		assert_rules '+ b 254:16 r'
	done
}

@test "Kata's other types: in a machine's map refused only where the spec names the entry" {
	local type
	host_device
	control_device
	for type in blk blk-ccw mmioblk scsi nvdimm vfio-ap vfio-ap-cold; do
		rm -f "$CONFIG"
		add_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" \
			"{\"type\":\"$type\",\"container_path\":\"/dev/xvda\",\"id\":\"05/00\"}"
		assert_mapped
	done
	rm "$CONFIG"
	add_device /dev/xvda b 8 0
	apply
	assert_refused 65 one.json '[1]' 'unsupported device type' vfio-ap-cold
}

@test "an annotation of the spec is not a source" {
	host_device
	add_annotation io.github.oci-vfio-hook.devices "[$(entry /dev/vfio/45 0000:3b:02.0=06/00)]"
	apply
	assert_refused 69 /dev/vfio/45
}

@test "a container that asks for nothing: machine maps aren't opened" {
	mkdir -p "$MAPS" "$RUN_MAPS" "$FW_CFG"
	echo broken > "$MAPS/broken.json"
	mkfifo "$RUN_MAPS/fifo.json"
	echo broken > "$FW_CFG/raw"
	chmod 777 "$RUN_MAPS"
	add_env A=b
	add_mount /srv /srv
	apply
	assert_silent
	assert_unchanged
}

@test "a broken machine map stops what it could be needed for" {
	local ask
	mkdir -p "$MAPS"
	echo broken > "$MAPS/broken.json"
	for ask in 'add_device /dev/vfio/45 c 243 5' 'add_device /dev/vfio/vfio c 10 196' 'add_device /dev/nic c 243 5' \
		'add_device /dev/nic c 384 0' 'add_device /dev/xvda b 8 0' 'add_mount /run/x /dev/vfio/45' \
		'add_mount /dev/vfio /dev/vfio' 'add_rule + c 243:5 rwm' 'add_env PCIDEVICE_A=0000:3b:02.0'; do
		rm -f "$CONFIG"
		DEVICES=() MOUNTS=() ENVIRONMENT=() RULES=()
		$ask
		apply
		assert_refused 65 broken.json
	done
}

@test "a broken or untrusted machine map stops nothing else: a warning" {
	local ask mode
	mkdir -p "$MAPS"
	echo broken > "$MAPS/broken.json"
	for mode in 644 666; do
		chmod "$mode" "$MAPS/broken.json"
		for ask in 'add_device /dev/fuse c 10 229' 'add_mount /run/x /dev/shm' 'add_env PCIDEVICE_A=x'; do
			rm -f "$CONFIG"
			DEVICES=() MOUNTS=() ENVIRONMENT=()
			$ask
			apply
			assert_warning broken.json 'asks for nothing that a map is needed for'
			assert_unchanged
		done
	done
}

@test "a --device-map is always opened" {
	device_map_text one broken
	apply
	assert_refused 65 one.json
	OPTIONS=(--device-map "$BATS_TEST_TMPDIR/missing.json")
	apply
	assert_refused 66 missing.json
}
