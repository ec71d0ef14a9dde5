#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The hook stages: precreate, createRuntime and prestart. JSON comes on stdin, which is read to its end whatever happens.

load helpers
load wrapper

setup() {
	machine
	bundle
	CASES=$BATS_TEST_DIRNAME/../cases
	WRITER=$BATS_TEST_TMPDIR/writer
	STDOUT=$BATS_TEST_TMPDIR/stdout
	STDERR=$BATS_TEST_TMPDIR/stderr
	# More than a pipe holds.
	PADDING=200000
	# COMMAND...: what the program is run by.
	RUN_BY=(timeout 20)
}

# A machine with both entries, and a spec that needs all kinds of changes; `late` has no change of the environment.
everything() {
	add_env PCIDEVICE_A=0000:3b:02.0
	late
}

late() {
	common_case
	second_host_device
	add_mount /run/card /dev/vfio/45
	write_config
}

# FILE ARGUMENT...: the program with this on stdin, by a pipe. Sets $status.
stage() {
	BRIEF=''
	status=0
	# shellcheck disable=SC2002 # A pipe is what the engines give.
	cat "$1" | "${RUN_BY[@]}" "$OCI_VFIO_HOOK" "${@:2}" > "$STDOUT" 2> "$STDERR" || status=$?
}

# TEXT ARGUMENT...: the text on stdin and after it more white space than a pipe holds: whoever writes gets rid of it all.
drained() {
	BRIEF=''
	status=0
	{
		(printf '%s' "$1" && printf '%*s' "$PADDING" '') 2> "$WRITER.error"
		echo $? > "$WRITER"
	} | "${RUN_BY[@]}" "$OCI_VFIO_HOOK" "${@:2}" > "$STDOUT" 2> "$STDERR" || status=$?
	[ "$(< "$WRITER")" = 0 ] || fail "stdin wasn't read to its end: the writer ended with $(< "$WRITER")" "$(show_output)"
}

# STATUS SUBSTRING...: failed, with one line and nothing on stdout.
assert_failed() {
	assert_status "$1"
	assert_error "${@:2}"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
}

# --- precreate ----------------------------------------------------------------------------------------------------

# What `apply` makes of config.json is what precreate prints; where it refuses, precreate prints nothing and says the
# same, but for the place.
assert_as_apply() {
	apply --output "$BATS_TEST_TMPDIR/applied.json" "$@"
	local expected=$status error
	error=$(< "$STDERR")
	stage "$CONFIG" --root "$ROOT" "${OPTIONS[@]}" precreate "$@"
	assert_status "$expected"
	if [ "$expected" = 0 ]; then
		cmp "$STDOUT" "$BATS_TEST_TMPDIR/applied.json" || fail "$(diff "$BATS_TEST_TMPDIR/applied.json" "$STDOUT")"
	else
		[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
	fi
	[ "$(sed 's/config\.json on stdin/config.json/g' "$STDERR")" = "${error//"$CONFIG"/config.json}" ] ||
		fail 'apply says:' "$error" "$(show_output)"
	assert_unchanged
}

@test "precreate prints what apply writes" {
	everything
	assert_as_apply
	! cmp -s "$STDOUT" "$CONFIG" || fail 'nothing changed'
	# Once more: nothing changes.
	cp "$STDOUT" "$BATS_TEST_TMPDIR/once.json"
	stage "$BATS_TEST_TMPDIR/once.json" --root "$ROOT" precreate
	assert_silent
	cmp "$STDOUT" "$BATS_TEST_TMPDIR/once.json"
}

@test "precreate prints what apply writes: whole captures, to the byte" {
	needs_root
	local case
	for case in "$CASES"/*/expected.json; do
		case=${case%/*}
		rm -rf "${BATS_TEST_TMPDIR:?}"/*
		setup
		mkdir -p "$MAPS" "$ROOT/run/oci-vfio-hook"
		# Part of the expected annotation.
		echo 00112233445566778899aabbccddeeff > "$ROOT/run/oci-vfio-hook/token"
		chmod 600 "$ROOT/run/oci-vfio-hook/token"
		# shellcheck source=/dev/null
		. "$case/setup"
		cp "$case/map.json" "$MAPS/case.json"
		stage "$case/bundle/config.json" --root "$ROOT" precreate
		assert_status 0
		cmp "$STDOUT" "$case/expected.json" || fail "${case##*/}: $(diff "$case/expected.json" "$STDOUT")" "$(show_output)"
	done
}

@test "precreate prints what apply writes: warnings, refusals, options" {
	everything
	edit_config '.process.env += ["PCIDEVICE_B=0000:3b:07.7"]'
	assert_as_apply
	[ -s "$STDERR" ] || fail 'expected a warning'
	assert_as_apply --unmapped=error
	edit_config '.linux.devices += [{"path":"/dev/vfio/99","type":"c","major":243,"minor":99}]'
	assert_as_apply
	assert_status 69
	assert_as_apply --unmapped=keep
	assert_status 0
	edit_config '.linux.devices[0].major = "x"'
	assert_as_apply
	assert_status 65
	echo broken > "$MAPS/45.json"
	edit_config '.linux.devices[0].major = 243'
	assert_as_apply
	assert_status 65
}

@test "precreate with podman's, runc's and crun's own specs" {
	local name
	two_functions
	two_entries
	for name in podman runc crun; do
		cp "$CASES/specs/$name.json" "$CONFIG"
		assert_as_apply
		cmp "$STDOUT" "$CONFIG"
		# With our device in it, and as engines have it a cgroup and a rootfs of its own.
		edit_config '.root.path = "/box" | .linux.cgroupsPath = "/test/box" | .linux.devices += [{"path":"/dev/vfio/45","type":"c","major":243,"minor":5}] | .process.env += ["PCIDEVICE_A=0000:3b:02.0"]'
		assert_as_apply
		! cmp -s "$STDOUT" "$CONFIG" || fail 'nothing changed'
	done
}

@test "precreate copies its input byte for byte when nothing changes" {
	local text
	two_functions
	two_entries
	for text in '{}' $'{}\n' $' \t\r\n{\r\n}\r\n\r\n ' '{"process":{"rlimits":[{"type":"RLIMIT_MEMLOCK","hard":18446744073709551615,"soft":18446744073709551615}]}}' \
		$'{"x" :1.0,\n"y": -0,"z":1E+400 ,"u":"\\u00e9\\/\xc3\xa9\\ud83d\\ude00","v":"\\ud800"}\n\n' '{"linux":null,"process":null,"mounts":null}' \
		'{"linux":{"devices":[ {"path":"/dev/fuse","type":"c","major":10,"minor":229}]},"x":{"x":1,"x":2}}' \
		'{"annotations":{"a":"\u0001\\"},"process":{"env":["PCIDEVICE","A=b\tc","PCIDEVICE_B=mlx5_core.sf.10"]}}'; do
		config "$text"
		stage "$CONFIG" --root "$ROOT" precreate
		assert_silent
		cmp "$STDOUT" "$CONFIG" || fail "$text" "$(show_output)"
		# From a file, too.
		status=0
		"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > "$STDOUT" 2> "$STDERR" || status=$?
		assert_silent
		cmp "$STDOUT" "$CONFIG" || fail "$text" "$(show_output)"
	done
	[ ! -e "$ROOT/run/oci-vfio-hook/token" ]
}

@test "precreate keeps all bytes but those of the change" {
	common_case
	printf '\r\n{"x":18446744073709551615,\r\n"root":{"path":"/box"}, "linux" :{"cgroupsPath":"/test/box","devices":[{"path":"\\/dev\\/vfio/45" ,"type":"c","major":243,"minor":5}]},"y" : 1.0}' > "$CONFIG"
	stage "$CONFIG" --root "$ROOT" precreate
	assert_silent
	[[ $(< "$STDOUT") == $'\r\n{"x":18446744073709551615,\r\n"root":{"path":"/box"}, "linux" :{"cgroupsPath":"/test/box","devices":[{"path":"/dev/vfio/3" ,"type":"c","major":242,"minor":0}'*'"y" : 1.0'* ]] ||
		fail "$(show_output)"
	[ "$(tail -c 1 "$STDOUT")" = '}' ]
	assert_as_apply
}

@test "precreate passes 60 MiB through, and refuses more than 64" {
	{ echo '{}' && head -c 60M /dev/zero | tr '\0' ' '; } > "$BATS_TEST_TMPDIR/big.json"
	stage "$BATS_TEST_TMPDIR/big.json" --root "$ROOT" precreate
	assert_silent
	cmp "$STDOUT" "$BATS_TEST_TMPDIR/big.json"
	truncate -s 67108865 "$BATS_TEST_TMPDIR/big.json"
	status=0
	{
		cat "$BATS_TEST_TMPDIR/big.json" 2> "$WRITER.error"
		echo $? > "$WRITER"
	} | timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" precreate > "$STDOUT" 2> "$STDERR" || status=$?
	assert_failed 65 stdin
	[ "$(< "$WRITER")" = 0 ]
}

@test "precreate with no environment, in any directory" {
	local directory
	everything
	assert_as_apply
	cp "$STDOUT" "$BATS_TEST_TMPDIR/expected.json"
	RUN_BY=(env -i)
	for directory in / "$BUNDLE" /proc/self; do
		cd "$directory"
		stage "$CONFIG" --root "$ROOT" precreate
		assert_silent
		cmp "$STDOUT" "$BATS_TEST_TMPDIR/expected.json"
	done
}

@test "precreate in a deleted directory" {
	everything
	assert_as_apply
	cp "$STDOUT" "$BATS_TEST_TMPDIR/expected.json"
	mkdir "$BATS_TEST_TMPDIR/gone"
	cd "$BATS_TEST_TMPDIR/gone"
	rmdir "$BATS_TEST_TMPDIR/gone"
	stage "$CONFIG" --root "$ROOT" precreate
	assert_silent
	cmp "$STDOUT" "$BATS_TEST_TMPDIR/expected.json"
}

@test "precreate for a user in a directory that he can't read" {
	needs_root
	everything
	assert_as_apply
	open_to_nobody
	OCI_VFIO_HOOK=$BATS_TEST_TMPDIR/hook
	RUN_BY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	mkdir -m 700 "$BATS_TEST_TMPDIR/secret"
	cd "$BATS_TEST_TMPDIR/secret"
	stage "$CONFIG" --root "$ROOT" precreate
	assert_status 0
	assert_output '.linux.devices[0] == {"path":"/dev/vfio/3","type":"c","major":242,"minor":0}' \
		'.process.env[-1] == "PCIDEVICE_A=0000:01:00.0"'
}

@test "precreate: stdout stays empty on a failure, and stdin is read to its end" {
	local text
	everything
	for text in '' '{' '[]' 'null' '7' '{}x' "$(cat "$CONFIG")}" $'\xff' '{"linux":7}' '{"linux":{},"linux":{}}' '{"Linux":{}}' \
		'{"linux":{"devices":[{"path":"/dev/vfio/45"}]}}' '{"linux":{"devices":[{"path":"/dev/vfio/45","type":"c","major":243.0,"minor":5}]}}'; do
		drained "$text" --root "$ROOT" precreate
		assert_failed 65 'config.json on stdin'
	done
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=09/00)"
	drained "$(< "$CONFIG")" --root "$ROOT" precreate
	assert_failed 69
	echo broken > "$MAPS/45.json"
	drained "$(< "$CONFIG")" --root "$ROOT" precreate
	assert_failed 65 45.json
	chmod 666 "$MAPS/45.json"
	drained "$(< "$CONFIG")" --root "$ROOT" precreate
	assert_failed 77 45.json
	assert_no_leftover
	[ ! -e "$ROOT/run/oci-vfio-hook/token" ]
}

@test "precreate: stdin is read to its end on success and where there is nothing to do" {
	everything
	drained "$(< "$CONFIG")" --root "$ROOT" precreate
	assert_silent
	assert_output '.linux.devices[0].path == "/dev/vfio/3"'
	echo broken > "$MAPS/45.json"
	drained '{"process":{}}' --root "$ROOT" precreate
	assert_silent
	[ "$(< "$STDOUT")" = "$(printf '{"process":{}}%*s' "$PADDING" '')" ]
}

@test "nothing on stdin: 65, and the message says what belongs there" {
	local name
	everything
	: > "$BATS_TEST_TMPDIR/empty"
	stage "$BATS_TEST_TMPDIR/empty" --root "$ROOT" precreate
	assert_failed 65 "stdin is empty: precreate gets the container's config there; by hand use apply or plan"
	for name in createRuntime prestart ''; do
		# shellcheck disable=SC2086 # Without a command it is createRuntime.
		stage "$BATS_TEST_TMPDIR/empty" --root "$ROOT" $name
		assert_failed 65 "stdin is empty: a hook gets the container's state there; by hand use apply or plan"
	done
	stage <(echo) --root "$ROOT" createRuntime
	assert_failed 65 'state: line 2, column 1: invalid JSON: unexpected end of file'
}

@test "a stage's wrong usage: 64, and stdin is read to its end" {
	local name
	everything
	for name in precreate createRuntime prestart; do
		drained '{}' --root "$ROOT" "$name" x
		assert_failed 64 x
		drained '{}' "$name" --nonsense
		assert_failed 64 --nonsense
		drained '{}' --nonsense=x "$name"
		assert_failed 64 --nonsense
		drained '{}' "$name" --timeout
		assert_failed 64 --timeout
		drained '{}' --root "$ROOT" "$name" --unmapped=x
		assert_failed 64 --unmapped
		drained '{}' --root "$ROOT" "$name" --log-level=x
		assert_failed 64 --log-level
		drained '{}' --root "$ROOT" "$name" --json
		assert_failed 64 --json
		drained '{}' --root "$ROOT" "$name" --output "$BATS_TEST_TMPDIR/output"
		assert_failed 64 --output
		drained '{}' --root "$ROOT" --bind=yes "$name"
		assert_failed 64 --bind
		drained '{}' --root "$ROOT" --config "$BATS_TEST_TMPDIR/no" "$name"
		assert_failed 66 "$BATS_TEST_TMPDIR/no"
		drained '{}' --root "$BATS_TEST_TMPDIR/no" "$name"
		assert_failed 66 "$BATS_TEST_TMPDIR/no"
	done
	drained '{}' --root "$ROOT" precreate --env=warn
	assert_failed 64 --env
	drained '{}' --root "$ROOT" createRuntime --env=x
	assert_failed 64 --env
	[ ! -e "$BATS_TEST_TMPDIR/output" ]
}

@test "a stage's --help and --version: stdin is read to its end" {
	drained '{}' precreate --help
	assert_silent
	grep -q '^usage' "$STDOUT"
	drained '{}' createRuntime --version
	assert_silent
	[ "$(wc -l < "$STDOUT")" = 1 ]
}

@test "a broken configuration: stdin is read to its end" {
	local name
	mkdir -p "$ETC"
	echo broken > "$ETC/config.json"
	for name in precreate createRuntime prestart; do
		drained '{}' --root "$ROOT" "$name"
		assert_failed 65 /etc/oci-vfio-hook/config.json
	done
	drained '{}' --root "$ROOT"
	assert_failed 65 /etc/oci-vfio-hook/config.json
}

@test "no command but options: stdin is read to its end" {
	everything
	drained '{}' --root "$ROOT" --env=x
	assert_failed 64 --env
	drained '{}' --root "$ROOT" --timeout=x
	assert_failed 64 --timeout
	drained '{}' --root "$ROOT" --nonsense
	assert_failed 64 --nonsense
	drained '{}' --nonsense --root "$ROOT"
	assert_failed 64 --nonsense
	drained '{}' --timeout
	assert_failed 64 --timeout
}

@test "precreate given a state: 65 and the word createRuntime" {
	local text
	write_config
	remember
	for text in "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"box\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"$BUNDLE\"}" \
		"{\"ociVersion\":\"1.0\",\"id\":\"box\",\"pid\":0,\"root\":\"/x\",\"bundle\":\"$BUNDLE\",\"status\":\"created\",\"annotations\":{}}" \
		"{\"id\":\"box\",\"bundlePath\":\"$BUNDLE\"}" "{\"bundle\":\"\\/\"}"; do
		drained "$text" --root "$ROOT" precreate
		assert_failed 65 createRuntime
		assert_unchanged
	done
}

@test "a stage on a terminal: 64" {
	local arguments
	everything
	for arguments in "--root $ROOT precreate" "--root $ROOT createRuntime" "--root $ROOT prestart" "--root $ROOT" 'createContainer' \
		'precreate --nonsense'; do
		status=0
		# util-linux gives it a terminal; both outputs come by files of their own.
		timeout 20 script -qec "'$OCI_VFIO_HOOK' $arguments > '$STDOUT' 2> '$STDERR'" /dev/null > /dev/null < /dev/null || status=$?
		assert_failed 64
	done
}

@test "precreate with --device-map" {
	two_functions
	host_device
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	write_config
	assert_as_apply
	assert_output '.linux.devices[0].path == "/dev/vfio/3"'
	device_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	assert_as_apply
	assert_failed 65 'missing devices in OCI spec' /dev/vfio/46
	OPTIONS=(--device-map "$BATS_TEST_TMPDIR/no.json")
	drained '{}' --root "$ROOT" "${OPTIONS[@]}" precreate
	assert_failed 66 no.json
	# Opened also where the spec asks for nothing.
	device_map_text no broken
	drained '{}' --root "$ROOT" precreate "${OPTIONS[@]}"
	assert_failed 65 no.json
}

@test "precreate: stdout that can't be written: 74, and stdin is read to its end" {
	everything
	status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" > /dev/full 2> "$STDERR" || status=$?
	: > "$STDOUT"
	assert_failed 74 stdout
	status=0
	"$OCI_VFIO_HOOK" --root "$ROOT" precreate < "$CONFIG" >&- 2> "$STDERR" || status=$?
	assert_failed 74 stdout
	status=0
	{
		(printf '{}%*s' "$PADDING" '') 2> "$WRITER.error"
		echo $? > "$WRITER"
	} | timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" precreate > /dev/full 2> "$STDERR" || status=$?
	assert_failed 74 stdout
	[ "$(< "$WRITER")" = 0 ]
}

@test "precreate: a reader that goes away doesn't end it without a word" {
	everything
	# shellcheck disable=SC2016 # For that bash.
	status=$(bash -c 'trap "" PIPE; { sleep 0.2; "$1" --root "$2" precreate < "$3" 2> "$4"; echo $? > "$5"; } | true; cat "$5"' bash \
		"$OCI_VFIO_HOOK" "$ROOT" "$CONFIG" "$STDERR" "$BATS_TEST_TMPDIR/status")
	: > "$STDOUT"
	assert_failed 74 stdout
}

@test "a closed stdin, or one that isn't for reading: an error, and nothing on stdout" {
	local name
	everything
	remember
	for name in precreate createRuntime prestart; do
		status=0
		"$OCI_VFIO_HOOK" --root "$ROOT" "$name" <&- > "$STDOUT" 2> "$STDERR" || status=$?
		[ "$status" != 0 ] || fail "$(show_output)"
		assert_failed "$status"
		status=0
		"$OCI_VFIO_HOOK" --root "$ROOT" "$name" < / > "$STDOUT" 2> "$STDERR" || status=$?
		[ "$status" != 0 ] || fail "$(show_output)"
		assert_failed "$status" stdin
		status=0
		"$OCI_VFIO_HOOK" --root "$ROOT" "$name" < /dev/null > "$STDOUT" 2> "$STDERR" || status=$?
		assert_failed 65
	done
	assert_unchanged
}

@test "input that comes in pieces" {
	late
	expect_rewriting
	status=0
	while IFS= read -r line; do
		sleep 0.01
		printf '%s\n' "$line"
	done < "$CONFIG" | timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" precreate > "$STDOUT" 2> "$STDERR" || status=$?
	assert_silent
	cmp "$STDOUT" "$REWRITTEN"
	{
		printf '{"bun'
		sleep 0.1
		printf 'dle":"%s' "$BUNDLE"
		sleep 0.1
		printf '"'
		sleep 0.1
		printf '}'
	} | timeout 20 "$OCI_VFIO_HOOK" --root "$ROOT" createRuntime > "$STDOUT" 2> "$STDERR" || status=$?
	assert_status 0
	cmp "$CONFIG" "$REWRITTEN"
}

# --- createRuntime and prestart -------------------------------------------------------------------------------------

# The state as each runtime prints it, of $BUNDLE and $PID.
runc_state() {
	printf '{"ociVersion":"1.0.2-dev","id":"box","status":"creating","pid":%s,"bundle":"%s","annotations":{"a/b":"c\\"d"}}' "$PID" "$BUNDLE"
}

crun_state() {
	printf '{"ociVersion":"1.0","id":"box","pid":%s,"root":"%s/rootfs","bundle":"%s","status":"created","annotations":{"a/b":"c\\"d"}}' \
		"$PID" "$BUNDLE" "$BUNDLE"
}

new_crun_state() {
	printf '{\n    "ociVersion": "1.0",\n    "id": "box",\n    "pid": %s,\n    "root": "%s",\n    "bundle": "%s",\n    "status": "created",\n    "annotations": {\n        "a/b": "c\\"d"\n    }\n}\n' \
		"$PID" "${BUNDLE//\//\\/}\\/rootfs" "${BUNDLE//\//\\/}"
}

PID=4194304

# ARGUMENT...: the hook with the state in $STATE rewrites the bundle as apply does, and says that at --root the created
# container isn't touched (what is done to it: tests/vm/live.bats). The bundle is as before again.
assert_state_rewrites() {
	drained "$STATE" --root "$ROOT" "$@"
	assert_warning config.json 'created container'
	[ ! -s "$STDOUT" ] || fail "$(show_output)"
	cmp "$CONFIG" "$REWRITTEN" || fail "$STATE" "$(show_output)"
	assert_no_leftover
	cp "$BEFORE" "$CONFIG"
}

@test "createRuntime and prestart rewrite the bundle as apply does, from the state of each runtime" {
	local name kind
	late
	expect_rewriting
	for name in createRuntime prestart; do
		for PID in 4194304 0 1 $$; do
			for kind in runc_state crun_state new_crun_state; do
				STATE=$($kind)
				assert_state_rewrites "$name"
			done
		done
	done
}

@test "no command: createRuntime" {
	late
	expect_rewriting
	STATE=$(runc_state)
	assert_state_rewrites
	STATE=$(new_crun_state)
	assert_state_rewrites
	STATE="{\"bundlePath\":\"$BUNDLE\"}"
	assert_state_rewrites
	STATE=$(crun_state)
	assert_state_rewrites --unmapped=error
	# By --root only a built machine is seen, so that no command and no argument at all is tried on one of its own.
	STATE=$(runc_state)
	wrapper
	cp "$OCI_VFIO_HOOK" "$SBIN/hook"
	status=0
	in_machine timeout 20 hook > "$STDOUT" 2> "$STDERR" <<< "$STATE" || status=$?
	assert_failed 65 "pid $PID" 'no such process'
	cmp "$CONFIG" "$BEFORE"
}

@test "a state with bundlePath, without pid, with more than we know, in any order" {
	late
	expect_rewriting
	for STATE in "{\"bundle\":\"$BUNDLE\"}" "{\"bundlePath\":\"$BUNDLE\"}" "{\"bundlePath\":\"$BUNDLE\",\"bundle\":\"$BUNDLE\"}" \
		"{\"bundle\":null,\"bundlePath\":\"$BUNDLE\",\"pid\":null}" "{\"pid\":0,\"bundle\":\"$BUNDLE/\"}" "{\"bundle\":\"$BUNDLE/../bundle\"}" \
		"{\"ociVersion\":\"9.9.9\",\"x\":[{\"bundle\":7,\"a\":18446744073709551615}],\"pid\":1,\"id\":\"\",\"status\":\"x\",\"bundle\":\"$BUNDLE\"}" \
		$'\r\n\t{ "bundle"\n:\n"'"$BUNDLE"$'"\r\n}\r\n' "{\"\\u0062undle\":\"${BUNDLE//b/\\u0062}\"}"; do
		assert_state_rewrites createRuntime
	done
}

@test "nothing to do: silence, no warning, and nothing is touched" {
	two_functions
	two_entries
	add_mount /run/card /run/card
	add_env A=0000:3b:02.0
	write_config
	remember
	for PID in 0 4711; do
		drained "$(runc_state)" --root "$ROOT" createRuntime
		assert_silent
		[ ! -s "$STDOUT" ]
		assert_unchanged
	done
	echo broken > "$MAPS/45.json"
	drained "$(crun_state)" --root "$ROOT" prestart
	assert_silent
	assert_unchanged
	[ ! -e "$ROOT/run/oci-vfio-hook/token" ]
}

@test "a second run changes nothing and says nothing" {
	late
	apply
	assert_silent
	remember
	for name in createRuntime prestart; do
		drained "$(runc_state)" --root "$ROOT" "$name"
		assert_silent
		assert_unchanged
	done
}

@test "the environment would have to change: 65 with the front ends that can, and nothing is changed" {
	local name
	everything
	remember
	for name in createRuntime prestart; do
		drained "$(runc_state)" --root "$ROOT" "$name"
		assert_failed 65 "$CONFIG" 'process.env[2]' precreate oci-vfio-runtime apply
		assert_unchanged
		drained "$(runc_state)" --root "$ROOT" --env=error "$name"
		assert_failed 65 precreate oci-vfio-runtime apply
		assert_unchanged
	done
	drained "$(runc_state)" --root "$ROOT"
	assert_failed 65 precreate oci-vfio-runtime apply
	assert_unchanged
}

@test "only the environment would have to change: 65 as well" {
	two_functions
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_env PCIDEVICE_A=0000:3b:02.0
	write_config
	remember
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_failed 65 precreate oci-vfio-runtime apply
	assert_unchanged
	# By apply before, it is done.
	apply
	remember
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_silent
	assert_unchanged
}

@test "--env=warn: the environment is written, with a warning" {
	everything
	expect_rewriting
	STATE=$(runc_state)
	assert_state_rewrites createRuntime --env=warn
	grep -q 'environment' "$STDERR" || fail "$(show_output)"
	assert_state_rewrites --env=warn prestart
	assert_state_rewrites --env warn
	# By the configuration, which the command line overrides.
	echo '{"env":"warn"}' > "$ETC/config.json"
	assert_state_rewrites createRuntime
	grep -q 'environment' "$STDERR" || fail "$(show_output)"
	drained "$STATE" --root "$ROOT" --env=error createRuntime
	assert_failed 65 precreate
	assert_unchanged_text
}

@test "--leftover: arguments and variables fall under --env, annotations don't" {
	late
	edit_config '.process.args = ["x", "-a", "3b:02.0"] | .annotations = {"a/b": "3b:02.0"}'
	remember
	# By default they are told of.
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_warning "process.args[2] still has the host's 3b:02.0" "annotations[\"a/b\"] still has the host's 3b:02.0" 'created container'
	cp "$BEFORE" "$CONFIG"
	remember
	drained "$(runc_state)" --root "$ROOT" --leftover=translate createRuntime
	assert_failed 65 "$CONFIG" 'process.args[2]: the arguments have to change, which is too late at this stage' precreate --env=warn
	assert_unchanged
	drained "$(runc_state)" --root "$ROOT" --leftover=error createRuntime
	assert_failed 69 'process.args[2] (3b:02.0), annotations["a/b"] (3b:02.0)'
	assert_unchanged
	drained "$(runc_state)" --root "$ROOT" --leftover=translate --env=warn createRuntime
	assert_warning "the arguments of the container's first process keep the host's names"
	assert_spec '.process.args == ["x", "-a", "01:00.0"]' '.annotations["a/b"] == "01:00.0"'
	cp "$BEFORE" "$CONFIG"
	edit_config '.process.args = ["x"] | .process.env += ["A=3b:02.0"]'
	remember
	drained "$(runc_state)" --root "$ROOT" --leftover=translate createRuntime
	assert_failed 65 'process.env[2]: the environment has to change, which is too late at this stage'
	assert_unchanged
	drained "$(runc_state)" --root "$ROOT" --leftover=translate --env=warn createRuntime
	assert_warning "the environment of the container's first process keeps the host's addresses"
	assert_env A=01:00.0
	cp "$BEFORE" "$CONFIG"
	edit_config 'del(.process) | .annotations = {"a/b": "3b:02.0"}'
	drained "$(runc_state)" --root "$ROOT" --leftover=translate createRuntime
	assert_warning 'created container'
	[ "$(wc -l < "$STDERR")" = 1 ] || fail "$(show_output)"
	assert_spec '.annotations["a/b"] == "01:00.0"'
}

@test "a variable that stays whole with a warning stops nothing" {
	late
	edit_config '.process.env += ["PCIDEVICE_B=0000:3b:07.7"]'
	remember
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_warning 0000:3b:07.7 'created container'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196' '/dev/vfio/4 c 242:1'
	assert_env PCIDEVICE_B=0000:3b:07.7
}

@test "a config instead of a state: 65 and the word precreate" {
	local text arguments
	everything
	remember
	for text in "$(< "$CONFIG")" "$(< "$CASES/specs/podman.json")" "$(< "$CASES/specs/runc.json")" '{"linux":{}}' '{"process":{}}' \
		'{"ociVersion":"1.0.2","root":{"path":"rootfs"},"mounts":[]}'; do
		for arguments in createRuntime prestart ''; do
			# shellcheck disable=SC2086 # None is none.
			drained "$text" --root "$ROOT" $arguments
			assert_failed 65 precreate
		done
	done
	assert_unchanged
}

@test "a state that is none: 65, and stdin is read to its end" {
	local text
	late
	remember
	for text in '' '{' '[]' 'null' '"x"' '{}' '{"id":"box"}' '{"bundle":7}' '{"bundle":""}' '{"bundle":null}' '{"bundle":"/a","bundlePath":"/b"}' \
		"{\"bundle\":\"$BUNDLE\",\"bundle\":\"$BUNDLE\"}" "{\"Bundle\":\"$BUNDLE\"}" "{\"bundle\":\"$BUNDLE\",\"pid\":\"1\"}" \
		"{\"bundle\":\"$BUNDLE\",\"pid\":-1}" "{\"bundle\":\"$BUNDLE\",\"pid\":1.0}" "{\"bundle\":\"$BUNDLE\"}x" "{\"bundle\":\"$BUNDLE\"" \
		"{\"bundle\":\"$BUNDLE\\u0000\"}" $'{"bundle":"\xff"}'; do
		drained "$text" --root "$ROOT" createRuntime
		assert_failed 65 state
		assert_unchanged
	done
}

@test "a state of 1 MiB, and one byte more" {
	local length
	late
	expect_rewriting
	STATE=$(runc_state)
	PADDING=$((1048576 - ${#STATE}))
	assert_state_rewrites createRuntime
	PADDING=$((PADDING + 1))
	drained "$STATE" --root "$ROOT" createRuntime
	assert_failed 65 stdin
	assert_unchanged_text
	PADDING=5000000
	drained "$STATE" --root "$ROOT" createRuntime
	assert_failed 65 stdin
	assert_unchanged_text
}

@test "a bundle that isn't there: 66; one that is broken: 65" {
	drained "{\"bundle\":\"$BATS_TEST_TMPDIR/no\"}" --root "$ROOT" createRuntime
	assert_failed 66 "$BATS_TEST_TMPDIR/no"
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_failed 66 "$CONFIG"
	# What crun says when devices and a user namespace meet.
	mkdir "$BATS_TEST_TMPDIR/empty"
	drained "{\"root\":\"$BUNDLE/rootfs\",\"bundle\":\"$BATS_TEST_TMPDIR/empty\",\"pid\":1}" --root "$ROOT" createRuntime
	assert_failed 66 "$BATS_TEST_TMPDIR/empty/config.json"
	config broken
	remember
	drained "$(runc_state)" --root "$ROOT" prestart
	assert_refused 65 "$CONFIG"
}

@test "a device that isn't there: 69, and nothing is changed" {
	late
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=09/00)"
	remember
	drained "$(runc_state)" --root "$ROOT" createRuntime
	assert_refused 69 09
}

@test "createRuntime with no environment, in any directory" {
	late
	expect_rewriting
	STATE=$(runc_state)
	RUN_BY=(env -i)
	cd /
	assert_state_rewrites createRuntime
	mkdir "$BATS_TEST_TMPDIR/gone"
	cd "$BATS_TEST_TMPDIR/gone"
	rmdir "$BATS_TEST_TMPDIR/gone"
	assert_state_rewrites prestart
}

@test "createRuntime with --device-map" {
	two_functions
	host_device
	control_device
	device_map one "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	expect_rewriting
	STATE=$(runc_state)
	assert_state_rewrites "${OPTIONS[@]}" createRuntime
	device_map two "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
	drained "$STATE" --root "$ROOT" "${OPTIONS[@]}" createRuntime
	assert_failed 65 'missing devices in OCI spec'
	assert_unchanged_text
}

@test "closed stdout and stderr don't keep createRuntime from its work" {
	late
	expect_rewriting
	runc_state | "$OCI_VFIO_HOOK" --root "$ROOT" createRuntime >&- 2>&-
	cmp "$CONFIG" "$REWRITTEN"
	assert_no_leftover
}

@test "16 hooks at once on one bundle" {
	late
	expect_rewriting
	runc_state > "$BATS_TEST_TMPDIR/state"
	seq 16 | xargs -P 16 -I{} sh -c "'$OCI_VFIO_HOOK' --root '$ROOT' --log-level=error createRuntime < '$BATS_TEST_TMPDIR/state'" > "$STDOUT" 2> "$STDERR"
	[ ! -s "$STDOUT" ] && [ ! -s "$STDERR" ] || fail "$(cat "$STDOUT" "$STDERR")"
	cmp "$CONFIG" "$REWRITTEN"
	assert_no_leftover
}

# --- names ---------------------------------------------------------------------------------------------------------

@test "stages that can never work: 64 with the reason, and stdin is read to its end" {
	local name
	late
	remember
	for name in createContainer startContainer poststart poststop; do
		drained "$(runc_state)" --root "$ROOT" "$name"
		assert_refused 64 "$name"
		[ "$(wc -w < "$STDERR")" -ge 10 ] || fail 'no reason' "$(show_output)"
		! grep -qi unknown "$STDERR" || fail 'no reason' "$(show_output)"
		drained "$(runc_state)" "$name" --nonsense
		assert_refused 64
	done
}

@test "args without the program's name: the message says so, and stdin is read to its end" {
	local name
	late
	remember
	for name in createRuntime prestart precreate createContainer; do
		status=0
		# shellcheck disable=SC2016 # For that bash.
		RUN_BY=(bash -c 'exec -a "$0" "$@"' "$name")
		drained "$(runc_state)"
		assert_refused 64 "came as the program's name; the args of the hook must begin with a name" "$name"
		drained "$(runc_state)" --root "$ROOT"
		assert_refused 64 args "$name"
	done
}

@test "another name of the program means nothing" {
	local name
	late
	expect_rewriting
	STATE=$(runc_state)
	for name in x createruntime /x/oci-vfio-hook ''; do
		# shellcheck disable=SC2016 # For that bash.
		RUN_BY=(bash -c 'exec -a "$0" "$@"' "$name")
		assert_state_rewrites createRuntime
	done
}

@test "argc 0 is legal: createRuntime" {
	local name
	late
	expect_rewriting
	STATE=$(runc_state)
	wrapper
	cp "$OCI_VFIO_HOOK" "$SBIN/hook"
	# Linux makes of no argument an empty one, since 5.18.
	for name in '' '""'; do
		status=0
		in_machine perl -e "my @arguments = ($name); exec { \$ARGV[0] } @arguments or die" /usr/local/sbin/hook \
			> "$STDOUT" 2> "$STDERR" < <(printf '%s' "$STATE" && printf '%*s' "$PADDING" '') || status=$?
		assert_failed 65 "pid $PID" 'no such process'
		cmp "$CONFIG" "$BEFORE"
	done
}

@test "nothing says where the rootfs of the created container is: 65" {
	late
	wrapper
	cp "$OCI_VFIO_HOOK" "$SBIN/hook"
	edit_config 'del(.root)'
	remember
	status=0
	STATE=$(runc_state)
	in_machine /usr/local/sbin/hook createRuntime > "$STDOUT" 2> "$STDERR" <<< "$STATE" || status=$?
	assert_failed 65 "$CONFIG: root.path: is missing; it must name the rootfs"
	assert_unchanged_text
}

@test "a config in the hook's directory is another container's than the state's, which names no bundle: 65" {
	late
	wrapper
	cp "$OCI_VFIO_HOOK" "$SBIN/hook"
	edit_config '.root.path = "/rootfs/of/another"'
	remember
	status=0
	# shellcheck disable=SC2016 # $1 is for that shell.
	in_machine sh -c 'cd "$1" && exec hook createRuntime' sh "$BUNDLE" > "$STDOUT" 2> "$STDERR" \
		<<< '{"id":"box","bundle":"/","root":"/rootfs/of/this","pid":0}' || status=$?
	assert_failed 65 'root.path: differs from the state' "so this is another container's config, and the state doesn't name the bundle of this one: "
	assert_unchanged_text
}

# RUN_BY ENVIRONMENT...: the hook runs by this where no working directory has a config, for a state without the bundle.
without_bundle() {
	status=0
	in_machine env -C / -u XDG_RUNTIME_DIR "$@" /usr/local/sbin/hook createRuntime > "$STDOUT" 2> "$STDERR" \
		<<< '{"id":"box","bundle":"/","root":"/rootfs/of/this","pid":0}' || status=$?
}

@test "crun's copy of the config where its state doesn't name the bundle, also in a rootless user namespace" {
	needs_root
	local as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups) copy
	local namespace=("${as_user[@]}" unshare --user --map-root-user)
	late
	wrapper
	cp "$OCI_VFIO_HOOK" "$SBIN/hook"
	edit_config '.root.path = "/rootfs/of/another"'
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	without_bundle "${namespace[@]}"
	assert_failed 66 'state: bundle: is "/", as crun says' ', nor in crun'\''s state directory: run crun with --root, or' ', the wrapper oci-vfio-runtime, or apply'
	copy=$ROOT/run/user/65534/crun/box
	mkdir -p "$copy"
	# The token of this boot lies there too.
	chown 65534 "$ROOT/run/user/65534"
	cp "$CONFIG" "$copy"
	without_bundle "${namespace[@]}"
	assert_failed 65 "/run/user/65534/crun/box/config.json: root.path: differs from the state"
	without_bundle "${as_user[@]}"
	assert_failed 65 "/run/user/65534/crun/box/config.json: root.path: differs from the state"
	without_bundle
	assert_failed 66 'state: bundle: is "/"'
	# Somebody's --userns, or su's: the environment says more than the user.
	mkdir -p "$ROOT/run/session/crun"
	mv "$copy" "$ROOT/run/session/crun"
	without_bundle XDG_RUNTIME_DIR=/run/session
	assert_failed 65 "/run/session/crun/box/config.json: root.path: differs from the state"
	without_bundle XDG_RUNTIME_DIR=run/session
	assert_failed 66 'state: bundle: is "/"'
}

# --- real runtimes -------------------------------------------------------------------------------------------------

@test "runc and crun call createRuntime and prestart: the bundle is rewritten, or the container doesn't start" {
	needs_root
	local name stage options
	late
	wrapper
	mkdir -p "$BUNDLE/rootfs"/{dev,proc} "$ROOT/sys/fs/cgroup"
	cp "$(command -v busybox)" "$BUNDLE/rootfs/busybox"
	edit_config '.process.args = ["/busybox", "echo", "started"] | .process.user = {uid: 0, gid: 0}
		| .mounts = [.mounts[0], {destination: "/dev", type: "tmpfs", source: "tmpfs"}] | .linux.devices |= .[:2]'
	cp "$CONFIG" "$BATS_TEST_TMPDIR/plain.json"
	for name in runc crun; do
		options=''
		[ "$name" = runc ] || options=--cgroup-manager=disabled
		for stage in createRuntime prestart; do
			jq --arg stage "$stage" --arg hook "$OCI_VFIO_HOOK" --arg root "$ROOT" \
				'.hooks = {($stage): [{path: $hook, args: ["oci-vfio-hook", "--root", $root, $stage]}]}' "$BATS_TEST_TMPDIR/plain.json" > "$CONFIG"
			remember
			# shellcheck disable=SC2086 # None is none.
			machine_command "$name" --root "$BATS_TEST_TMPDIR/state" $options run --bundle "$BUNDLE" "$BOX"
			assert_silent
			[ "$(< "$STDOUT")" = started ]
			assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
			assert_no_leftover
			# The environment can't be changed any more.
			jq '.process.env += ["PCIDEVICE_A=0000:3b:02.0"]' "$BEFORE" > "$CONFIG"
			remember
			# shellcheck disable=SC2086
			machine_command "$name" --root "$BATS_TEST_TMPDIR/state" $options run --bundle "$BUNDLE" "$BOX"
			[ "$status" != 0 ] || fail "$(show_output)"
			[ ! -s "$STDOUT" ] || fail "$(show_output)"
			assert_unchanged
		done
	done
}
