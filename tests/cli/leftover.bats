#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 9: names of the host in arguments, other variables and annotations.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
	host_device
	control_device
}

# TEXT...: prints them as a list in JSON.
list() {
	local IFS=$'\001'
	printf '%s' "$*" | jq -Rsc 'split("\u0001")'
}

# ARGUMENT...: process.args
# shellcheck disable=SC2016 # for jq
set_args() {
	edit_config '.process.args = $list' --argjson list "$(list "$@")"
}

# ARGUMENT...: process.args is exactly this.
assert_args() {
	local expected
	expected=$(list "$@")
	[ "$(spec .process.args)" = "$expected" ] || fail "expected arguments: $expected" "$(spec .process.args)" "$(show_output)"
}

# ARGUMENT... becomes ARGUMENT...: what these arguments are with --leftover=translate, of which a second run changes nothing.
assert_args_become() {
	local before=()
	while [ "$1" != becomes ]; do before+=("$1"); shift; done
	shift
	rm -f "$CONFIG"
	set_args "${before[@]}"
	apply --leftover=translate
	assert_silent
	assert_args "$@"
	assert_idempotent --leftover=translate
}

# ARGUMENT...: nothing is said of these, and they stay.
assert_args_stay() {
	rm -f "$CONFIG"
	set_args "$@"
	apply
	assert_silent
	assert_args "$@"
	rm -f "$CONFIG"
	set_args "$@"
	apply --leftover=translate
	assert_silent
	assert_args "$@"
}

# One in each kind of place.
everywhere() {
	add_env 'EAL=-a 3b:02.0,x' 'NODE=/dev/vfio/45' 'X_0000_3b_02_0_Y=1' 'FAR=10000:3b:02.0 0000:3b:02.01 /dev/vfio/450'
	add_annotation example.com/status '[{"pci-address":"0000:3b:02.0"}]'
	add_annotation pci/0000:3b:02.0 here
	set_args dpdk traddr:0000:3B:02.0 pci_0000_3b_02_0.
}

@test "by default each place is told of, and stays" {
	everywhere
	apply
	assert_warning \
		"process.args[1] still has the host's 0000:3B:02.0, which is 0000:01:00.0 here; have it translated by --leftover=translate, or change it where it comes from" \
		"process.args[2] still has the host's 0000_3b_02_0, which is 0000_01_00_0 here" \
		"process.env[2]: \"EAL\" still has the host's 3b:02.0, which is 01:00.0 here" \
		"process.env[3]: \"NODE\" still has the host's /dev/vfio/45, which is /dev/vfio/3 here" \
		"process.env[4]: \"X_0000_3b_02_0_Y\" still has the host's 0000_3b_02_0, which is 0000_01_00_0 here" \
		"annotations[\"example.com/status\"] still has the host's 0000:3b:02.0, which is 0000:01:00.0 here" \
		"the key of annotations[\"pci/0000:3b:02.0\"] still has the host's 0000:3b:02.0, which is 0000:01:00.0 here; change it where it comes from"
	[ "$(wc -l < "$STDERR")" = 7 ] || fail "$(show_output)"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_args dpdk traddr:0000:3B:02.0 pci_0000_3b_02_0.
	assert_env 'EAL=-a 3b:02.0,x' 'NODE=/dev/vfio/45' 'X_0000_3b_02_0_Y=1' 'FAR=10000:3b:02.0 0000:3b:02.01 /dev/vfio/450'
	assert_idempotent
}

@test "--leftover=translate: all are translated but keys of annotations, and a second run changes nothing" {
	everywhere
	apply --leftover=translate
	assert_error 'the key of annotations["pci/0000:3b:02.0"] still has'
	assert_status 0
	assert_args dpdk traddr:0000:01:00.0 pci_0000_01_00_0.
	assert_env 'EAL=-a 01:00.0,x' 'NODE=/dev/vfio/3' 'X_0000_01_00_0_Y=1' 'FAR=10000:3b:02.0 0000:3b:02.01 /dev/vfio/450'
	assert_spec '.annotations["example.com/status"] == "[{\"pci-address\":\"0000:01:00.0\"}]"' '.annotations["pci/0000:3b:02.0"] == "here"'
	assert_idempotent --leftover=translate
	# The configuration says the same.
	rm "$CONFIG"
	echo '{"leftover":"translate"}' > "$ETC/config.json"
	set_args 3b:02.0
	apply
	assert_args 01:00.0
}

@test "--leftover=error: refused, with the places" {
	everywhere
	apply --leftover=error
	assert_refused 69 'process.args[1] (0000:3B:02.0), process.args[2] (0000_3b_02_0), process.env[2] (3b:02.0), process.env[3] (/dev/vfio/45)' \
		'annotations["example.com/status"] (0000:3b:02.0)' 'the key of annotations["pci/0000:3b:02.0"]' \
		--leftover=translate --leftover=warn
	# Of many, the first.
	set_args 3b:02.0 3b:02.0 3b:02.0 3b:02.0 3b:02.0
	apply --leftover=error
	assert_refused 69 'names of the host are left in process.args[0] (3b:02.0)' 'process.env[4]' ' and 2 more'
}

@test "each way to write an address keeps its form" {
	assert_args_become 0000:3b:02.0 3b:02.0 0000:3B:02.0 3B:02.0 0000_3b_02_0 3b_02_0 00000000:3b:02.0 \
		becomes 0000:01:00.0 01:00.0 0000:01:00.0 01:00.0 0000_01_00_0 01_00_0 0000:01:00.0
}

@test "what an address is bounded by" {
	assert_args_become 'a=0000:3b:02.0,b=3b:02.0' traddr:0000:3b:02.0 0000:3b:02.0. 0000:3b:02.0.x pci@0000:3b:02.0: vfio-3b:02.0/x \
		'[0000:3b:02.0](3b:02.0)' abc:3b:02.0 x0000:3b:02.0 é3b:02.0é 0000:3b:02.0,0000:3b:02.1 \
		becomes 'a=0000:01:00.0,b=01:00.0' traddr:0000:01:00.0 0000:01:00.0. 0000:01:00.0.x pci@0000:01:00.0: vfio-01:00.0/x \
		'[0000:01:00.0](01:00.0)' abc:01:00.0 x0000:01:00.0 é01:00.0é 0000:01:00.0,0000:3b:02.1
	assert_args_stay 10000:3b:02.0 0001:3b:02.0 01:3b:02.0 00:3b:02.0 123456789:0:3b:02 0000:3b:02.01 0000:3b:02.0a 0000:3b:02.0.1 \
		a3b:02.0 3b:02.1 0000:3b:02 3b:02 3b:02.8 3b.02.0 '3b:02,0' 0000_3b_02.0 aa:bb:cc:dd:3b:02.0
}

@test "an address whose domain here isn't 0000 gets it" {
	add_pci_function 0001:01:00.0 driver=vfio-pci group=5 node=242:5
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=0001:01:00.0)"
	assert_args_become 3b:02.0 3b_02_0 0000:3b:02.0 becomes 0001:01:00.0 0001_01_00_0 0001:01:00.0
}

@test "an address of a domain of the host" {
	add_map 45 "$(entry /dev/vfio/45 10000:3b:02.0=06/00)"
	assert_args_become 10000:3b:02.0 10000_3b_02_0 becomes 0000:01:00.0 0000_01_00_0
	assert_args_stay 0000:3b:02.0 3b:02.0 10000:3b:02.01
}

@test "what a path is bounded by" {
	assert_args_become /dev/vfio/45 --node=/dev/vfio/45,x '/dev/vfio/45:/dev/vfio/45' '"/dev/vfio/45"' /dev/vfio/45. /dev/vfio/45.x \
		becomes /dev/vfio/3 --node=/dev/vfio/3,x '/dev/vfio/3:/dev/vfio/3' '"/dev/vfio/3"' /dev/vfio/3. /dev/vfio/3.x
	assert_args_stay /dev/vfio/450 /dev/vfio/45/x /dev/vfio/45-x /dev/vfio/45_x /dev/vfio/45x /dev/vfio/45.5 x/dev/vfio/45 /dev/vfio/4 \
		/dev/vfio/46 /dev/vfio/vfio /dev/vfio dev/vfio/45
}

@test "a path with more slashes than it takes is the same one" {
	assert_args_become /dev/vfio//45 --node=/dev/vfio/./45,x //dev//./vfio/45 becomes /dev/vfio/3 --node=/dev/vfio/3,x //dev/vfio/3
	assert_args_stay /dev/vfio/../45 /dev/vfio//45/ /dev/vfio//46
}

@test "a path below another directory is told of, and stays" {
	set_args /host/dev/vfio/45 x=/host/dev//vfio/45 /dev/vfio/45
	remember
	apply --leftover=translate
	assert_warning "process.args[0] still has the host's /dev/vfio/45, which is /dev/vfio/3 here; change it where it comes from" \
		"process.args[1] still has the host's /dev//vfio/45, which is /dev/vfio/3 here; change it where it comes from"
	assert_args /host/dev/vfio/45 x=/host/dev//vfio/45 /dev/vfio/3
	rm -f "$CONFIG"
	set_args /host/dev/vfio/45
	remember
	apply --leftover=error
	assert_refused 69 'names of the host are left in process.args[0] (/dev/vfio/45)'
}

@test "the longest path counts" {
	needs_root
	mknod "$ROOT/dev/a" c 100 1
	mknod "$ROOT/dev/b" c 100 2
	add_map nodes "$(node_entry /dev/x /dev/a /dev/one)" "$(node_entry /dev/x.y /dev/b /dev/two)"
	add_device /dev/x c 1 1
	add_device /dev/x.y c 1 2
	assert_args_become /dev/x /dev/x.y /dev/x.z /dev/x.y.z /dev/x.yz becomes /dev/one /dev/two /dev/one.z /dev/two.z /dev/one.yz
}

@test "swapped names are translated once" {
	add_map 45 "$(entry /dev/vfio/3 0000:01:00.0=07/00)"
	add_map 46 "$(entry /dev/vfio/4 0000:02:00.0=06/00)"
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	add_device /dev/vfio/3 c 243 5
	add_device /dev/vfio/4 c 243 6
	assert_args_become 0000:01:00.0,0000:02:00.0 /dev/vfio/3,/dev/vfio/4 becomes 0000:02:00.0,0000:01:00.0 /dev/vfio/4,/dev/vfio/3
}

@test "an entry that only a variable names" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	add_env PCIDEVICE_A=0000:3b:02.0 OTHER=0000:3b:02.0
	set_args 0000:3b:02.0 0000:3b:02.1 /dev/vfio/45
	apply
	assert_warning "process.args[0] still has the host's 0000:3b:02.0" "process.env[3]: \"OTHER\" still has the host's 0000:3b:02.0"
	[ "$(grep -c 'still has' "$STDERR")" = 2 ] || fail "$(show_output)"
	assert_env PCIDEVICE_A=0000:01:00.0 OTHER=0000:3b:02.0
}

@test "an entry that the spec doesn't name, or whose names are the same here: nothing is said" {
	assert_args_stay 0000:3b:02.1 /dev/vfio/46
	add_map 45 "$(entry /dev/vfio/3 0000:01:00.0=06/00)"
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	add_device /dev/vfio/3 c 243 5
	assert_args_stay 0000:01:00.0 /dev/vfio/3
}

@test "nothing is named, or there is no map: nothing is looked at" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	set_args 0000:3b:02.0 /dev/vfio/45
	apply
	assert_silent
	assert_unchanged
	rm "$MAPS"/*
	add_device /dev/vfio/3 c 242 0
	apply --leftover=error
	assert_silent
}

@test "a mount's node, and what the guest's kernel drives" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	add_map 46 "$(gk_entry /dev/vfio/46 0000:3b:02.1=07/00)"
	add_mount /dev/vfio/45 /dev/vfio/45
	add_device /dev/vfio/46 c 243 6
	set_args /dev/vfio/45 3b:02.1 /dev/vfio/46
	apply --leftover=translate
	assert_warning "process.args[2] still has the host's /dev/vfio/46, which nothing here stands for; change it where it comes from"
	assert_args /dev/vfio/3 02:00.0 /dev/vfio/46
}

@test "a function that isn't there: nothing stands for it" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=08/00)"
	add_env PCIDEVICE_A=0000:3b:02.0
	set_args 0000:3b:02.0
	apply --leftover=translate
	assert_warning 'process.env[2]: "PCIDEVICE_A" is left as it is' "process.args[0] still has the host's 0000:3b:02.0, which nothing here stands for" \
		"process.env[2]: \"PCIDEVICE_A\" still has the host's 0000:3b:02.0, which nothing here stands for"
	assert_args 0000:3b:02.0
}

@test "a variable of rule 4 that has to stay is told of, and never translated" {
	add_env PCIDEVICE_A=0000:3b:02.0,0000:99:00.0 'PCIDEVICE_B_INFO={"0000:3b:02.0":{}}'
	apply --leftover=translate
	assert_warning 'process.env[2]: "PCIDEVICE_A" is left as it is: no map entry names 0000:99:00.0' \
		"process.env[2]: \"PCIDEVICE_A\" still has the host's 0000:3b:02.0, which is 0000:01:00.0 here; change it where it comes from" \
		"process.env[3]: \"PCIDEVICE_B_INFO\" still has the host's 0000:3b:02.0"
	assert_env PCIDEVICE_A=0000:3b:02.0,0000:99:00.0 'PCIDEVICE_B_INFO={"0000:3b:02.0":{}}'
	rm "$CONFIG"
	apply --leftover=error
	assert_status 69
	grep -q 'names of the host are left in process.env\[2\] (0000:3b:02.0), process.env\[3\] (0000:3b:02.0); ' "$STDERR" || fail "$(show_output)"
	assert_unchanged
}

@test "escapes of JSON hide nothing" {
	local raw
	for raw in '\u0030000:3b:02.0' '0000\u003a3b:02.0' '0000:3\u0062:02.0' '0000:3b\u003a02.0' '0000:3b:0\u0032.0' '0000:3b:02\u002e0' \
		'0000:3b:02.\u0030' '\u0030\u0030\u0030\u0030\u003a\u0033\u0062\u003a\u0030\u0032\u002e\u0030'; do
		rm -f "$CONFIG"
		write_config
		sed -i "s|\"/bin/true\"|\"x=${raw//\\/\\\\},\\\\u0061\\\\n\"|" "$CONFIG"
		apply --leftover=translate
		assert_silent
		assert_args $'x=0000:01:00.0,a\n'
	done
	for raw in '\/dev\/vfio\/45' '\u002fdev/vfio/45' '/\u0064ev/vfio/45' '/dev/vfio\u002f45' '/dev/vfio/\u00345' '/dev/vfio/4\u0035'; do
		rm -f "$CONFIG"
		write_config
		sed -i "s|\"/bin/true\"|\"x=${raw//\\/\\\\}\"|" "$CONFIG"
		apply --leftover=translate
		assert_silent
		assert_args x=/dev/vfio/3
	done
}

@test "a text that isn't whole is told of, and stays" {
	write_config
	sed -i 's|"/bin/true"|"\\ud800 0000:3b:02.0","3b:02.0\\u0000"|' "$CONFIG"
	apply --leftover=translate
	assert_warning "process.args[0] still has the host's 0000:3b:02.0" "process.args[1] still has the host's 3b:02.0"
	[ "$(grep -cF '"\ud800 0000:3b:02.0","3b:02.0\u0000"' "$CONFIG")" = 1 ] || fail "$(< "$CONFIG")"
}

@test "the other bytes stay" {
	write_config
	sed -i 's|"args":\["/bin/true"\]|"args" : [ "\\u0061\\/b" ,\t"3b:02.0\\n\\u00e9é\\"" , null, "/\\u002f" ]|' "$CONFIG"
	apply --leftover=translate
	assert_silent
	[ "$(grep -cF '"args" : [ "\u0061\/b" ,'$'\t''"01:00.0\néé\"" , null, "/\u002f" ]' "$CONFIG")" = 1 ] || fail "$(< "$CONFIG")"
}

@test "values that aren't strings, and arguments that aren't a list, are the runtime's to refuse" {
	edit_config '.process.args = [["3b:02.0"], {"3b:02.0": "3b:02.0"}, 3, true, "3b:02.0"] | .annotations = {"a": {"b": "3b:02.0"}, "c": "3b:02.0"}'
	apply --leftover=translate
	assert_silent
	assert_spec '.process.args == [["3b:02.0"], {"3b:02.0": "3b:02.0"}, 3, true, "01:00.0"]' '.annotations.a == {"b": "3b:02.0"}' \
		'.annotations.c == "01:00.0"'
	rm "$CONFIG"
	edit_config '.process.args = "3b:02.0"'
	apply
	assert_silent
	rm "$CONFIG"
	edit_config '.process.args = null'
	apply
	assert_silent
	rm "$CONFIG"
	edit_config 'del(.process)'
	apply
	assert_silent
	rm "$CONFIG"
	edit_config '.process.Args = []'
	apply
	assert_refused 65 'key "Args" must be spelled "args"'
}

@test "an entry of process.env without = isn't a variable" {
	add_env 0000:3b:02.0 X=1
	apply
	assert_silent
}

@test "our own annotation isn't looked at" {
	apply
	add_env OTHER=0000:3b:02.0
	assert_spec '.annotations["io.github.oci-vfio-hook.applied"] | contains("/dev/vfio/45")'
	assert_idempotent
	[ ! -s "$STDERR" ] || fail "$(show_output)"
}

@test "what an earlier run did isn't looked at again, and what comes later is" {
	add_env PCIDEVICE_A=0000:3b:02.0
	set_args 0000:3b:02.0 /dev/vfio/45
	apply --leftover=translate
	assert_args 0000:01:00.0 /dev/vfio/3
	# A device that somebody added since.
	edit_config '.linux.devices += [{"path":"/dev/vfio/46","type":"c","major":243,"minor":6}] | .process.args += ["3b:02.1", "/dev/vfio/46"]'
	apply --leftover=translate
	assert_silent
	assert_args 0000:01:00.0 /dev/vfio/3 02:00.0 /dev/vfio/4
	assert_idempotent --leftover=translate
}

@test "a guest's name that is another's on the host: a second run leaves it" {
	# The host's 0000:01:00.0 is the device of /dev/vfio/46.
	add_map 46 "$(entry /dev/vfio/46 0000:01:00.0=07/00)"
	second_host_device
	assert_args_become 0000:3b:02.0 0000:01:00.0 becomes 0000:01:00.0 0000:02:00.0
}

@test "no annotation can be written, and another front end would translate an argument again: 77" {
	needs_root
	add_map 46 "$(gk_entry /dev/vfio/46 0000:01:00.0=07/00)"
	add_device /dev/vfio/46 c 243 6
	mkdir -p "$ROOT/run/oci-vfio-hook"
	printf '%032d\n' 7 > "$ROOT/run/oci-vfio-hook/token"
	chmod 644 "$ROOT/run/oci-vfio-hook/token"
	set_args 0000:3b:02.0
	apply --leftover=translate
	assert_refused 77 'it would have 0000:01:00.0, which' 'would translate again if another front end ran'
	apply
	assert_warning 'no annotation'
}

@test "the same name twice in a text is told of once; each name for itself" {
	second_host_device
	set_args '3b:02.0 3b:02.0 0000:3b:02.0 3b:02.1'
	apply
	assert_warning "still has the host's 3b:02.0" "still has the host's 3b:02.1"
	[ "$(wc -l < "$STDERR")" = 2 ] || fail "$(show_output)"
}

@test "plan shows them, by rule 9" {
	set_args -a 3b:02.0
	plan --json --leftover=translate
	assert_silent
	assert_output '.changes | map(select(.rule == 9)) == [{"rule": 9, "where": "process.args[1]", "old": "3b:02.0", "new": "01:00.0",
		"why": "this is what it is called here"}]'
	plan --json
	assert_output '.changes | map(select(.rule == 9)) == []' '.warnings | length == 1'
	assert_unchanged
}

@test "names in messages can't steer a terminal, and are cut" {
	local long
	printf -v long '%0300d' 0
	add_env "A$long=3b:02.0"
	add_annotation "k$long" 3b:02.0
	edit_config '.process.env += ["A\u001b=3b:02.0"]'
	apply
	assert_warning 'A\x1B' '...' "still has the host's 3b:02.0"
	! LC_ALL=C grep -q $'[\001-\010\016-\037]' "$STDERR" || fail "$(show_output)"
	[ "$(wc -L < "$STDERR")" -lt 600 ] || fail "$(show_output)"
}

@test "many warnings of one kind don't hide another's, and how many are left out is said" {
	local i
	for ((i = 0; i < 40; i++)); do add_mount /dev/vfio/46 "/srv/$i"; done
	add_mount /host/dev /dev
	set_args -a 3b:02.0
	apply
	assert_warning "process.args[1] still has the host's 3b:02.0" 'mounts[41]' '8 further messages of this level are left out'
	assert_warning 'mounts[32]: what it puts at "/dev/vfio/46"'
	! grep -q 'mounts\[33\]' "$STDERR" || fail "$(show_output)"
}

@test "thousands of them: few messages, each translated" {
	local i args=()
	for ((i = 0; i < 3000; i++)); do args+=("$i=3b:02.0"); done
	set_args "${args[@]}"
	apply
	assert_warning 'process.args[0]' 'further messages of this level are left out'
	[ "$(wc -l < "$STDERR")" -lt 40 ] || fail "$(show_output)"
	rm "$CONFIG"
	set_args "${args[@]}"
	apply --leftover=translate
	assert_silent
	assert_args "${args[@]/3b:02.0/01:00.0}"
}

@test "without a map: a node of an earlier boot that was given by its address, and one that is gone" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	rm "$MAPS"/*
	add_device /dev/vfio/100 c 243 5
	add_env PCIDEVICE_A=0000:01:00.0
	set_args -a 0000:01:00.0 /dev/vfio/100
	apply --by-address=remap
	assert_warning "process.args[2] still has an earlier boot's /dev/vfio/100, which is /dev/vfio/3 here; have it translated by"
	[ "$(wc -l < "$STDERR")" = 1 ] || fail "$(show_output)"
	rm "$CONFIG"
	set_args -a 0000:01:00.0 /dev/vfio/100
	apply --by-address=remap --leftover=translate
	assert_silent
	assert_args -a 0000:01:00.0 /dev/vfio/3
	assert_idempotent --by-address=remap --leftover=translate
	# Of a privileged container.
	rm "$CONFIG"
	ENVIRONMENT=() RULES=('{"allow":true,"access":"rwm"}')
	set_args /dev/vfio/100
	apply
	assert_warning '"/dev/vfio/100" is removed' "process.args[0] still has an earlier boot's /dev/vfio/100, which nothing here stands for"
}

# --- what people have told of --------------------------------------------------------------------------------

@test "a DPDK program is told its devices by arguments, and by variables of its own" {
	set_args /bin/testpmd -l 1-3 -a 0000:3b:02.0 --allow=3b:02.0 -- -i
	edit_config '.process.env += ["PCI_ALLOWED=0000:3b:02.0 0000:3b:02.1", "EAL_ARGS=-a 3b:02.0 --file-prefix=vf0", "RTE_SDK=/opt/dpdk"]'
	apply
	assert_warning "process.args[4] still has the host's 0000:3b:02.0" "process.args[5] still has the host's 3b:02.0" \
		'process.env[2]: "PCI_ALLOWED"' 'process.env[3]: "EAL_ARGS"'
	[ "$(wc -l < "$STDERR")" = 4 ] || fail "$(show_output)"
	rm "$CONFIG"
	set_args /bin/testpmd -l 1-3 -a 0000:3b:02.0 --allow=3b:02.0 -- -i
	edit_config '.process.env += ["PCI_ALLOWED=0000:3b:02.0 0000:3b:02.1", "EAL_ARGS=-a 3b:02.0 --file-prefix=vf0"]'
	apply --leftover=translate
	assert_silent
	assert_args /bin/testpmd -l 1-3 -a 0000:01:00.0 --allow=01:00.0 -- -i
	assert_env 'PCI_ALLOWED=0000:01:00.0 0000:3b:02.1' 'EAL_ARGS=-a 01:00.0 --file-prefix=vf0'
}

@test "Multus says in an annotation which function is of which network, and a variable repeats it" {
	local networks='[{"name":"default/net","device-info":{"type":"pci","pci":{"pci-address":"0000:3b:02.0"}}}]'
	add_annotation k8s.v1.cni.cncf.io/network-status "$networks"
	add_env PCIDEVICE_INTEL_COM_SRIOV=0000:3b:02.0 "NETWORK_STATUS=$networks"
	apply
	assert_warning "annotations[\"k8s.v1.cni.cncf.io/network-status\"] still has the host's 0000:3b:02.0" \
		"process.env[3]: \"NETWORK_STATUS\" still has the host's 0000:3b:02.0"
	assert_env PCIDEVICE_INTEL_COM_SRIOV=0000:01:00.0 "NETWORK_STATUS=$networks"
	# Then all say the same.
	rm "$CONFIG"
	apply --leftover=translate
	assert_silent
	assert_env PCIDEVICE_INTEL_COM_SRIOV=0000:01:00.0 "NETWORK_STATUS=${networks/3b:02.0/01:00.0}"
	assert_spec '.annotations["k8s.v1.cni.cncf.io/network-status"] | contains("\"pci-address\":\"0000:01:00.0\"")'
	# By name: it is a variable of rule 4 then.
	rm "$CONFIG"
	echo '{"env_prefixes":["PCIDEVICE_","NETWORK_STATUS"]}' > "$ETC/config.json"
	apply
	assert_env PCIDEVICE_INTEL_COM_SRIOV=0000:01:00.0 "NETWORK_STATUS=${networks/3b:02.0/01:00.0}"
	assert_error 'annotations["k8s.v1.cni.cncf.io/network-status"] still has'
}
