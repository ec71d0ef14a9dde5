#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Maps that whoever starts a virtual machine hands in: the system credential, QEMU's fw_cfg, SMBIOS' strings.

load helpers

setup() {
	machine
	bundle
	two_functions
	host_device
	control_device
}

# GROUP NUMBERS: the host's device is this one.
assert_mapped() {
	apply
	assert_silent
	assert_devices "/dev/vfio/$1 c $2" '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
}

# MEMBERS: the configuration.
configuration() {
	mkdir -p "$ETC"
	printf '{%s}' "$1" > "$ETC/config.json"
}

@test "a map by a credential, by fw_cfg and by SMBIOS gives the same" {
	local entry how first=''
	entry=$(with '"expect":{"vendor":"8086"}' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")
	for how in credential fw_cfg smbios_text smbios_binary; do
		rm -rf "$CREDENTIALS" "$FW_CFG" "$SMBIOS" "$CONFIG"
		case $how in
		smbios_*) add_smbios 0 'Some vendor' "$("$how" "$entry")" ;;
		*) "add_$how" "$entry" ;;
		esac
		apply
		assert_silent
		[ -n "$first" ] || first=$(spec 'del(.annotations)')
		[ "$(spec 'del(.annotations)')" = "$first" ] || fail "$how" "$(show_output)"
	done
	[[ $first == *'"/dev/vfio/3"'* ]]
}

@test "devices.d, then the credential, then fw_cfg, then SMBIOS" {
	local good bad
	good=$(entry /dev/vfio/45 0000:3b:02.0=06/00) bad=$(entry /dev/vfio/45 0000:3b:02.0=07/00)
	# Each earlier source hides the later ones.
	add_smbios 0 "$(smbios_text "$good")"
	assert_mapped 3 242:0
	add_fw_cfg "$bad"
	assert_mapped 4 242:1
	add_credential "$good"
	assert_mapped 3 242:0
	add_map one "$bad"
	assert_mapped 4 242:1
	device_map two "$good"
	assert_mapped 3 242:0
}

@test "all strings of all structures are one source" {
	second_host_device
	add_smbios 0 x "$(smbios_text "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")" y
	add_smbios 1 nothing
	add_smbios 2 "$(smbios_binary "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")" "$(smbios_text)"
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
	add_smbios 1 "$(smbios_text "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")"
	rm "$CONFIG"
	apply
	assert_refused 65 11-2/raw /dev/vfio/46 11-1/raw
}

@test "a structure after a gap isn't looked for" {
	add_smbios 0 x
	add_smbios 2 "$(smbios_text "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	apply
	assert_refused 69 /dev/vfio/45
}

@test "the configuration switches each off" {
	local key
	for key in credential fw_cfg smbios; do
		rm -rf "$CREDENTIALS" "$FW_CFG" "$SMBIOS" "$ETC/config.json"
		case $key in
		smbios) add_smbios 0 "$(smbios_text "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")" ;;
		*) "add_$key" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" ;;
		esac
		assert_mapped 3 242:0
		configuration "\"$key\":false"
		apply
		# As if there were no map at all.
		assert_refused 69 /dev/vfio/45 "not one of this machine"
		rm "$CONFIG"
	done
}

@test "an empty map is a map: what it doesn't name is refused" {
	add_smbios 0 "$(smbios_text)"
	apply
	assert_refused 69 'no map entry names the VFIO device "/dev/vfio/45"'
	rm -rf "$SMBIOS" "$CONFIG"
	add_credential
	apply
	assert_refused 69 'no map entry names the VFIO device "/dev/vfio/45"'
}

@test "strings of others, and other structures: no map" {
	add_smbios 0 'io.systemd.credential:other=[]' 'oci-vfio-hook.devices=[]' 'io.systemd.credential:oci-vfio-hook.devices'
	printf 'x' > "$SMBIOS/11-0/other"
	mkdir "$SMBIOS/12-0"
	cp "$SMBIOS/11-0/raw" "$SMBIOS/12-0/raw"
	apply
	assert_refused 69 /dev/vfio/45 'not one of this machine'
}

@test "broken: the place is named, but a container that asks for nothing starts" {
	local text good
	good=$(entry /dev/vfio/45 0000:3b:02.0=06/00)
	for text in '' x '[' '[{}]' "[$good,$good]"; do
		rm -rf "$CREDENTIALS"
		add_smbios 0 x "io.systemd.credential:oci-vfio-hook.devices=$text"
		apply
		assert_refused 65 sys/firmware/dmi/entries/11-0/raw
		rm -rf "$SMBIOS"
		mkdir -p "$CREDENTIALS"
		printf '%s' "$text" > "$CREDENTIALS/oci-vfio-hook.devices"
		apply
		assert_refused 65 run/credentials/@system/oci-vfio-hook.devices
	done
	DEVICES=() RULES=()
	add_device /dev/zero c 1 5
	rm "$CONFIG"
	apply
	assert_warning run/credentials/@system/oci-vfio-hook.devices 'asks for nothing that a map is needed for'
	assert_devices '/dev/zero c 1:5'
}

@test "base64 that isn't: refused, with what makes it" {
	local text
	for text in W10 W10== W1= 'W10=
' 'W1 0=' W1*= W10=W10= W11=; do
		add_smbios 0 "io.systemd.credential.binary:oci-vfio-hook.devices=$text"
		apply
		assert_refused 65 11-0/raw 'the value of io.systemd.credential.binary:oci-vfio-hook.devices is not base64' \
			'base64 -w 0 map.json'
	done
}

@test "a node of this machine is named in its own maps only" {
	local how entry
	entry=$(entry /dev/vfio/45 0000:3b:02.0=06/00)
	add_device /dev/xvda b 8 0
	for how in credential fw_cfg smbios; do
		rm -rf "$CREDENTIALS" "$FW_CFG" "$SMBIOS" "$CONFIG"
		case $how in
		smbios) add_smbios 0 "$(smbios_text "$(node_entry /dev/xvda /dev/null)" "$entry")" ;;
		*) "add_$how" "$(node_entry /dev/xvda /dev/null)" "$entry" ;;
		esac
		apply
		assert_warning '[0]: skipped: a node of this machine is named in its own maps only'
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/xvda b 8:0'
	done
}

@test "of another owner, or writable by others: 77" {
	local file
	needs_root
	add_credential "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_smbios 0 "$(smbios_text "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")"
	for file in "$CREDENTIALS/oci-vfio-hook.devices" "$SMBIOS/11-0/raw"; do
		chmod o+w "$file"
		apply
		assert_refused 77 "$file" 'writable by its owner alone'
		chmod o-w "$file"
		chown 65534 "$file"
		apply
		assert_refused 77 "$file" 'owned by root'
		chown 0 "$file"
	done
}

@test "a user who may not read them: absent, with an info message" {
	needs_root
	add_credential "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_smbios 0 "$(smbios_text "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	chmod 0700 "$CREDENTIALS"
	chmod 0400 "$SMBIOS/11-0/raw"
	write_config
	open_to_nobody
	chown -R 65534 "$BUNDLE"
	run setpriv --reuid 65534 --clear-groups "$BATS_TEST_TMPDIR/hook" --root "$ROOT" --log-level info plan "$BUNDLE"
	[ "$status" = 69 ]
	[[ $output == *'/run/credentials/@system/oci-vfio-hook.devices: only root may read it: a device map there counts as absent'* ]]
	[[ $output == *'/sys/firmware/dmi/entries/11-0/raw: only root may read it: a device map there counts as absent'* ]]
	[[ $output == *'/dev/vfio/45'*'not one of this machine'* ]]
	# Root's own directory is root's to read.
	assert_mapped 3 242:0
}
