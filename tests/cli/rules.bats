#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Rule 2: linux.resources.devices follows the devices, and what the container gets it may open.
# Rules are written as in add_rule and assert_rules: "+|- TYPE MAJOR:MINOR ACCESS", * for what is left out.

load helpers

setup() {
	machine
	bundle
	two_functions
	two_entries
}

# BEFORE... becomes AFTER...: with these devices the first rules become the second ones.
assert_become() {
	become "$@"
	assert_silent
}

# The same, with a warning of the rules at these places.
assert_become_with_warning() {
	local places=$1 place
	shift
	become "$@"
	for place in $places; do
		assert_warning "linux.resources.devices[$place]: this rule allows all VFIO groups of this machine"
	done
	[ "$(wc -l < "$STDERR")" = "$(wc -w <<< "$places")" ] || fail 'more warnings' "$(show_output)"
}

become() {
	local words
	RULES=()
	rm -f "$CONFIG"
	while [ "$1" != becomes ]; do
		read -ra words <<< "$1"
		add_rule "${words[@]}"
		shift
	done
	shift
	apply
	assert_rules "$@"
}

# The spec has device 45 and the control node.
one_device() {
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/vfio c 10 196
}

@test "allow rules with exactly the old numbers get the new ones, and keep their access" {
	one_device
	assert_become '- * *:* rwm' '+ c 10:196 rw' '+ c 243:5 rw' becomes '- * *:* rwm' '+ c 10:196 rw' '+ c 242:0 rw'
	assert_become '+ c 243:5 r' '+ c 10:196 rw' '+ c 1:3 rwm' becomes '+ c 242:0 r' '+ c 10:196 rw' '+ c 1:3 rwm'
}

@test "deny rules with exactly the old numbers get the new ones" {
	one_device
	assert_become '+ * *:* rwm' '- c 243:5 m' becomes '+ * *:* rwm' '- c 242:0 m'
	# The host denied it by number, and the plan gives it: it must be openable.
	assert_become '+ * *:* rwm' '- c 243:5 rwm' becomes '+ * *:* rwm' '- c 242:0 rwm' '+ c 242:0 rwm'
}

@test "rules that stand there twice stay twice" {
	one_device
	assert_become '+ c 243:5 rwm' '+ c 10:196 rwm' '+ c 243:5 rwm' becomes '+ c 242:0 rwm' '+ c 10:196 rwm' '+ c 242:0 rwm'
}

@test "an allow rule by number counts wherever it stands: nothing is added after a later deny rule" {
	one_device
	assert_become '+ c 243:5 r' '+ c 10:196 rwm' '- * *:* rwm' becomes '+ c 242:0 r' '+ c 10:196 rwm' '- * *:* rwm'
}

@test "rules with wildcards stay" {
	one_device
	become '- * *:* rwm' '+ c 243:* rwm' '+ c *:5 rwm' '+ c 243:-1 rwm' '+ * 243:5 rwm' '+ a 243:5 rwm' \
		'+ c 10:196 rwm' becomes '- * *:* rwm' '+ c 243:* rwm' '+ c *:5 rwm' '+ c 243:-1 rwm' '+ * 243:5 rwm' \
		'+ a 243:5 rwm' '+ c 10:196 rwm' '+ c 242:0 rwm'
	# Rules without a type follow no device, which is told of.
	assert_warning 'linux.resources.devices[4]: this rule allows c 243:5'
	assert_warning 'linux.resources.devices[5]: this rule allows c 243:5'
	[ "$(wc -l < "$STDERR")" = 2 ] || fail 'more warnings' "$(show_output)"
}

@test "a rule for a device of the host that nothing names, or for all of its major, stays with a warning" {
	add_map 45 "$(with '"host_dev":"243:5"' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	one_device
	become '- * *:* rwm' '+ c 243:5 rwm' '+ c 243:* r' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 242:0 rwm' '+ c 243:* r' '+ c 10:196 rwm'
	assert_warning 'linux.resources.devices[2]: this rule allows all devices of major 243'
	DEVICES=()
	add_device /dev/fuse c 10 229
	become '- * *:* rwm' '+ c 243:5 rwm' becomes '- * *:* rwm' '+ c 243:5 rwm'
	assert_warning 'linux.resources.devices[1]: this rule allows c 243:5'
}

@test "a rule for all VFIO groups of this machine is told of where no entry is named, too" {
	add_device /dev/fuse c 10 229
	assert_become_with_warning 1 '- * *:* rwm' '+ c 242:* rwm' becomes '- * *:* rwm' '+ c 242:* rwm'
	rm -r "$MAPS"
	assert_become_with_warning 1 '- * *:* rwm' '+ c 242:* rwm' becomes '- * *:* rwm' '+ c 242:* rwm'
	# It is not a reason to look at the machine by itself.
	DEVICES=()
	assert_become '- * *:* rwm' '+ c 242:* rwm' becomes '- * *:* rwm' '+ c 242:* rwm'
}

@test "null counts as absent in a rule" {
	one_device
	RULES=('{"allow":false,"type":null,"major":null,"minor":null,"access":"rwm"}'
		'{"allow":true,"type":"c","major":242,"minor":null,"access":"rw"}' '{"allow":true,"type":"c","major":10,"access":"rw"}')
	apply
	assert_warning 'linux.resources.devices[1]: this rule allows all VFIO groups of this machine'
	assert_rules '- * *:* rwm' '+ c 242:* rw' '+ c 10:* rw'
}

@test "allowed by a wildcard: no rule is added, and of one for all groups there is a warning" {
	one_device
	assert_become '+ * *:* rwm' becomes '+ * *:* rwm'
	assert_become '- * *:* rwm' '+ a *:* rwm' becomes '- * *:* rwm' '+ a *:* rwm'
	assert_become '- * *:* rwm' '+ c *:* rw' becomes '- * *:* rwm' '+ c *:* rw'
	assert_become_with_warning 1 '- * *:* rwm' '+ c 242:* rw' '+ c *:196 wr' becomes '- * *:* rwm' '+ c 242:* rw' '+ c *:196 wr'
	assert_become_with_warning 1 '- * *:* rwm' '+ c 242:-1 rwm' '+ c -1:196 rwm' becomes '- * *:* rwm' '+ c 242:-1 rwm' '+ c -1:196 rwm'
}

@test "the last rule that matches and has r and w decides" {
	one_device
	assert_become '+ * *:* rwm' '- c 242:* rwm' becomes '+ * *:* rwm' '- c 242:* rwm' '+ c 242:0 rwm'
	assert_become '- * *:* rwm' '+ * *:* rwm' '- * *:* rw' \
		becomes '- * *:* rwm' '+ * *:* rwm' '- * *:* rw' '+ c 242:0 rwm' '+ c 10:196 rwm'
	# Neither r nor w alone decides; nor does another type or number.
	assert_become '+ * *:* rwm' '- c 242:* m' '- c *:* w' '- c 242:0 r' '- b *:* rwm' '- c 242:1 rwm' '- c 241:* rwm' \
		becomes '+ * *:* rwm' '- c 242:* m' '- c *:* w' '- c 242:0 r' '- b *:* rwm' '- c 242:1 rwm' '- c 241:* rwm'
	assert_become_with_warning '1 2' '- * *:* rwm' '+ c 242:* r' '+ c 242:* w' '+ c 10:* rwm' \
		becomes '- * *:* rwm' '+ c 242:* r' '+ c 242:* w' '+ c 10:* rwm' '+ c 242:0 rwm'
	assert_become '- * *:* rwm' '+ b *:* rwm' '+ c 10:* rwm' \
		becomes '- * *:* rwm' '+ b *:* rwm' '+ c 10:* rwm' '+ c 242:0 rwm'
}

@test "no rule matches at all: one is added" {
	one_device
	assert_become '+ c 1:3 rwm' becomes '+ c 1:3 rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "a rule that is added is the one that the contract names" {
	one_device
	apply
	assert_silent
	assert_spec '.linux.resources.devices == [{"allow":false,"access":"rwm"},
		{"allow":true,"type":"c","major":242,"minor":0,"access":"rwm"},
		{"allow":true,"type":"c","major":10,"minor":196,"access":"rwm"}]'
}

@test "an empty, null or absent list: a rule for every device of the spec" {
	local resources
	one_device
	add_device /dev/fuse c 10 229
	add_device /dev/sda b 8 0
	for resources in '{"devices":[]}' '{"devices":null}' '{}' '{"cpu":{"shares":2}}' null absent; do
		RESOURCES=$resources
		rm -f "$CONFIG"
		apply
		assert_silent
		assert_rules '+ c 242:0 rwm' '+ c 10:196 rwm' '+ c 10:229 rwm' '+ b 8:0 rwm'
	done
}

@test "an empty list and a control node that this run adds" {
	add_device /dev/fuse c 10 229
	add_device /dev/vfio/45 c 243 5
	RULES=()
	apply
	assert_silent
	assert_rules '+ c 10:229 rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "an empty list and a FIFO: it needs no rule" {
	one_device
	DEVICES+=('{"path":"/dev/initctl","type":"p"}')
	assert_become becomes '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "a list that isn't empty gets no rule for devices that aren't ours" {
	one_device
	add_device /dev/fuse c 10 229
	assert_become '- * *:* rwm' becomes '- * *:* rwm' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "swapped numbers are translated once, in one pass over the original list" {
	add_sysfs_node vfio 3 243:6
	add_sysfs_node vfio 4 243:5
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/46 c 243 6
	add_device /dev/vfio/vfio c 10 196
	assert_become '- * *:* rwm' '+ c 243:5 rw' '+ c 243:6 rwm' '- c 243:5 m' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 243:6 rw' '+ c 243:5 rwm' '- c 243:6 m' '+ c 10:196 rwm'
}

@test "a chain of numbers is translated once" {
	add_sysfs_node vfio 3 243:6
	add_sysfs_node vfio 4 243:7
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/46 c 243 6
	add_device /dev/vfio/vfio c 10 196
	assert_become '- * *:* rwm' '+ c 243:6 r' '+ c 243:5 w' '+ c 243:7 m' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 243:7 r' '+ c 243:6 w' '+ c 243:7 m' '+ c 10:196 rwm'
}

@test "only the rule of the device's type is translated" {
	one_device
	assert_become '- * *:* rwm' '+ b 243:5 r' '- b 243:5 m' '+ c 243:5 rwm' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ b 243:5 r' '- b 243:5 m' '+ c 242:0 rwm' '+ c 10:196 rwm'
}

@test "two devices with one old number: the rule takes the first, the other gets one with its access at the end" {
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/46 c 243 5
	add_device /dev/vfio/vfio c 10 196
	assert_become '- * *:* rwm' '+ c 243:5 rw' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 242:0 rw' '+ c 10:196 rwm' '+ c 242:1 rw'
}

@test "a kept device with the same old number keeps the rule, the mapped one gets its own" {
	add_device /dev/thing c 243 5
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/vfio c 10 196
	OPTIONS+=(--unmapped=keep)
	assert_become '- * *:* rwm' '+ c 243:5 rwm' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 243:5 rwm' '+ c 10:196 rwm' '+ c 242:0 rwm'
}

@test "a kept device after the mapped one with the same old number: both may be opened" {
	add_device /dev/vfio/45 c 243 5
	add_device /dev/thing c 243 5
	add_device /dev/vfio/vfio c 10 196
	add_rule + c 243:5 rw
	apply --unmapped=keep
	assert_silent
	assert_spec '[.linux.resources.devices[] | select(.allow and .major == 243 and .minor == 5).access] == ["rw"]' \
		'[.linux.resources.devices[] | select(.allow and .major == 242 and .minor == 0).access] == ["rw"]'
}

@test "a deny rule with several targets: refused" {
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/46 c 243 5
	add_device /dev/vfio/vfio c 10 196
	add_rule - c 243:5 rwm
	apply
	assert_refused 65 config.json 'linux.resources.devices[1]'
}

@test "two devices with one old number that end on one node: one target" {
	add_pci_function 0000:01:00.1 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=06/00.1)"
	add_device /dev/vfio/45 c 243 5
	add_device /dev/vfio/46 c 243 5
	add_device /dev/vfio/vfio c 10 196
	assert_become '- * *:* rwm' '+ c 243:5 rwm' '- c 243:5 m' '+ c 10:196 rwm' \
		becomes '- * *:* rwm' '+ c 242:0 rwm' '- c 242:0 m' '+ c 10:196 rwm'
}

@test "a rule by number whose device stays is left alone" {
	one_device
	add_device /dev/fuse c 10 229
	assert_become '- * *:* rwm' '+ c 10:229 rwm' '+ c 242:0 r' '+ c 10:196 rwm' '+ c 243:5 rwm' \
		becomes '- * *:* rwm' '+ c 10:229 rwm' '+ c 242:0 r' '+ c 10:196 rwm' '+ c 242:0 rwm'
}
