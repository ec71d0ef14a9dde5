#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Memory that runs out at any allocation: the program says so, and leaves nothing. In a created container it runs out before
# anything is changed, or not at all: see live_errors.bats.

# bats file_tags=unsanitized

load helpers
load wrapper

setup() {
	machine
	bundle
	wrapper
	common_case
	add_env PCIDEVICE_B=0000:3b:07.7
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	write_config
	# Its value needs memory, while the new file is there.
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.note", b"x")' "$CONFIG" || skip 'no extended attributes here'
	cp -a "$CONFIG" "$BATS_TEST_TMPDIR/original.json"
	# The token is made once.
	apply
	assert_status 0
}

# STEP STATUS NAME COMMAND [ARGUMENT...]: whichever allocation, or each STEPth, is the first that fails.
each_allocation() {
	local number mark=$BATS_TEST_TMPDIR/mark step=$1 expected=$2 name=$3
	shift 3
	for ((number = 1; number < 3000; number += step)); do
		rm -f "$mark"
		cp -a "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
		status=0
		FAILING_MALLOC=$number:$mark FAILING_MALLOC_ALWAYS=1 "$@" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
		if [ ! -e "$mark" ] || [ -s "$STDOUT" ]; then
			break
		fi
		[ "$status $(tail -n 1 "$STDERR")" = "$expected $name: out of memory" ] || fail "allocation $number" "$(show_output)"
		cmp "$CONFIG" "$BATS_TEST_TMPDIR/original.json" || fail "changed at allocation $number"
		assert_no_leftover
	done
	[ "$number" -gt 100 ] || fail "only $number allocations" "$(show_output)"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "apply" {
	each_allocation 1 70 oci-vfio-hook env "LD_PRELOAD=$FAILING_MALLOC_LIBRARY" \
		"$OCI_VFIO_HOOK" --root "$ROOT" --log-level error apply "$BUNDLE"
}

@test "the wrapper" {
	in_machine "$RECORDER_LINK" create --bundle "$BUNDLE" box > "$STDOUT"
	each_allocation 11 1 oci-vfio-runtime in_machine env "LD_PRELOAD=$FAILING_MALLOC_LIBRARY" \
		"$RECORDER_LINK" create --bundle "$BUNDLE" box
}
