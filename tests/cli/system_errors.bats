#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# System calls that fail, made to by strace: the message names the place and says why, config.json stays, nothing is left
# behind.

load helpers
load wrapper

setup() {
	machine
	bundle
	common_case
	TRACE=$BATS_TEST_TMPDIR/trace
	BEFORE_RUN=':'
	write_config
}

# STRACE OPTION... -- ARGUMENT...: runs the program under strace. A sanitizer can't look for leaks there.
traced() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 timeout 20 strace -qq -y -o "$TRACE" "${options[@]}" \
		"$OCI_VFIO_HOOK" --root "$ROOT" "${@:2}" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
}

# CALLS PATTERN ERROR ARGUMENT...: of the system calls (names, or a class) the first whose line in strace's output has the
# extended regular expression fails so. $BEFORE_RUN is what is done before each run.
failing() {
	local calls=$1 pattern=$2 error=$3 line name number
	shift 3
	[ -e "$BATS_TEST_TMPDIR/original.json" ] || cp "$CONFIG" "$BATS_TEST_TMPDIR/original.json"
	# This one makes the token.
	traced -e "trace=$calls" -- "$@"
	cp "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
	eval "$BEFORE_RUN"
	traced -e "trace=$calls" -- "$@"
	line=$(grep -nEm 1 "$pattern" "$TRACE") || fail "no $calls with $pattern:" "$(< "$TRACE")" "$(show_output)"
	name=${line#*:} name=${name%%(*}
	number=$(head -n "${line%%:*}" "$TRACE" | grep -c "^$name(")
	# glibc 2.41 asks the vDSO, which asks for a key, and where it gets none for the bytes themselves.
	[ "$name" != getrandom ] || number+=+
	cp "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
	eval "$BEFORE_RUN"
	remember
	traced -e "trace=$name" -e "inject=$name:error=$error:when=$number" -- "$@"
	grep -qF '(INJECTED)' "$TRACE" || fail 'nothing failed' "$(< "$TRACE")"
}

# CALLS PATTERN ERROR STATUS TEXT...: apply is refused.
assert_fault() {
	failing "$1" "$2" "$3" apply "$BUNDLE"
	assert_refused "${@:4}"
}

# The same with --output, which leaves nothing there.
assert_output_fault() {
	local output=$BATS_TEST_TMPDIR/output
	BEFORE_RUN="rm -rf '$output'; mkdir '$output'"
	mkdir -p "$output"
	failing "$1" "$2" "$3" apply --output "$output/new.json" "$BUNDLE"
	assert_refused "${@:4}"
	[ -z "$(ls -A "$output")" ] || fail "left there: $(ls -A "$output")"
}

@test "the bundle's lock" {
	assert_fault flock . ENOLCK 74 "$CONFIG: the bundle can't be locked: No locks available"
	assert_fault %fstat 'oci-vfio-hook\.lock>' EIO 74 "$CONFIG: the bundle's lock can't be examined: Input/output error"
}

@test "config.json can't be examined" {
	assert_fault %fstat 'bundle/config.json>' EIO 74 "$CONFIG: can't be examined: Input/output error"
}

@test "config.json is changed meanwhile" {
	local tries
	traced -e trace=flistxattr -e inject=flistxattr:delay_enter=1000000:when=1 -- apply "$BUNDLE" 3>&- &
	for ((tries = 0; tries < 500; tries++)); do
		[ ! -e "$BUNDLE/.config.json.oci-vfio-hook" ] || break
		sleep 0.01
	done
	echo >> "$CONFIG"
	remember
	wait $!
	grep -qF "$CONFIG: somebody else has changed it meanwhile; nothing was changed, run again" "$BATS_TEST_TMPDIR/stderr" ||
		fail "$(< "$BATS_TEST_TMPDIR/stderr")"
	assert_unchanged
}

@test "a limit on the size of files" {
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	# The token fits and so does what is said, the new config.json doesn't.
	[ "$(wc -c < "$CONFIG")" -gt 400 ]
	remember
	status=0
	prlimit --fsize=400 -- "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_refused 74 "$CONFIG: can't be written: File too large: raise the limit on the size of files, RLIMIT_FSIZE; nothing was changed"
	status=0
	prlimit --fsize=400 -- "$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 74
	assert_error "stdout: can't be written: File too large"
	wrapper
	machine_command prlimit --fsize=400 -- "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_refused_call "$CONFIG: can't be written: File too large"
	# Where the token doesn't fit there is none.
	rm -r "$ROOT/run/oci-vfio-hook"
	prlimit --fsize=10 -- "$OCI_VFIO_HOOK" --root "$ROOT" apply --output "$BATS_TEST_TMPDIR/new.json" "$BUNDLE" 2>&1 | cat > "$STDERR"
	grep -qF "new.json: can't be written: File too large" "$STDERR" || fail "$(< "$STDERR")"
	[ -z "$(ls -A "$ROOT/run/oci-vfio-hook")" ] || fail "$(ls -A "$ROOT/run/oci-vfio-hook")"
}

@test "the new file" {
	needs_root
	local new='bundle/\.config\.json\.oci-vfio-hook>'
	assert_fault openat '/\.config\.json\.oci-vfio-hook["'"'"']|"\.config\.json\.oci-vfio-hook"' EMFILE 74 \
		"$CONFIG: can't make a new file beside it: Too many open files; nothing was changed"
	assert_fault %fstat "$new" EIO 74 "$CONFIG: can't examine the new file: Input/output error; nothing was changed"
	assert_fault fchmod "$new" EPERM 77 "$CONFIG: can't give the new file its mode: Operation not permitted" 'rights of the file'
	BEFORE_RUN="chown 65534 '$CONFIG'"
	assert_fault fchown "$new" EPERM 77 "$CONFIG: can't give the new file its owner: Operation not permitted"
}

@test "the access list that the new file inherits" {
	# Version 2, then tag, permissions and id: u::rw-, u:7:rw-, g::r--, m::rw-, o::r--.
	python3 - "$BUNDLE" <<-'END' || skip 'no access lists here'
	import os, struct, sys
	entries = (1, 6, -1), (2, 6, 7), (4, 4, -1), (16, 6, -1), (32, 4, -1)
	value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
	try:
	    os.setxattr(sys.argv[1], "system.posix_acl_default", value)
	except OSError:
	    sys.exit(1)
	END
	assert_fault fremovexattr . EPERM 77 "$CONFIG: can't clear the new file's access list: Operation not permitted"
}

@test "--output" {
	assert_output_fault getrandom ', (8|32), 0\)' EIO 74 "output/new.json: no random number for a temporary name: Input/output error"
	assert_output_fault fchmod output/ EROFS 74 "output/new.json: can't give the new file its mode: Read-only file system"
	assert_output_fault %fstat '"new\.json"' EACCES 77 "output/new.json: can't be examined: Permission denied"
}

@test "maps" {
	assert_fault %fstat 'devices\.d/45\.json>' EIO 74 "$MAPS/45.json: can't be examined: Input/output error"
	assert_fault %fstat 'devices\.d>' EIO 74 "$MAPS: can't be examined: Input/output error"
	assert_fault getdents64 'devices\.d>' EIO 74 "$MAPS: can't be listed: Input/output error"
}

# CALLS PATTERN ERROR TEXT...: without the token apply does its work, with a warning and without the annotation.
assert_token_fault() {
	failing "$1" "$2" "$3" apply "$BUNDLE"
	assert_warning 'no annotation io.github.oci-vfio-hook.applied is written' "${@:4}"
	assert_spec 'has("annotations") | not'
	assert_no_leftover
}

@test "the token" {
	needs_root
	assert_token_fault %fstat 'oci-vfio-hook/token>' EIO "/run/oci-vfio-hook/token: can't be examined: Input/output error"
	BEFORE_RUN="rm -rf '$ROOT/run/oci-vfio-hook'"
	assert_token_fault mkdirat oci-vfio-hook ENOSPC "/run/oci-vfio-hook: can't be made: No space left on device"
	assert_token_fault linkat token EIO "/run/oci-vfio-hook/token: can't be made: Input/output error"
	assert_token_fault openat2 'oci-vfio-hook/token".* = [0-9]' ENOENT \
		'/run/oci-vfio-hook/token: is gone as soon as it is made: is something cleaning up there?'
	BEFORE_RUN="rm -rf '$ROOT/run'"
	assert_token_fault fchmod 'machine/run>' EIO "/run: can't be made: Input/output error"
}

@test "the user namespace" {
	needs_root
	remember
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	# Nobody is mapped there.
	unshare --user "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_warning '/proc/self/uid_map: does not map user 65534'
	cp "$BEFORE" "$CONFIG"
	echo 'not a map' > "$BATS_TEST_TMPDIR/uid_map"
	status=0
	# shellcheck disable=SC2016 # For that bash.
	unshare --map-root-user --mount bash -c 'mount --bind "$1" "/proc/$$/uid_map" && shift && exec "$@"' bash \
		"$BATS_TEST_TMPDIR/uid_map" "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_warning '/proc/self/uid_map: has an unknown format'
}

@test "nobody can be listened to; libudev can't listen, or is an old one" {
	local libraries=$BATS_TEST_TMPDIR/libraries
	rm "$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}/driver"
	remember
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	# shellcheck disable=SC2016 # For that bash.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 on_machine strace -qq -o "$TRACE" -e trace=socket \
		-e inject=socket:error=EMFILE "$OCI_VFIO_HOOK" --timeout 1 apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" || status=$?
	grep -qF '(INJECTED)' "$TRACE"
	assert_refused 69 "not waited for: the kernel's events can't be listened to: Too many open files"
	# As where udevd runs, in the network namespace of process 1: then the kernel is listened to instead.
	mkdir -p "$ROOT/run/udev"
	touch "$ROOT/run/udev/control"
	status=0
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 on_machine unshare --pid --fork --mount-proc strace -qq -o "$TRACE" \
		-e trace=socket -e inject=socket:error=EMFILE:when=1 "$OCI_VFIO_HOOK" --log-level=info --timeout 1 apply "$BUNDLE" \
		> "$STDOUT" 2> "$STDERR" || status=$?
	[ "$status" = 75 ]
	grep -qF "libudev can't listen to udevd: Too many open files; the kernel's events are waited for, but not what udev's rules do" "$STDERR"
	mkdir "$libraries"
	cc -shared -Wl,-soname,libudev.so.1 -o "$libraries/libudev.so.1" -x c /dev/null
	status=0
	LD_LIBRARY_PATH=$libraries on_machine unshare --pid --fork --mount-proc "$OCI_VFIO_HOOK" --log-level=info \
		--timeout 1 apply "$BUNDLE" \
		> "$STDOUT" 2> "$STDERR" || status=$?
	[ "$status" = 75 ]
	grep -qF "libudev.so.1 has no udev_new(), which is needed to wait until udev's rules are through: a newer package libudev1 is needed; the kernel's events are waited for" "$STDERR"
	assert_unchanged
}

@test "what sysfs never says" {
	local function=$ROOT/sys/${SYSFS_PATHS[0000:01:00.0]}
	echo x > "$ROOT/sys/${SYSFS_PATHS[0000:00:06.0]}/secondary_bus_number"
	apply
	assert_refused 74 '/sys/bus/pci/devices/0000:00:06.0/secondary_bus_number: is not a bus number'
	echo 1 > "$ROOT/sys/${SYSFS_PATHS[0000:00:06.0]}/secondary_bus_number"
	echo x > "$ROOT/sys/class/vfio/3/dev"
	apply
	assert_refused 74 '/sys/class/vfio/3/dev: is not a pair of device numbers'
	echo 242:0 > "$ROOT/sys/class/vfio/3/dev"
	ln -sfn nowhere "$function/iommu_group"
	apply
	assert_refused 74 '/sys/bus/pci/devices/0000:01:00.0/iommu_group: does not link to a group number'
	ln -sfn ../../../kernel/iommu_groups/3 "$function/iommu_group"
	add_map 45 "$(with '"expect":{"vendor":"8086"}' "$(entry /dev/vfio/45 0000:3b:02.0=06/00)")"
	echo x > "$function/vendor"
	apply
	assert_refused 74 '/sys/bus/pci/devices/0000:01:00.0/vendor: is not a hex number'
}

@test "the wrapper's copy of a file with resources" {
	local resources=$BATS_TEST_TMPDIR/resources.json fault text
	wrapper
	echo '{"devices":[{"allow":true,"access":"rwm"}],"memory":{"limit":7}}' > "$resources"
	remember
	while read -r fault text; do
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 machine_command strace -qq -o "$TRACE" -e "trace=${fault%%:*}" \
			-e "inject=$fault" "$RECORDER_LINK" update --resources "$resources" box
		grep -qF '(INJECTED)' "$TRACE"
		assert_refused_call "$resources: $text"
	done <<-'END'
		memfd_create:error=EMFILE no file in memory for a copy of it: Too many open files
		lseek:error=EIO its copy can't be rewound: Input/output error
	END
}
