#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 4: PCIDEVICE_* and its _INFO in process.env.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

# ENTRY... becomes ENTRY...: in a spec with both devices.
assert_env_becomes() {
	rm -f "$CONFIG"
	ENVIRONMENT=() DEVICES=() RULES=()
	host_device
	second_host_device
	control_device
	while [ "$1" != becomes ]; do
		add_env "$1"
		shift
	done
	shift
	apply
	assert_silent
	assert_env "$@"
}

# ENTRY...: they all stay, with a warning that names the first one's variable.
assert_env_stays() {
	rm -f "$CONFIG"
	ENVIRONMENT=() DEVICES=() RULES=()
	host_device
	second_host_device
	control_device
	add_env "$@"
	apply
	assert_warning "${1%%=*}"
	assert_env "$@"
}

@test "one address, and several in their order" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 becomes PCIDEVICE_A=0000:01:00.0
	assert_env_becomes PCIDEVICE_A=0000:3b:02.1,0000:3b:02.0 PCIDEVICE_B=0000:3b:02.1 becomes \
		PCIDEVICE_A=0000:02:00.0,0000:01:00.0 PCIDEVICE_B=0000:02:00.0
}

@test "either letter case of an address" {
	assert_env_becomes PCIDEVICE_A=0000:3B:02.0 becomes PCIDEVICE_A=0000:01:00.0
}

@test "swapped addresses are translated once" {
	add_map 45 "$(entry /dev/vfio/45 0000:01:00.0=07/00)"
	add_map 46 "$(entry /dev/vfio/46 0000:02:00.0=06/00)"
	assert_env_becomes PCIDEVICE_A=0000:01:00.0,0000:02:00.0 \
		'PCIDEVICE_A_INFO={"0000:01:00.0":{"id":"0000:01:00.0"},"0000:02:00.0":{"id":"0000:02:00.0"}}' becomes \
		PCIDEVICE_A=0000:02:00.0,0000:01:00.0 \
		'PCIDEVICE_A_INFO={"0000:02:00.0":{"id":"0000:02:00.0"},"0000:01:00.0":{"id":"0000:01:00.0"}}'
}

@test "a chain of addresses is translated once" {
	add_map 45 "$(entry /dev/vfio/45 0000:02:00.0=06/00)"
	add_map 46 "$(entry /dev/vfio/46 0000:03:00.0=07/00)"
	assert_env_becomes PCIDEVICE_A=0000:02:00.0,0000:03:00.0 \
		'PCIDEVICE_A_INFO={"0000:03:00.0":["0000:02:00.0"],"0000:02:00.0":0}' becomes \
		PCIDEVICE_A=0000:01:00.0,0000:02:00.0 \
		'PCIDEVICE_A_INFO={"0000:02:00.0":["0000:01:00.0"],"0000:01:00.0":0}'
}

@test "_INFO: keys, strings and the node's path" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 \
		'PCIDEVICE_A_INFO={"0000:3b:02.0":{"generic":{"deviceID":"0000:3b:02.0"},"vfio":{"dev-mount":"/dev/vfio/45","mount":"/dev/vfio/vfio"}}}' \
		becomes PCIDEVICE_A=0000:01:00.0 \
		'PCIDEVICE_A_INFO={"0000:01:00.0":{"generic":{"deviceID":"0000:01:00.0"},"vfio":{"dev-mount":"/dev/vfio/3","mount":"/dev/vfio/vfio"}}}'
}

@test "_INFO before the variable that it belongs to" {
	assert_env_becomes 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}' PCIDEVICE_A=0000:3b:02.0 becomes \
		'PCIDEVICE_A_INFO={"0000:01:00.0":1}' PCIDEVICE_A=0000:01:00.0
}

@test "_INFO: swapped paths of nodes" {
	add_map 45 "$(entry /dev/vfio/3 0000:3b:02.0=07/00)"
	add_map 46 "$(entry /dev/vfio/4 0000:3b:02.1=06/00)"
	add_device /dev/vfio/3 c 243 5
	add_device /dev/vfio/4 c 243 6
	add_env PCIDEVICE_A=0000:3b:02.0,0000:3b:02.1 'PCIDEVICE_A_INFO={"a":"/dev/vfio/3","b":["/dev/vfio/4"]}'
	apply
	assert_silent
	assert_env PCIDEVICE_A=0000:02:00.0,0000:01:00.0 'PCIDEVICE_A_INFO={"a":"/dev/vfio/4","b":["/dev/vfio/3"]}'
}

@test "_INFO: the path is the one that the container sees" {
	add_map 45 "$(with '"final_path":"/dev/vfio/77"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"dev-mount":"/dev/vfio/45"}' becomes \
		PCIDEVICE_A=0000:01:00.0 'PCIDEVICE_A_INFO={"dev-mount":"/dev/vfio/77"}'
}

@test "_INFO: white space, numbers, order and other strings stay; slashes aren't escaped" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 \
		'PCIDEVICE_A_INFO= { "z" : 1.0 , "0000:3b:02.0" : [ 18446744073709551615, 1e2,null ,true ], "a":"é \u00e9 \" \\ 0000:3b:02.0" } ' \
		becomes PCIDEVICE_A=0000:01:00.0 \
		'PCIDEVICE_A_INFO= { "z" : 1.0 , "0000:01:00.0" : [ 18446744073709551615, 1e2,null ,true ], "a":"é \u00e9 \" \\ 0000:3b:02.0" } '
	spec . | grep -qF '/dev/vfio/3'
	! grep -qF '\/' "$CONFIG" || fail 'escaped slashes'
}

@test "_INFO: an address written with escapes, in the spec's string and in the inner one" {
	config '{"process":{"env":["PCIDEVICE_A=0000:3b:02.0","PCIDEVICE_A_INFO={\"0000:3b:\\u00302.0\":\"\\/dev\\/vfio\\/45\",\u0022x\u0022:\"\u00e9\"}"]},
	"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243,"minor":5}]}}'
	apply
	assert_silent
	assert_env PCIDEVICE_A=0000:01:00.0 'PCIDEVICE_A_INFO={"0000:01:00.0":"/dev/vfio/3","x":"é"}'
}

@test "whole strings only" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 \
		'PCIDEVICE_A_INFO={"x0000:3b:02.0":"0000:3b:02.0 ","b":"/dev/vfio/45/x","c":"0000:3b:02.01"}' becomes \
		PCIDEVICE_A=0000:01:00.0 \
		'PCIDEVICE_A_INFO={"x0000:3b:02.0":"0000:3b:02.0 ","b":"/dev/vfio/45/x","c":"0000:3b:02.01"}'
}

@test "what isn't a PCI address is left alone, beside addresses too" {
	assert_env_becomes PCIDEVICE_A=mlx5_core.sf.10 PCIDEVICE_B=mlx5_core.sf.10,0000:3b:02.0 PCIDEVICE_C= \
		PCIDEVICE_D=,0000:3b:02.1, PCIDEVICE_E=3b:02.0 becomes PCIDEVICE_A=mlx5_core.sf.10 \
		PCIDEVICE_B=mlx5_core.sf.10,0000:01:00.0 PCIDEVICE_C= PCIDEVICE_D=,0000:02:00.0, PCIDEVICE_E=3b:02.0
}

@test "an entry without = is left alone" {
	assert_env_becomes PCIDEVICE_A PCIDEVICE_ PCIDEVICE_0000:3b:02.0 PCIDEVICE_B=0000:3b:02.0 becomes \
		PCIDEVICE_A PCIDEVICE_ PCIDEVICE_0000:3b:02.0 PCIDEVICE_B=0000:01:00.0
}

@test "variables of other names stay" {
	assert_env_becomes OTHER=0000:3b:02.0 pcidevice_a=0000:3b:02.0 XPCIDEVICE_A=0000:3b:02.0 '=0000:3b:02.0' '' \
		PCIDEVICE_A=0000:3b:02.0 becomes OTHER=0000:3b:02.0 pcidevice_a=0000:3b:02.0 XPCIDEVICE_A=0000:3b:02.0 \
		'=0000:3b:02.0' '' PCIDEVICE_A=0000:01:00.0
}

@test "an address that no entry names: the variable and its _INFO stay whole, with a warning" {
	assert_env_stays PCIDEVICE_A=0000:3b:02.0,0000:3b:02.7 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}'
	# Another variable doesn't suffer.
	add_env PCIDEVICE_B=0000:3b:02.1
	rm "$CONFIG"
	apply
	assert_warning PCIDEVICE_A
	assert_env PCIDEVICE_A=0000:3b:02.0,0000:3b:02.7 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}' PCIDEVICE_B=0000:02:00.0
}

@test "_INFO with an address that no entry names stays whole, the variable doesn't" {
	rm -f "$CONFIG"
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":"0000:99:00.0"}'
	apply
	assert_warning PCIDEVICE_A_INFO
	assert_env PCIDEVICE_A=0000:01:00.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":"0000:99:00.0"}'
}

@test "_INFO alone stays" {
	host_device
	control_device
	add_env 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}'
	apply
	assert_status 0
	assert_env 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}'
}

@test "an _INFO that is no JSON object stays, with a warning, the variable doesn't" {
	local info
	host_device
	control_device
	for info in '["0000:3b:02.0"]' '"0000:3b:02.0"' 7 null '' '{"0000:3b:02.0":1' '{"0000:3b:02.0":1} x' '{0000:3b:02.0}' \
		'{"0000:3b:02.0":1,}' "{'0000:3b:02.0':1}"; do
		rm -f "$CONFIG"
		ENVIRONMENT=()
		add_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
		apply
		assert_warning PCIDEVICE_A_INFO
		assert_env PCIDEVICE_A=0000:01:00.0 "PCIDEVICE_A_INFO=$info"
	done
}

@test "duplicate keys in _INFO after translation: it stays, with a warning" {
	local info
	host_device
	control_device
	for info in '{"0000:3b:02.0":1,"0000:3B:02.0":2}' '{"x":{"0000:3b:02.0":1,"0000:3b:\u00302.0":2}}'; do
		rm -f "$CONFIG"
		ENVIRONMENT=()
		add_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
		apply
		assert_warning PCIDEVICE_A_INFO
		assert_env PCIDEVICE_A=0000:01:00.0 "PCIDEVICE_A_INFO=$info"
	done
}

@test "two sources with one guest function: duplicate keys after translation" {
	add_fw_cfg "$(entry /dev/vfio/47 0000:3b:02.7=06/00)"
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":1,"0000:3b:02.7":2}'
	apply
	assert_warning PCIDEVICE_A_INFO
	assert_env PCIDEVICE_A=0000:01:00.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":1,"0000:3b:02.7":2}'
}

@test "only the environment names a machine entry's function: it is translated and nothing else" {
	# Neither bound to a driver nor in a group: nobody gets at it through VFIO, and nobody needs to.
	add_pci_function 0000:00:09.0
	add_map 47 "$(entry /dev/vfio/47 0000:3b:03.0=09)"
	add_env PCIDEVICE_A=0000:3b:03.0
	apply
	assert_silent
	assert_env PCIDEVICE_A=0000:00:09.0
	assert_devices
	assert_rules '- * *:* rwm'
	assert_idempotent
}

@test "only the environment names it and it isn't there: the variable stays, with a warning" {
	add_map 47 "$(entry /dev/vfio/47 0000:3b:03.0=0000:00:09.0)"
	add_env PCIDEVICE_A=0000:3b:03.0
	apply
	assert_warning PCIDEVICE_A 0000:00:09.0
	assert_unchanged
}

@test "an entry of an unsupported type gives no address" {
	add_map 47 '{"type":"vfio-ap","container_path":"/dev/vfio/47","options":["05.0031=05.0001"]}'
	add_env PCIDEVICE_A=0000:3b:03.0
	apply
	assert_warning PCIDEVICE_A
	assert_unchanged
}

@test "a domain of five to eight digits" {
	add_pci_function 10000:e1:00.0 driver=vfio-pci group=9 node=242:9
	add_map 47 "$(entry /dev/vfio/47 0000:3b:03.0=10000:e1:00.0)"
	add_map 48 "$(entry /dev/vfio/48 abcdef01:00:00.0=05)"
	add_pci_function 0000:00:05.0 driver=vfio-pci group=10
	add_env PCIDEVICE_A=0000:3b:03.0,ABCDEF01:00:00.0
	apply
	assert_silent
	assert_env PCIDEVICE_A=10000:e1:00.0,0000:00:05.0
}

@test "env_prefixes of the configuration" {
	printf '{"env_prefixes":["MY_","PCIDEVICE_X"]}' > "$ETC/config.json"
	add_env MY_A=0000:3b:02.0 'MY_A_INFO={"0000:3b:02.0":1}' PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_XA=0000:3b:02.1
	apply
	assert_silent
	assert_env MY_A=0000:01:00.0 'MY_A_INFO={"0000:01:00.0":1}' PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_XA=0000:02:00.0
}

@test "the same variable twice: both are translated" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_A=0000:3b:02.1 becomes PCIDEVICE_A=0000:01:00.0 \
		PCIDEVICE_A=0000:02:00.0
}

@test "entries that aren't strings: refused" {
	local value
	for value in 7 true '{}' '["PCIDEVICE_A=0000:3b:02.0"]'; do
		config "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\",$value]}}"
		apply
		assert_refused 65 'config.json: process.env[1]'
	done
}

@test "NUL and lone surrogates in a variable that we read: refused; in others they stay" {
	local text
	# shellcheck disable=SC1003 # Backslashes of JSON.
	for text in '\u0000' '\ud800' '\udc00x' '\ud800\u0041'; do
		config "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0$text\"]}}"
		apply
		assert_refused 65 'config.json: process.env[0]'
		config "{\"process\":{\"env\":[\"OTHER=$text\",\"PCIDEVICE_A=0000:3b:02.0\"]}}"
		apply
		assert_silent
		grep -qF "[\"OTHER=$text\",\"PCIDEVICE_A=0000:01:00.0\"]" "$CONFIG"
	done
}
