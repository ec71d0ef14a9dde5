#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mediated devices: the host's UUID, and what it is here, a function or another mediated device.

load helpers

setup() {
	machine
	bundle
	two_functions
	add_device /dev/vfio/387 c 243 5
	add_rule + c 243:5 rwm
	add_env MDEV_PCI_RESOURCE_X_A40=$HOST
}

HOST=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90
GUEST=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001

@test "a mediated device of the host that is a function here" {
	add_map 387 "$(entry /dev/vfio/387 $HOST=07/00)"
	apply
	assert_warning 'process.env[2]: "MDEV_PCI_RESOURCE_X_A40" is left as it is' \
		"the mediated device $HOST is the PCI function 0000:02:00.0 here, which a UUID is not replaced by"
	assert_devices '/dev/vfio/4 c 242:1' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:1 rwm' '+ c 10:196 rwm'
	assert_env MDEV_PCI_RESOURCE_X_A40=$HOST
	assert_idempotent
}

@test "the same, driven by the guest's kernel: the nodes go" {
	add_map 387 "$(gk_entry /dev/vfio/387 $HOST=07/00)"
	control_device
	apply
	assert_warning "the mediated device $HOST is the PCI function 0000:02:00.0 here"
	assert_devices
	assert_rules '- * *:* rwm'
	assert_idempotent
}

@test "a mediated device of the host that is one here, too" {
	add_mdev $GUEST 5
	add_map 387 "$(entry /dev/vfio/387 $HOST=$GUEST)"
	apply
	assert_silent
	assert_devices '/dev/vfio/5 c 242:5' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_rules '- * *:* rwm' '+ c 242:5 rwm' '+ c 10:196 rwm'
	assert_env MDEV_PCI_RESOURCE_X_A40=$GUEST
	[[ $(applied) == *"[\"$HOST\",\"$GUEST\"]"* ]] || fail "$(applied)"
	assert_proven
	assert_idempotent
}

@test "only a variable names it" {
	add_mdev $GUEST 5
	DEVICES=()
	add_map 387 "$(entry /dev/vfio/387 $HOST=$GUEST)"
	apply
	assert_warning 'names functions whose VFIO nodes are not in the spec' "$HOST (/dev/vfio/387)"
	assert_env MDEV_PCI_RESOURCE_X_A40=$GUEST
}

@test "its handle" {
	add_mdev $GUEST 5
	echo 244:5 > "$ROOT/sys/bus/mdev/devices/$GUEST/vfio-dev/vfio5/dev"
	add_sysfs_node misc iommu 10:257
	DEVICES=()
	add_device /dev/vfio/devices/vfio9 c 250 9
	add_map 387 "$(entry /dev/vfio/devices/vfio9 $HOST=$GUEST)"
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio5 c 244:5' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
	# Of a kernel that has handles alone: then it is in no group.
	rm "$CONFIG" "$ROOT/sys/bus/mdev/devices/$GUEST/iommu_group"
	apply
	assert_silent
	assert_devices '/dev/vfio/devices/vfio5 c 244:5' '/dev/iommu c 10:257 mode=438 uid=0 gid=0'
}

@test "self: the same UUID" {
	add_mdev $HOST 5
	add_map 387 "$(entry /dev/vfio/387 $HOST=self)"
	apply
	assert_silent
	assert_devices '/dev/vfio/5 c 242:5' '/dev/vfio/vfio c 10:196 mode=438 uid=0 gid=0'
	assert_env MDEV_PCI_RESOURCE_X_A40=$HOST
}

# An argument that has the host's UUID.
with_argument() {
	# shellcheck disable=SC2016 # for jq
	edit_config '.process.args = ["qemu", $uuid]' --arg uuid "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$HOST"
}

@test "a name that is left somewhere else is told of, or translated" {
	add_mdev $GUEST 5
	add_map 387 "$(entry /dev/vfio/387 $HOST=$GUEST)"
	with_argument
	apply
	assert_warning "process.args[1] still has the host's $HOST, which is $GUEST here"
	rm "$CONFIG"
	with_argument
	apply --leftover=translate
	assert_silent
	assert_spec ".process.args[1] == \"-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$GUEST\""
	assert_idempotent --leftover=translate
	# An address takes no UUID's place there either.
	add_map 387 "$(entry /dev/vfio/387 $HOST=07/00)"
	rm "$CONFIG"
	with_argument
	apply --leftover=translate
	assert_warning "process.args[1] still has the host's $HOST, which is 0000:02:00.0 here; change it where it comes from"
	assert_spec ".process.args[1] == \"-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$HOST\""
}

@test "one that isn't there, or that VFIO doesn't have: 69" {
	add_map 387 "$(entry /dev/vfio/387 $HOST=$GUEST)"
	apply
	assert_refused 69 387.json "host function $HOST" "$GUEST is not in /sys/bus/mdev/devices" mdevctl
	add_mdev $GUEST 5 i915
	rm -r "$ROOT/sys/bus/mdev/devices/$GUEST/vfio-dev"
	apply
	assert_refused 69 "mediated device $GUEST is bound to i915, which has nothing of VFIO"
	rm "$ROOT/sys/bus/mdev/devices/$GUEST/driver"
	apply
	assert_refused 69 "mediated device $GUEST has no VFIO driver"
	# Drivers before Linux 6.1 make no vfio-dev.
	ln -s ../../../../../bus/mdev/drivers/vfio_mdev "$ROOT/sys/bus/mdev/devices/$GUEST/driver"
	apply
	assert_silent
	rm "$CONFIG"
	rm "$ROOT/sys/class/vfio/5"
	apply
	assert_refused 69 'IOMMU group 5 has no node'
}

@test "bad UUIDs in a map: 65 with file, entry and option" {
	local text
	for text in ${HOST%0}=07/00 ${HOST}0=07/00 ${HOST//-/_}=07/00; do
		add_map 387 "$(entry /dev/vfio/387 "$text")"
		apply
		assert_refused 65 '387.json: [0].options[0]' 'must be a PCI address such as 0000:3b:02.0, or the UUID of a mediated device'
	done
	add_map 387 "$(entry /dev/vfio/387 0000:3b:02.0=$GUEST)"
	apply
	assert_refused 65 '387.json: [0].options[0]' "$GUEST is the UUID of a mediated device"
	add_map 387 "$(entry /dev/vfio/387 $HOST=${GUEST%1})"
	apply
	assert_refused 65 '387.json: [0].options[0]' "${GUEST%1}"
	add_map 387 "$(with '"expect":{"vendor":"8086"}' "$(entry /dev/vfio/387 $HOST=$GUEST)")"
	apply
	assert_refused 65 '387.json: [0].expect' 'a mediated device has no PCI identity'
	add_map 387 "$(entry /dev/vfio/387 $HOST=$GUEST)" "$(entry /dev/vfio/388 $HOST=07/00)"
	apply
	assert_refused 65 387.json $HOST 'keep one'
}

# A spec of this machine's own: no map, two mediated devices, and the node of the first of them.
own_spec() {
	add_mdev $GUEST 5
	add_mdev $HOST 6
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}') ENVIRONMENT=()
	add_device /dev/vfio/5 c 242 5
	add_rule + c 242:5 rwm
	control_device
	add_env "MDEV_PCI_RESOURCE_X_A40=$1"
}

@test "own: the node of the mediated device that the variable names is kept" {
	own_spec $GUEST
	apply
	assert_silent
	assert_unchanged
}

@test "own: another one's node is refused, or by the policy remap replaced" {
	own_spec $HOST
	apply
	assert_refused 69 'linux.devices[0]' /dev/vfio/5 "the spec's variables name $HOST, whose node is /dev/vfio/6 today" \
		--by-address=remap '"container_path": "/dev/vfio/5"' "\"options\": [\"$HOST=$HOST\"]"
	device_map own "$(entry /dev/vfio/5 $HOST=$HOST)"
	apply
	assert_devices '/dev/vfio/6 c 242:6' '/dev/vfio/vfio c 10:196'
	rm "$CONFIG"
	OPTIONS=()
	apply --by-address=remap
	assert_silent
	assert_devices '/dev/vfio/6 c 242:6' '/dev/vfio/vfio c 10:196'
	assert_rules '- * *:* rwm' '+ c 242:6 rwm' '+ c 10:196 rwm'
	assert_env MDEV_PCI_RESOURCE_X_A40=$HOST
}

@test "own: a mediated device that isn't there any more: 69" {
	own_spec $HOST
	rm "$ROOT/sys/bus/mdev/devices/$HOST"
	apply
	assert_refused 69 "the spec's variables name $HOST, a mediated device that this machine doesn't have" mdevctl 'device map'
}

@test "own: a mediated device beside a function" {
	own_spec $GUEST
	add_device /dev/vfio/3 c 242 0
	add_rule + c 242:0 rwm
	add_env PCIDEVICE_X=0000:01:00.0
	apply
	assert_silent
	assert_unchanged
	ENVIRONMENT=()
	rm "$CONFIG"
	add_env PCIDEVICE_X=0000:01:00.0 MDEV_PCI_RESOURCE_X_A40=$HOST
	apply
	assert_refused 69 "the spec's variables name $HOST, whose node is /dev/vfio/6 today" 'the spec has no node of that group'
}
