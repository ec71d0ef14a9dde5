#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# "memlock" of an entry: RLIMIT_MEMLOCK in process.rlimits; and what is said where no entry has it.

load helpers
load wrapper

setup() {
	machine
	bundle
	wrapper
	two_functions
	host_device
	control_device
}

# VALUE: the entry of the host's device.
use_memlock() {
	add_map 45 "$(with "\"memlock\":$1" "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
}

# RLIMITS: of the spec.
rlimits() {
	# shellcheck disable=SC2016 # jq's variable
	edit_config '.process.rlimits = $rlimits' --argjson rlimits "$1"
}

assert_rlimits() {
	assert_spec ".process.rlimits == $1"
}

nofile='{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}'

# HARD SOFT
memlock() {
	printf '{"type":"RLIMIT_MEMLOCK","hard":%s,"soft":%s}' "$@"
}

@test "a spec without limits" {
	use_memlock '"unlimited"'
	apply
	assert_silent
	# jq makes a float of it.
	grep -q '"rlimits":\[{"type":"RLIMIT_MEMLOCK","hard":18446744073709551615,"soft":18446744073709551615}\]' "$CONFIG"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_idempotent
}

@test "null is absent; a list without it; a lower one; one that is enough" {
	use_memlock 1000000
	rlimits null
	apply
	assert_silent
	assert_rlimits "[$(memlock 1000000 1000000)]"
	rm "$CONFIG"
	rlimits "[$nofile]"
	apply
	assert_silent
	assert_rlimits "[$nofile,$(memlock 1000000 1000000)]"
	rm "$CONFIG"
	rlimits "[$(memlock 2000000 65536),$nofile]"
	apply
	assert_silent
	assert_rlimits "[$(memlock 2000000 1000000),$nofile]"
	rm "$CONFIG"
	rlimits "[$(memlock 2000000 1000000)]"
	apply
	assert_silent
	assert_rlimits "[$(memlock 2000000 1000000)]"
}

@test "no byte but the numbers changes" {
	use_memlock 1000000
	write_config
	sed -i 's/"cwd":"\/"/"cwd":"\/", "rlimits" :\t[ {"soft" : 5 ,"x":1.50, "type":"RLIMIT_MEMLOCK","hard":6} ]/' "$CONFIG"
	apply
	assert_silent
	grep -qF $'"rlimits" :\t[ {"soft" : 1000000 ,"x":1.50, "type":"RLIMIT_MEMLOCK","hard":1000000} ]' "$CONFIG"
}

@test "of several entries the largest counts, of those that the spec names" {
	add_map all "$(with '"memlock":1000' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")" \
		"$(with '"memlock":3000' "$(entry /dev/vfio/46 0000:3b:02.1=07/00)")" \
		"$(with '"memlock":"unlimited"' "$(entry /dev/vfio/47 0000:3b:02.2=07/01)")"
	second_host_device
	apply
	assert_silent
	assert_rlimits "[$(memlock 3000 3000)]"
}

@test "plan says why" {
	use_memlock 1000000
	write_config
	hook --root "$ROOT" plan --json "$BUNDLE"
	assert_status 0
	assert_output '.changes | any(.rule == 10 and .where == "process.rlimits" and .old == null
		and .new == [{type: "RLIMIT_MEMLOCK", hard: 1000000, soft: 1000000}] and (.why | endswith("45.json: [0]: memlock")))'
}

@test "precreate and the wrapper" {
	use_memlock 1000000
	write_config
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	in_machine "$OCI_VFIO_HOOK" precreate < "$CONFIG" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_silent
	jq -e ".process.rlimits == [$(memlock 1000000 1000000)]" "$STDOUT"
	runtime create --bundle "$BUNDLE" box
	assert_status 0
	assert_rlimits "[$(memlock 1000000 1000000)]"
}

@test "bad values: 65, with file, entry and field" {
	local value
	for value in 0 -1 1.5 1e3 '""' '"1000"' '"Unlimited"' '"-1"' true '[]' '{}' 18446744073709551616; do
		use_memlock "$value"
		apply
		assert_refused 65 '45.json: [0].memlock: must be "unlimited" or a number of bytes'
	done
	use_memlock null
	apply
	assert_silent
	rm "$CONFIG" "$MAPS/45.json"
	add_map gk "$(with '"memlock":7' "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	apply
	assert_refused 65 "gk.json: [0].memlock: only for a vfio-pci entry's device memory is locked; remove the field"
	rm "$MAPS/gk.json"
	add_map node "$(with '"memlock":7' "$(node_entry /dev/x /dev/null)")"
	apply
	assert_refused 65 "node.json: [0].memlock: only for a vfio-pci entry's device"
}

@test "limits of the spec that make no sense: 65, where they are to be raised" {
	local text
	use_memlock 1000
	for text in '{}' '[7]' '[{"type":7}]' "[$(memlock -1 1)]" "[$(memlock 1.5 1)]" "[$(memlock 1 '"x"')]" '[{"Type":"RLIMIT_MEMLOCK"}]'; do
		rm -f "$CONFIG"
		rlimits "$text"
		apply
		assert_refused 65 'config.json: process.rlimits: '
	done
	rm "$MAPS/45.json"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	apply
	assert_silent
}

# TEXT: what is said of it on the level info, or nothing.
info() {
	hook --root "$ROOT" --log-level info apply --output "$BATS_TEST_TMPDIR/output.json" "$BUNDLE"
	assert_status 0
	if [ -z "$1" ]; then
		! grep RLIMIT_MEMLOCK "$STDERR" || fail 'it is said'
	else
		grep -qF "$1" "$STDERR" || fail "not said: $1" "$(show_output)"
	fi
}

@test "without it: said where the spec's limit is below the container's memory" {
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	write_config
	# By hand it isn't known what the container inherits.
	info ''
	rlimits "[$(memlock 65536 65536)]"
	info "process.rlimits: RLIMIT_MEMLOCK is 65536 bytes (of the spec), less than the container's memory, which is not limited: without CAP_IPC_LOCK VFIO_MAP_DMA fails beyond it; set \"memlock\" in the map entry"
	edit_config '.linux.resources.memory.limit = 1048576'
	info "RLIMIT_MEMLOCK is 65536 bytes (of the spec), less than the container's memory: without CAP_IPC_LOCK"
	edit_config '.linux.resources.memory.limit = 65536'
	info ''
	edit_config '.linux.resources.memory.limit = -1'
	info 'which is not limited'
	rlimits "[{\"type\":\"RLIMIT_MEMLOCK\",\"hard\":65536,\"soft\":65536}]"
	use_memlock 1000
	info ''
	# Without a device of ours there is nothing to say.
	edit_config 'del(.linux.devices)'
	info ''
}

@test "without it: said of what the container inherits, at its start" {
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	write_config
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	(ulimit -S -l 64 && in_machine "$OCI_VFIO_HOOK" --log-level info precreate < "$CONFIG") > "$STDOUT" 2> "$STDERR" ||
		status=$?
	assert_status 0
	grep -qF 'RLIMIT_MEMLOCK is 65536 bytes (inherited), less than' "$STDERR"
}
