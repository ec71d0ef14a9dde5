#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The remedies that messages name: whoever follows one must not be refused again for the same thing.

load helpers

setup() {
	machine
	bundle
	common_case
	STATUS=69
}

# TEXT...: refused with $STATUS and these words.
refused() {
	rm -f "$CONFIG"
	apply
	assert_refused "$STATUS" "$@"
}

# The remedy was followed.
helps() {
	rm -f "$CONFIG"
	apply
	assert_status 0
}

# NEW: the first device instead.
first_device() {
	DEVICES[0]=$1
}

# --- a device that no entry names ----------------------------------------------------------------------------------

@test "remedy: a map entry for a VFIO device, or to keep it, to drop it, or to take it for this machine's own" {
	add_device /dev/vfio/47 c 243 7
	refused '"/dev/vfio/47"; add one to a device map, or keep the device as it is with --unmapped=keep'
	OPTIONS=(--unmapped=keep)
	helps
	OPTIONS=()
	add_pci_function 0000:00:05.0 driver=vfio-pci group=5
	add_map 47 "$(entry /dev/vfio/47 0000:3b:02.2=05)"
	helps
	rm "$MAPS/47.json"
	RULES=('{"allow":true,"access":"rwm"}')
	refused 'remove what no entry names with --unmapped=drop'
	OPTIONS=(--unmapped=drop)
	helps
	OPTIONS=()
	DEVICES[2]='{"path":"/dev/vfio/5","type":"c","major":242,"minor":5}'
	RULES=('{"allow":false,"access":"rwm"}')
	refused "is this machine's own; if this machine's engine means it, set --unmapped=own"
	OPTIONS=(--unmapped=own)
	helps
}

@test "remedy: the configuration's key, for who has no options" {
	mkdir -p "$ETC"
	add_device /dev/vfio/47 c 243 7
	refused --unmapped=keep
	echo '{"unmapped":"keep"}' > "$ETC/config.json"
	helps
}

# --- this machine's own spec ---------------------------------------------------------------------------------------

own_spec() {
	rm "$MAPS"/*.json
	rmdir "$MAPS"
	DEVICES=() RULES=()
	add_device /dev/vfio/9 c 242 9
	add_rule + c 242:9 rwm
	add_env PCIDEVICE_A=0000:01:00.0 'PCIDEVICE_A_INFO={"0000:01:00.0":{"vfio":{"dev-mount":"/dev/vfio/9"}}}'
}

@test "remedy: the node of today, by address" {
	own_spec
	refused 'whose node is /dev/vfio/3 today; set --by-address=remap to have that one'
	OPTIONS=(--by-address=remap)
	helps
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "remedy: the node of today, by the entry that the message shows" {
	local text
	own_spec
	refused 'or write a device map entry with "container_path": "/dev/vfio/9" and "options": ["0000:01:00.0=0000:01:00.0"]'
	text=$(sed 's/.*entry with \(.*\) and \(.*\)/{"type":"vfio-pci",\1,\2}/' "$STDERR")
	add_map 9 "$text"
	helps
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
}

@test "remedy: a function that isn't bound to a VFIO driver" {
	own_spec
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/driver"
	refused 'bind it: driverctl set-override 0000:01:00.0 vfio-pci'
	ln -s ../../../../bus/pci/drivers/vfio-pci "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/driver"
	OPTIONS=(--by-address=remap)
	helps
}

@test "remedy: a map for a spec of another machine" {
	own_spec
	ENVIRONMENT=()
	refused 'and no map entry names it; write one, or keep the device with --unmapped=keep'
	add_map 9 "$(entry /dev/vfio/9 0000:99:00.0=06/00)"
	helps
	rm -r "$MAPS"
	add_env PCIDEVICE_A=0000:99:00.0 'PCIDEVICE_A_INFO={"0000:99:00.0":{"vfio":{"dev-mount":"/dev/vfio/9"}}}'
	refused "the spec is another machine's; write a device map for it"
	add_map 9 "$(entry /dev/vfio/9 0000:99:00.0=06/00)"
	helps
}

# --- which device is meant -----------------------------------------------------------------------------------------

@test "remedy: a stand-in" {
	first_device '{"path":"/dev/vfio/45","type":"c","major":1,"minor":3}'
	refused 'another device stands in there; rename it, or set "stand_in": true in the entry'
	add_map 45 "$(with '"stand_in":true' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	helps
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	first_device '{"path":"/dev/other","type":"c","major":1,"minor":3}'
	helps
}

@test "remedy: numbers of host_dev" {
	add_map 45 "$(with '"host_dev":"243:9"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	refused 'another device stands in there; rename it, or correct the map'
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	helps
	mkdir -p "$ETC"
	echo '{"require_host_dev":true}' > "$ETC/config.json"
	helps
	STATUS=65
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	refused "add the numbers of the host's node, such as \"243:5\""
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	helps
}

@test "remedy: a node of this machine and an entry for its path" {
	OPTIONS=(--unmapped=own)
	DEVICES=() RULES=()
	add_device /dev/vfio/3 c 242 0
	add_env PCIDEVICE_A=0000:3b:02.1
	add_map 46 "$(entry /dev/vfio/3 0000:3b:02.1=07/00)"
	refused "it is not clear which one is meant; add \"host_dev\" to the entry, the numbers of the host's node"
	add_map 46 "$(with '"host_dev":"243:3"' "$(entry /dev/vfio/3 0000:3b:02.1=07/00)")"
	helps
	add_map 46 "$(with '"host_dev":"242:0"' "$(entry /dev/vfio/3 0000:3b:02.1=07/00)")"
	helps
}

@test "remedy: a VFIO node's numbers under another path" {
	add_device /dev/card c 242 1
	refused 'name it by its own path, or keep it as it is with --unmapped=keep'
	OPTIONS=(--unmapped=keep)
	helps
	OPTIONS=(--unmapped=own)
	DEVICES[2]='{"path":"/dev/vfio/4","type":"c","major":242,"minor":1}'
	helps
}

@test "remedy: one path twice" {
	STATUS=65
	add_device /dev/vfio/45 c 243 6
	refused 'is in linux.devices[0] already; keep one'
	unset 'DEVICES[2]'
	helps
}

@test "remedy: a handle" {
	add_map 47 "$(entry /dev/vfio/devices/vfio7 0000:3b:02.1=07/00)"
	rm "$MAPS/46.json"
	add_device /dev/vfio/devices/vfio7 c 511 7
	refused 'set "node": "group" in the entry'
	add_map 47 "$(entry /dev/vfio/devices/vfio7 0000:3b:02.1=07/00 | jq -c '.node = "group"')"
	helps
}

# --- what becomes of it --------------------------------------------------------------------------------------------

@test "remedy: two devices on one path" {
	needs_root
	STATUS=65
	add_device /dev/card c 10 7
	add_map 47 "$(node_entry /dev/card /dev/card0 /dev/vfio/3)"
	mknod "$ROOT/dev/card0" c 226 0
	refused 'both become "/dev/vfio/3"' 'give one another "final_path"'
	add_map 47 "$(node_entry /dev/card /dev/card0 /dev/card9)"
	helps
}

@test "remedy: several groups, and a path for all" {
	STATUS=65
	add_map 45 "$(with '"final_path":"/dev/vfio/9"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=07/00)")"
	rm "$MAPS/46.json"
	refused 'remove "final_path"'
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=07/00)"
	helps
	DEVICES=()
	add_mount /run/card /dev/vfio/45
	refused "can't all be \"/run/card\"; mount it at /dev/vfio/45"
	MOUNTS=()
	add_mount /dev/vfio/45 /dev/vfio/45
	helps
}

@test "remedy: mounts in each other's way" {
	STATUS=65
	DEVICES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	add_mount /dev/vfio/3 /dev/card
	refused 'it becomes "/dev/vfio/3", where mounts[2] puts something else; remove one of them'
	unset 'MOUNTS[1]'
	helps
	add_device /dev/vfio/3 c 243 6
	add_map 46 "$(entry /dev/vfio/3 0000:3b:02.1=07/00)"
	helps
	DEVICES=() MOUNTS=()
	add_mount /dev/vfio/vfio /dev/vfio/45
	refused 'mount it on a path of its own'
	MOUNTS=()
	add_mount /dev/vfio/45 /dev/vfio/45
	helps
}

@test "remedy: a rule that denies what becomes several" {
	STATUS=65
	add_device /dev/vfio/46 c 243 5
	add_rule - c 243:5 rwm
	refused 'remove the rule'
	unset 'RULES[3]'
	helps
}

@test "remedy: names of the host that are left" {
	rm -f "$CONFIG"
	write_config
	sed -i 's|"args":\["/bin/true"\]|"args":["/bin/true","-a","0000:3b:02.0"]|' "$CONFIG"
	cp "$CONFIG" "$BATS_TEST_TMPDIR/with-name.json"
	OPTIONS=(--leftover=error)
	apply
	assert_refused 69 'have them translated by --leftover=translate, or accept them by --leftover=warn'
	OPTIONS=(--leftover=warn)
	apply
	assert_warning 'have it translated by --leftover=translate'
	cp "$BATS_TEST_TMPDIR/with-name.json" "$CONFIG"
	OPTIONS=(--leftover=translate)
	apply
	assert_silent
	assert_spec '.process.args == ["/bin/true","-a","0000:01:00.0"]'
}

@test "remedy: the environment is too late" {
	local state=$BATS_TEST_TMPDIR/state
	add_env PCIDEVICE_A=0000:3b:02.0
	write_config
	remember
	printf '{"ociVersion":"1.0.2","id":"box","bundle":"%s"}' "$BUNDLE" > "$state"
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" createRuntime < "$state" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_refused 65 'accept it with --env=warn'
	"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > /dev/null
	"$OCI_VFIO_HOOK" --root "$ROOT" --env=warn createRuntime < "$state" 2> /dev/null
}

# --- functions -----------------------------------------------------------------------------------------------------

@test "remedy: bound to another driver, or to none" {
	local function=$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]} driver
	for driver in ixgbevf ''; do
		rm -f "$function/driver"
		[ -z "$driver" ] || ln -s "../../../../bus/pci/drivers/$driver" "$function/driver"
		OPTIONS=(--timeout 0)
		refused 'bind it: driverctl set-override 0000:01:00.0 vfio-pci'
		ln -sfn ../../../../bus/pci/drivers/vfio-pci "$function/driver"
		helps
	done
}

@test "remedy: a group that isn't viable" {
	add_pci_function 0000:01:00.1 driver=snd parent=0000:00:06.0 group=3
	refused '0000:01:00.1 is bound to snd: driverctl set-override 0000:01:00.1 vfio-pci'
	ln -sfn ../../../../bus/pci/drivers/vfio-pci "$ROOT/sys/${SYSFS_PATHS[0000:01:00.1]}/driver"
	helps
}

@test "remedy: another identity, a function or a path that isn't there" {
	add_map 45 "$(with '"expect":{"device":"1889"}' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	refused 'it is another device; correct the map'
	add_map 45 "$(with '"expect":{"device":"154c"}' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	helps
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00/00)"
	refused 'correct the path'
	OPTIONS=(--timeout 0)
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=08/00)"
	refused 'plug the device in, or correct the map'
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	helps
}

# --- maps ----------------------------------------------------------------------------------------------------------

@test "remedy: what is wrong in a map" {
	local text good
	good=$(entry /dev/vfio/45 0000:3b:02.0=06/00)
	STATUS=65
	while IFS='|' read -r text; do
		device_map map "${text%%|*}"
		refused "${text#*|}"
		OPTIONS=()
		device_map map "$good"
		helps
		OPTIONS=()
	done <<-'END'
		{"container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]}|add vfio-pci, vfio-pci-gk or node
		{"type":"scsi","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]}|use vfio-pci, vfio-pci-gk or node
		{"type":"vfio-pci","options":["0000:3b:02.0=06/00"]}|add the path in the spec, such as /dev/vfio/45
		{"type":"vfio-pci","container_path":"/dev/vfio","options":["0000:3b:02.0=06/00"]}|name the node in it, such as /dev/vfio/45
		{"type":"node","container_path":"/dev/vfio/45","vm_path":"/dev/vfio/3"}|use the type vfio-pci with options
		{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"final_path":"/dev/vfio/vfio"}|choose another
		{"type":"vfio-pci","container_path":"/dev/vfio/45","containerPath":"/dev/vfio/45","options":["0000:3b:02.0=06/00"]}|keep one
		{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"infiniband":true}|remove the field
		{"type":"vfio-pci","container_path":"/dev/vfio/45","options":["0000:3b:02.0=06/00"],"HostDev":"243:5"}|must be spelled "host_dev"
	END
}

@test "remedy: entries that contradict each other" {
	STATUS=65
	device_map map "$(entry /dev/vfio/45 0000:3b:02.0=06/00)" "$(entry /dev/vfio/45 0000:3b:02.1=07/00)"
	refused 'keep one, with the options of both'
	OPTIONS=()
	rm "$MAPS/46.json"
	device_map map "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.1=07/00)"
	helps
	OPTIONS=()
	device_map map "$(entry /dev/vfio/45 0000:3b:02.0=06/00 0000:3b:02.0=07/00)"
	refused 'keep one'
	OPTIONS=()
	device_map map "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	helps
	device_map more "$(entry /dev/vfio/47 0000:3b:02.3=07/00)"
	refused 'add them to linux.devices, or remove the entries from the map'
	add_device /dev/vfio/47 c 243 7
	helps
}

@test "remedy: a map that others may write" {
	local command
	STATUS=77
	chmod 666 "$MAPS/45.json"
	refused "run: chmod go-w $MAPS/45.json"
	command=$(sed 's/.*run: //' "$STDERR")
	$command
	helps
	needs_root
	chown 1234:1234 "$MAPS/45.json"
	refused "run: chown root $MAPS/45.json && chmod go-w $MAPS/45.json"
	command=$(sed 's/.*run: //' "$STDERR")
	sh -c "$command"
	helps
}

@test "remedy: QEMU's map, which only root may read" {
	needs_root
	open_to_nobody
	rm "$MAPS"/*.json
	add_fw_cfg "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	chmod 400 "$FW_CFG/raw"
	write_config
	chmod a+rwx "$BUNDLE" "$BATS_TEST_TMPDIR"
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" plan "$BUNDLE" > /dev/null 2> "$BATS_TEST_TMPDIR/said" && fail 'it was read'
	grep -qF "run as root, or copy the map to $MAPS and set \"fw_cfg\": false in the configuration file" "$BATS_TEST_TMPDIR/said" ||
		fail "$(< "$BATS_TEST_TMPDIR/said")"
	cp "$FW_CFG/raw" "$MAPS/map.json"
	chmod 644 "$MAPS/map.json"
	echo '{"fw_cfg": false}' > "$ETC/config.json"
	as_nobody "$BATS_TEST_TMPDIR/hook" --root "$ROOT" plan "$BUNDLE" > "$BATS_TEST_TMPDIR/planned"
	grep -q "^/dev/vfio/45 .* -> /dev/vfio/3 " "$BATS_TEST_TMPDIR/planned"
}

# --- files ---------------------------------------------------------------------------------------------------------

@test "remedy: what is in the way in a bundle" {
	STATUS=74
	mkdir "$BUNDLE/.config.json.oci-vfio-hook.lock"
	rm -f "$CONFIG"
	apply
	assert_status 74
	assert_error 'is in the way: remove it'
	rmdir "$BUNDLE/.config.json.oci-vfio-hook.lock"
	helps
	mkdir "$BUNDLE/.config.json.oci-vfio-hook"
	rm -f "$CONFIG"
	apply
	assert_status 74
	assert_error 'is in the way: remove it'
	rmdir "$BUNDLE/.config.json.oci-vfio-hook"
	helps
}

@test "remedy: a file instead of the bundle, an output that is the bundle's own file" {
	write_config
	hook --root "$ROOT" apply "$CONFIG"
	assert_status 65
	assert_error "name the bundle's directory"
	hook --root "$ROOT" apply --output "$CONFIG" "$BUNDLE"
	assert_status 64
	assert_error 'name another one'
	hook --root "$ROOT" apply --output "$BATS_TEST_TMPDIR/new.json" "$BUNDLE"
	assert_silent
	helps
}

@test "remedy: a token that isn't one, or is somebody else's to write" {
	local token=$ROOT/run/oci-vfio-hook/token
	[ "$EUID" = 0 ] || token=$ROOT/run/user/$EUID/oci-vfio-hook/token
	helps
	echo x > "$token"
	rm -f "$CONFIG"
	apply
	assert_warning "is not a token that oci-vfio-hook made: remove it"
	rm "$token"
	helps
	assert_silent
	chmod 644 "$token"
	rm -f "$CONFIG"
	apply
	assert_warning 'must be mode 0600' 'remove it'
	rm "$token"
	helps
	assert_silent
}

@test "remedy: options for another command, or cut" {
	write_config
	hook --root "$ROOT" --env=warn apply "$BUNDLE"
	assert_error 'remove it'
	hook --root "$ROOT" --json apply "$BUNDLE"
	assert_error 'remove it'
	hook --root "$ROOT" --output x plan "$BUNDLE"
	assert_error 'remove it'
	helps
}
