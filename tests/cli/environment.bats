#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 4: variables with PCI addresses in process.env.

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
		PCIDEVICE_D=,0000:3b:02.1, PCIDEVICE_E=pci0000:3b:02.0 becomes PCIDEVICE_A=mlx5_core.sf.10 \
		PCIDEVICE_B=mlx5_core.sf.10,0000:01:00.0 PCIDEVICE_C= PCIDEVICE_D=,0000:02:00.0, PCIDEVICE_E=pci0000:3b:02.0
}

@test "an entry without = is left alone" {
	assert_env_becomes PCIDEVICE_A PCIDEVICE_ PCIDEVICE_0000:3b:02.0 PCIDEVICE_B=0000:3b:02.0 becomes \
		PCIDEVICE_A PCIDEVICE_ PCIDEVICE_0000:3b:02.0 PCIDEVICE_B=0000:01:00.0
}

@test "variables of other names stay, with a warning" {
	local variables=(OTHER=0000:3b:02.0 pcidevice_a=0000:3b:02.0 XPCIDEVICE_A=0000:3b:02.0 '=0000:3b:02.0' '')
	host_device
	control_device
	add_env "${variables[@]}" PCIDEVICE_A=0000:3b:02.0
	apply
	assert_warning 'process.env[2]: "OTHER" still has' 'process.env[3]: "pcidevice_a" still has' \
		'process.env[4]: "XPCIDEVICE_A" still has' 'process.env[5]: "" still has'
	assert_env "${variables[@]}" PCIDEVICE_A=0000:01:00.0
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

@test "_INFO with an address that no entry names stays whole, and so does the variable" {
	rm -f "$CONFIG"
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":"0000:99:00.0"}'
	apply
	assert_warning 'process.env[3]: "PCIDEVICE_A_INFO" is left as it is: no map entry names 0000:99:00.0' \
		'process.env[2]: "PCIDEVICE_A" is left as it is: process.env[3], which it goes with, has to stay'
	assert_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":"0000:99:00.0"}'
}

@test "_INFO alone stays" {
	host_device
	control_device
	add_env 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}'
	apply
	assert_status 0
	assert_env 'PCIDEVICE_A_INFO={"0000:3b:02.0":1}'
}

@test "an _INFO that is not a JSON object stays, with a warning, and so does the variable" {
	local info
	host_device
	control_device
	for info in '["0000:3b:02.0"]' '"0000:3b:02.0"' 7 null '' '{"0000:3b:02.0":1' '{"0000:3b:02.0":1} x' '{0000:3b:02.0}' \
		'{"0000:3b:02.0":1,}' "{'0000:3b:02.0':1}"; do
		rm -f "$CONFIG"
		ENVIRONMENT=()
		add_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
		apply
		assert_warning 'PCIDEVICE_A_INFO" is left as it is: ' 'PCIDEVICE_A" is left as it is: process.env[3]'
		assert_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
	done
}

@test "duplicate keys in _INFO after translation: it and its variable stay, with a warning" {
	local info why='two of its keys would become one'
	host_device
	control_device
	for info in '{"0000:3b:02.0":1,"0000:3B:02.0":2}' '{"x":{"0000:3b:02.0":1,"0000:3b:\u00302.0":2}}'; do
		rm -f "$CONFIG"
		ENVIRONMENT=()
		add_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
		apply
		assert_warning "PCIDEVICE_A_INFO\" is left as it is: $why" 'PCIDEVICE_A" is left as it is: process.env[3]'
		assert_env PCIDEVICE_A=0000:3b:02.0 "PCIDEVICE_A_INFO=$info"
		why='it is not a JSON object, or has a key twice'
	done
}

@test "two sources with one guest function: duplicate keys after translation" {
	add_fw_cfg "$(entry /dev/vfio/47 0000:3b:02.7=06/00)"
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":1,"0000:3b:02.7":2}'
	apply
	assert_warning PCIDEVICE_A_INFO
	assert_env PCIDEVICE_A=0000:3b:02.0 'PCIDEVICE_A_INFO={"0000:3b:02.0":1,"0000:3b:02.7":2}'
}

@test "only the environment names a machine entry's function: it is translated and nothing else" {
	# Neither bound to a driver nor in a group: nobody gets at it through VFIO, and nobody needs to.
	add_pci_function 0000:00:09.0
	add_map 47 "$(entry /dev/vfio/47 0000:3b:03.0=09)"
	add_env PCIDEVICE_A=0000:3b:03.0
	apply
	assert_error 'process.env[2]: "PCIDEVICE_A" names functions whose VFIO nodes are not in the spec' \
		'0000:3b:03.0 (/dev/vfio/47); have the engine add these devices'
	assert_status 0
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
	add_map 47 "$(gk_entry /dev/vfio/47 0000:3b:03.0=10000:e1:00.0)"
	add_map 48 "$(gk_entry /dev/vfio/48 abcdef01:00:00.0=05)"
	add_pci_function 0000:00:05.0 driver=vfio-pci group=10
	add_env PCIDEVICE_A=0000:3b:03.0,ABCDEF01:00:00.0
	apply
	assert_silent
	assert_env PCIDEVICE_A=10000:e1:00.0,0000:00:05.0
}

@test "env_prefixes of the configuration" {
	printf '{"env_prefixes":["MY_","PCIDEVICE_X"]}' > "$ETC/config.json"
	host_device
	second_host_device
	control_device
	add_env MY_A=0000:3b:02.0 'MY_A_INFO={"0000:3b:02.0":1}' PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_XA=0000:3b:02.1
	apply
	assert_error 'process.env[4]: "PCIDEVICE_A" still has' 0000:3b:02.0
	assert_env MY_A=0000:01:00.0 'MY_A_INFO={"0000:01:00.0":1}' PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_XA=0000:02:00.0
}

@test "the same variable twice: both are translated, or none, and a second run agrees" {
	assert_env_becomes PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_A=0000:3b:02.1 becomes PCIDEVICE_A=0000:01:00.0 \
		PCIDEVICE_A=0000:02:00.0
	assert_idempotent
	# What the second one names is a guest's address by then.
	assert_env_stays PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_A=0000:01:00.0
	assert_idempotent
	assert_env_stays PCIDEVICE_A=0000:01:00.0 PCIDEVICE_A=0000:3b:02.0
	assert_idempotent
}

@test "commas, blanks and semicolons separate, and stay" {
	assert_env_becomes 'PCIDEVICE_A=0000:3b:02.0, 0000:3b:02.1' 'PCIDEVICE_B=0000:3b:02.0;0000:3b:02.1' \
		'PCIDEVICE_C= 0000:3b:02.0  0000:3b:02.1 ' PCIDEVICE_D=0000:3b:02.0, becomes \
		'PCIDEVICE_A=0000:01:00.0, 0000:02:00.0' 'PCIDEVICE_B=0000:01:00.0;0000:02:00.0' \
		'PCIDEVICE_C= 0000:01:00.0  0000:02:00.0 ' PCIDEVICE_D=0000:01:00.0,
}

@test "without a domain an address is of domain 0000, and keeps its form where it can" {
	assert_env_becomes PCIDEVICE_A=3b:02.0,0000:3b:02.1 'PCIDEVICE_A_INFO={"3b:02.0":"3B:02.1"}' becomes \
		PCIDEVICE_A=01:00.0,0000:02:00.0 'PCIDEVICE_A_INFO={"01:00.0":"02:00.0"}'
	add_pci_function 10000:e1:00.0
	add_map 47 "$(gk_entry /dev/vfio/47 0000:3b:03.0=10000:e1:00.0)"
	assert_env_becomes PCIDEVICE_A=3b:03.0 becomes PCIDEVICE_A=10000:e1:00.0
	# Of another domain it is another function.
	add_map 47 "$(gk_entry /dev/vfio/47 0001:3b:03.0=10000:e1:00.0)"
	assert_env_stays PCIDEVICE_A=3b:03.0
}

@test "the families: device plugins, KubeVirt, the DRA driver for SR-IOV, QAT" {
	assert_env_becomes PCI_RESOURCE_EXAMPLE_COM_A=0000:3b:02.0 SRIOVNETWORK_PCI_ADDRESSES=0000:3b:02.0,0000:3b:02.1 \
		SRIOVNETWORK_VF_DEVICE_net1=0000:3b:02.1 VFIO_BDF0=0000:3b:02.0 VFIO_BDF12=0000:3b:02.1 QAT0=0000:3b:02.0 \
		becomes PCI_RESOURCE_EXAMPLE_COM_A=0000:01:00.0 SRIOVNETWORK_PCI_ADDRESSES=0000:01:00.0,0000:02:00.0 \
		SRIOVNETWORK_VF_DEVICE_net1=0000:02:00.0 VFIO_BDF0=0000:01:00.0 VFIO_BDF12=0000:02:00.0 QAT0=0000:01:00.0
}

@test "the address in a name, and the path that it has" {
	assert_env_becomes SRIOVNETWORK_0000_3b_02_0_VFIO_DEVICE=/dev/vfio/45 \
		SRIOVNETWORK_VF_DEVICE_0000_3b_02_1=0000:3b:02.1 SRIOVNETWORK_0000_3b_02_1_RDMA_DEVICE=mlx5_14 becomes \
		SRIOVNETWORK_0000_01_00_0_VFIO_DEVICE=/dev/vfio/3 SRIOVNETWORK_VF_DEVICE_0000_02_00_0=0000:02:00.0 \
		SRIOVNETWORK_0000_02_00_0_RDMA_DEVICE=mlx5_14
	assert_idempotent
	assert_env_stays SRIOVNETWORK_0000_3b_03_0_VFIO_DEVICE=/dev/vfio/45
	assert_env_stays SRIOVNETWORK_0000_3b_02_0_VFIO_DEVICE=/dev/vfio/49
}

@test "the names of functions that swap their addresses" {
	add_map 45 "$(entry /dev/vfio/45 0000:01:00.0=07/00)"
	add_map 46 "$(entry /dev/vfio/46 0000:02:00.0=06/00)"
	assert_env_becomes SRIOVNETWORK_0000_01_00_0_RDMA_CM=a SRIOVNETWORK_0000_02_00_0_RDMA_CM=b becomes \
		SRIOVNETWORK_0000_02_00_0_RDMA_CM=a SRIOVNETWORK_0000_01_00_0_RDMA_CM=b
	assert_idempotent
}

@test "the UUID of a mediated device means nothing here: it stays, with a warning" {
	assert_env_stays MDEV_PCI_RESOURCE_EXAMPLE_COM_GPU=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90
	assert_warning 'no map entry names the mediated device 5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90'
}

@test "JSON under any name" {
	printf '{"env_prefixes":["NETWORK_STATUS"]}' > "$ETC/config.json"
	assert_env_becomes 'NETWORK_STATUS=[{"name":"a"},{"pci":{"pci-address":"0000:3b:02.0"}}]' becomes \
		'NETWORK_STATUS=[{"name":"a"},{"pci":{"pci-address":"0000:01:00.0"}}]'
	assert_env_stays 'NETWORK_STATUS=[{"pci":{"pci-address":"0000:3b:02.0"}}'
	assert_env_stays 'NETWORK_STATUS=[{"pci":{"pci-address":"0000:3b:02.0","pf-pci-address":"0000:3b:00.0"}}]'
}

@test "_INFO of nodes that aren't VFIO's" {
	mknod "$ROOT/dev/uverbs0" c 231 192
	add_pci_function 0000:00:09.0 driver=mlx5_core
	add_map 47 "$(gk_entry /dev/vfio/47 0000:3b:03.0=09)" "$(node_entry /dev/uverbs14 /dev/uverbs0 /dev/uverbs0)"
	add_device /dev/uverbs14 c 231 206
	add_env PCIDEVICE_A=0000:3b:03.0 'PCIDEVICE_A_INFO={"0000:3b:03.0":{"rdma":{"uverbs":"/dev/uverbs14","issm":"/dev/issm14"}}}'
	apply
	assert_silent
	assert_env PCIDEVICE_A=0000:00:09.0 'PCIDEVICE_A_INFO={"0000:00:09.0":{"rdma":{"uverbs":"/dev/uverbs0","issm":"/dev/issm14"}}}'
	assert_devices '/dev/uverbs0 c 231:192'
	assert_idempotent
}

@test "without a map nothing is said of a variable" {
	rm "$MAPS"/*
	add_env PCIDEVICE_A=0000:99:00.0 'PCIDEVICE_A_INFO={' MDEV_PCI_RESOURCE_A=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90
	apply
	assert_silent
	assert_unchanged
}

@test "functions that a variable names, but of which the spec has no node" {
	host_device
	control_device
	add_env PCIDEVICE_A=0000:3b:02.0 PCIDEVICE_B=0000:3b:02.1,0000:3b:02.1 'PCIDEVICE_B_INFO={"0000:3b:02.1":1}'
	apply
	assert_error 'process.env[3]: "PCIDEVICE_B" names functions whose VFIO nodes are not in the spec' \
		': 0000:3b:02.1 (/dev/vfio/46);'
	assert_env PCIDEVICE_A=0000:01:00.0 PCIDEVICE_B=0000:02:00.0,0000:02:00.0 'PCIDEVICE_B_INFO={"0000:02:00.0":1}'
	# Said once; and not where all nodes are shown.
	apply
	assert_silent
	rm "$CONFIG"
	add_mount /dev/vfio /dev/vfio
	apply
	run ! grep -q 'names functions' "$STDERR"
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
		assert_warning 'names functions whose VFIO nodes'
		grep -qF "[\"OTHER=$text\",\"PCIDEVICE_A=0000:01:00.0\"]" "$CONFIG"
	done
}
