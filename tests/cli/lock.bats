#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The bundle's lock: nobody who can only read a bundle holds up a container, writers wait for each other, and what they
# plan is for the config.json that they replace.

load helpers

setup() {
	machine
	bundle
	common_case
	TEMPORARY=$BUNDLE/.config.json.oci-vfio-hook
	LOCK=$TEMPORARY.lock
	# A sanitizer can't look for leaks in a process that is traced.
	TRACED=(env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -o "$BATS_TEST_TMPDIR/calls")
}

# SYSTEM_CALL MICROSECONDS WHEN: the next `apply` takes that much longer before it does that for the WHENth time.
slow_down() {
	SLOW=("${TRACED[@]}" -e "trace=$1" -e "inject=$1:delay_enter=$2:when=$3")
}

# Which of the openat() of `apply` is the one after that in which the held lock turns out to be there?
when_lock_is_opened() {
	local line
	"${TRACED[@]}" -e trace=openat,flock -e inject=flock:error=ENOLCK "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > /dev/null 2>&1 || true
	line=$(grep 'openat(' "$BATS_TEST_TMPDIR/calls" | grep -nm 1 'hook\.lock.*EEXIST' | cut -d : -f 1)
	echo "$((line + 1))"
}

# In the background, with what `slow_down` said.
slow_apply() {
	write_config
	remember
	STDOUT=$BATS_TEST_TMPDIR/stdout
	STDERR=$BATS_TEST_TMPDIR/stderr
	BRIEF=''
	timeout 30 "${SLOW[@]}" "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE" > "$STDOUT" 2> "$STDERR" 3>&- &
	APPLY=$!
}

# Sets $status.
wait_for_apply() {
	status=0
	wait "$APPLY" || status=$?
}

# FILE: until it is there.
wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.05
	done
	fail "$1 never came"
}

# Nothing that `apply` did took longer than it should.
assert_quick() {
	[ $((SECONDS - BEGIN)) -lt 4 ] || fail "it took $((SECONDS - BEGIN)) s"
}

@test "a flock of config.json, of the bundle or of a leftover by who can only read holds up nobody" {
	local file holders=()
	needs_root
	write_config
	open_to_nobody
	for file in "$CONFIG" "$BUNDLE"; do
		rm -f "$BATS_TEST_TMPDIR/held"
		as_nobody flock "$file" sleep 30 3>&- &
		holders+=($!)
		for _ in {1..100}; do
			flock --nonblock "$file" true || break
			sleep 0.05
		done
		! flock --nonblock "$file" true || fail "$file isn't held"
	done
	BEGIN=$SECONDS
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_no_leftover
	assert_idempotent
	assert_quick
	# Nobody can open what a run makes.
	: > "$LOCK"
	chmod 600 "$LOCK"
	! as_nobody flock "$LOCK" true 2> /dev/null || fail 'a reader has it'
	kill "${holders[@]}"
}

@test "a run that changes nothing takes no lock, whoever holds it" {
	local command
	apply
	assert_silent
	remember
	hold_lock
	BEGIN=$SECONDS
	for command in "apply $BUNDLE" "plan $BUNDLE"; do
		# shellcheck disable=SC2086 # Two words.
		hook --root "$ROOT" $command
		assert_silent
	done
	printf '{"ociVersion":"1.0.2","id":"box","status":"created","bundle":"%s"}' "$BUNDLE" > "$BATS_TEST_TMPDIR/state"
	"$OCI_VFIO_HOOK" --root "$ROOT" createRuntime < "$BATS_TEST_TMPDIR/state"
	assert_quick
	# Nor does one that writes elsewhere.
	rm "$CONFIG"
	apply --output "$BATS_TEST_TMPDIR/out.json"
	assert_silent
	hook --root "$ROOT" plan "$BUNDLE"
	assert_silent
	assert_quick
	rm "$LOCK"
	assert_unchanged
}

# TIMEOUT SECONDS MICROSECONDS: createRuntime with this timeout, which gets to the lock 8 s late, waits so long for it, and has
# taken no longer in all.
late_stage() {
	local begin=${EPOCHREALTIME/./} state="{\"ociVersion\":\"1.0.2\",\"id\":\"box\",\"status\":\"created\",\"bundle\":\"$BUNDLE\"}"
	status=0
	timeout 30 "${TRACED[@]}" -e trace=flock -e inject=flock:delay_enter=8000000:when=1 \
		"$OCI_VFIO_HOOK" --root "$ROOT" createRuntime --timeout "$1" 2> "$BATS_TEST_TMPDIR/stderr" <<< "$state" || status=$?
	echo "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms, status $status: $(< "$BATS_TEST_TMPDIR/stderr")"
	[ "$status" = 75 ]
	grep -F "$CONFIG: another process has held the bundle's lock, .config.json.oci-vfio-hook.lock beside it, for $2 s:" "$BATS_TEST_TMPDIR/stderr"
	[ $((${EPOCHREALTIME/./} - begin)) -lt "$3" ]
}

@test "a stage that gets a state ends before Kata's agent kills it" {
	write_config
	hold_lock
	late_stage 9 1 9800000
}

@test "with a longer --timeout a stage has more time" {
	write_config
	hold_lock
	late_stage 10 5 20000000
}

@test "a run that changes nothing makes no file, not even for a moment" {
	apply
	assert_silent
	"${TRACED[@]}" "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE"
	! grep -E 'O_CREAT|flock|rename|unlink' "$BATS_TEST_TMPDIR/calls" || fail 'it did'
}

@test "a writer waits, and plans for what is there then" {
	write_config
	hold_lock
	SLOW=()
	slow_apply
	sleep 0.5
	# What the other one wrote.
	jq '.linux.devices += [{"path":"/dev/vfio/46","type":"c","major":243,"minor":6}] | .hostname = "other"' "$BEFORE" > "$TEMPORARY"
	mv "$TEMPORARY" "$CONFIG"
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
	assert_spec '.hostname == "other"'
	assert_no_leftover
	assert_idempotent
}

@test "a writer waits, and has nothing left to do" {
	write_config
	cp "$CONFIG" "$BATS_TEST_TMPDIR/original.json"
	apply
	assert_silent
	cp "$CONFIG" "$BATS_TEST_TMPDIR/mapped.json"
	cp "$BATS_TEST_TMPDIR/original.json" "$CONFIG"
	hold_lock
	SLOW=()
	slow_apply
	sleep 0.5
	cp "$BATS_TEST_TMPDIR/mapped.json" "$CONFIG"
	remember
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_silent
	assert_unchanged
}

@test "a writer waits, and what it would do by then is refused" {
	write_config
	hold_lock
	SLOW=()
	slow_apply
	sleep 0.5
	jq '.linux.devices[0].major = "x"' "$BEFORE" > "$TEMPORARY"
	mv "$TEMPORARY" "$CONFIG"
	remember
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_refused 65 'linux.devices[0].major'
}

@test "a writer waits, and a function that it needs is gone by then" {
	write_config
	hold_lock
	SLOW=()
	slow_apply
	sleep 0.5
	rm -r "$ROOT"/sys/bus/pci/devices/*
	jq '.hostname = "other"' "$BEFORE" > "$TEMPORARY"
	mv "$TEMPORARY" "$CONFIG"
	remember
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_refused 69 'is not in /sys/bus/pci/devices'
}

@test "what was said of a plan that is made again is said once" {
	add_env PCIDEVICE_B=0000:3b:07.7
	write_config
	hold_lock
	SLOW=()
	slow_apply
	sleep 0.5
	jq '.hostname = "other"' "$BEFORE" > "$TEMPORARY"
	mv "$TEMPORARY" "$CONFIG"
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_warning PCIDEVICE_B
	[ "$(wc -l < "$STDERR")" = 1 ] || fail "$(show_output)"
}

@test "somebody who takes no lock has changed it while the new file was written: 74, and it stays" {
	local change
	# shellcheck disable=SC2016 # For eval.
	for change in 'echo >> "$CONFIG"' 'cp "$CONFIG" "$CONFIG.new"; mv "$CONFIG.new" "$CONFIG"' 'chmod 640 "$CONFIG"' \
		'touch -d "1 hour ago" "$CONFIG"'; do
		rm -f "$CONFIG"
		slow_down flistxattr 1500000 1
		slow_apply
		wait_for "$TEMPORARY"
		eval "$change"
		remember
		wait_for_apply
		assert_refused 74 'somebody else has changed it meanwhile; nothing was changed, run again'
	done
	# Or has removed it.
	rm -f "$CONFIG"
	slow_apply
	wait_for "$TEMPORARY"
	mv "$CONFIG" "$BATS_TEST_TMPDIR/away.json"
	wait_for_apply
	assert_status 74
	assert_error 'is gone'
	assert_no_leftover
	[ ! -e "$CONFIG" ]
}

@test "somebody keeps changing it: 74 after a few attempts" {
	local writer
	write_config
	# Each time that config.json is read it is another one.
	SLOW=("${TRACED[@]}" -e 'trace=openat,openat2' -e 'inject=openat,openat2:delay_enter=30000')
	(
		i=0
		while :; do
			jq -c ".hostname = \"$((i += 1))\"" "$CONFIG" > "$BATS_TEST_TMPDIR/next.json"
			mv "$BATS_TEST_TMPDIR/next.json" "$CONFIG"
		done
	) 3>&- &
	writer=$!
	slow_apply
	wait_for_apply
	kill "$writer"
	wait "$writer" || true
	assert_status 74
	assert_error 'another process keeps changing it; nothing was changed, run again later'
	assert_spec '.linux.devices[0].path == "/dev/vfio/45"'
	assert_no_leftover
}

@test "a lock that nobody holds any more, and what isn't a lock, is not in the way" {
	local make
	# shellcheck disable=SC2016 # For eval.
	for make in ':' 'chmod 000 "$LOCK"' 'chmod 666 "$LOCK"' 'rm "$LOCK"; ln -s nowhere "$LOCK"' 'rm "$LOCK"; ln -s config.json "$LOCK"' \
		'rm "$LOCK"; mkfifo "$LOCK"' 'chmod 644 "$LOCK"'; do
		rm -f "$CONFIG"
		(umask 077 && : > "$LOCK")
		eval "$make"
		BEGIN=$SECONDS
		apply
		assert_silent
		assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
		assert_no_leftover
		assert_quick
	done
	rm "$CONFIG"
	mkdir "$LOCK"
	apply
	assert_status 74
	assert_error "the bundle can't be locked: .config.json.oci-vfio-hook.lock beside it is in the way: remove it"
	cmp "$CONFIG" "$BEFORE"
	[ ! -e "$BUNDLE/nowhere" ]
}

@test "a lock that can't be taken is left where somebody else may hold it" {
	local inode
	write_config
	remember
	hold_lock
	inode=$(stat -c %i "$LOCK")
	for error in ENOLCK EIO; do
		SLOW=("${TRACED[@]}" -e trace=flock -e "inject=flock:error=$error")
		slow_apply
		wait_for_apply
		assert_status 74
		assert_error "the bundle can't be locked"
		cmp "$CONFIG" "$BEFORE"
		[ "$(stat -c %i "$LOCK")" = "$inode" ] || fail "$error: the lock is gone"
	done
}

@test "a lock that is removed while somebody opens it is made again" {
	write_config
	hold_lock
	# Its second openat() of the lock: the first finds that it is there.
	slow_down openat 1500000 "$(when_lock_is_opened)"
	slow_apply
	sleep 0.7
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_no_leftover
}

@test "a stranger's lock, in a bundle where everybody may make files" {
	needs_root
	write_config
	open_to_nobody
	chmod 1777 "$BUNDLE"
	# shellcheck disable=SC2016 # For that sh.
	as_nobody sh -c 'umask 077; : > "$0"' "$LOCK"
	as_nobody flock "$LOCK" sleep 30 3>&- &
	for _ in {1..100}; do
		flock --nonblock "$LOCK" true || break
		sleep 0.05
	done
	BEGIN=$SECONDS
	apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_no_leftover
	assert_quick
	kill %%
	# Or one of root's that others can read, however it came there.
	rm "$CONFIG"
	write_config
	install -m 644 /dev/null "$LOCK"
	as_nobody flock "$LOCK" sleep 30 3>&- &
	for _ in {1..100}; do
		flock --nonblock "$LOCK" true || break
		sleep 0.05
	done
	BEGIN=$SECONDS
	apply
	assert_silent
	assert_no_leftover
	assert_quick
	kill %%
}

@test "a lock that was given back while somebody waited for it is none" {
	slow_down flock 1500000 1
	slow_apply
	wait_for "$LOCK"
	# Its holder removes it, and the next one makes another.
	rm "$LOCK"
	hold_lock
	sleep 2.5
	cmp "$CONFIG" "$BEFORE" || fail 'two write at once'
	rm "$LOCK"
	exec 8>&-
	wait_for_apply
	assert_silent
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_no_leftover
}

@test "whoever owns the bundle shares the lock with root" {
	needs_root
	write_config
	open_to_nobody
	chown -R 65534:65534 "$BUNDLE"
	# shellcheck disable=SC2016 # For that sh.
	as_nobody sh -c 'umask 077; : > "$0"; exec flock "$0" sleep 2.5' "$LOCK" 3>&- &
	wait_for "$LOCK"
	for _ in {1..100}; do
		flock --nonblock "$LOCK" true 2> /dev/null || break
		sleep 0.05
	done
	BEGIN=$SECONDS
	apply
	assert_silent
	[ $((SECONDS - BEGIN)) -ge 1 ] || fail 'it did not wait'
	assert_no_leftover
}

@test "many writers, one after another, whatever the umask: each finds what the last one did" {
	local i pids=()
	write_config
	for i in {1..12}; do
		(umask 0777 && exec timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" apply "$BUNDLE") 2>> "$BATS_TEST_TMPDIR/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ ! -s "$BATS_TEST_TMPDIR/said" ] || fail "$(< "$BATS_TEST_TMPDIR/said")"
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_proven
	assert_no_leftover
	assert_idempotent
}

@test "the lock file's mode, and that it is gone afterwards, after a failure too" {
	local mask
	slow_down flistxattr 1500000 1
	for mask in 022 0777 0; do
		rm -f "$CONFIG"
		write_config
		chmod 640 "$CONFIG"
		umask "$mask"
		slow_apply
		umask 022
		wait_for "$TEMPORARY"
		[ "$(stat -c %a "$LOCK" "$TEMPORARY" | xargs)" = '600 600' ] || fail "umask $mask: $(stat -c %a "$LOCK" "$TEMPORARY")"
		flock --nonblock "$LOCK" true && fail 'it is not held'
		wait_for_apply
		assert_silent
		assert_no_leftover
		[ "$(stat -c %a "$CONFIG")" = 640 ] || fail "umask $mask: $(stat -c %a "$CONFIG")"
	done
}
