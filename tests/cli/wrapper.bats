#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# oci-vfio-runtime: rewrites the bundle that a runtime is about to read as `apply` does, then becomes that runtime.

load helpers
load wrapper

setup() {
	machine
	bundle
	wrapper
	common_case
	add_env PCIDEVICE_A=0000:3b:02.0
}

# The spec asks for no device, so nothing but its variables changes: that may be restored.
only_variables() {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}')
	# One that the guest's kernel drives needs no node.
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
}

broken_map() {
	echo broken > "$MAPS/45.json"
}

# --- which file ---------------------------------------------------------------------------------------------------

@test "create and run rewrite the bundle as apply does" {
	local command
	expect_rewriting
	for command in create run; do
		runtime "$command" --bundle "$BUNDLE" box
		assert_ran "$command" --bundle "$BUNDLE" box
		assert_rewritten
	done
}

@test "every spelling of the bundle" {
	local arguments
	expect_rewriting
	other_bundle
	cd "$OTHER"
	# shellcheck disable=SC2153 # helpers.bash sets BEFORE.
	for arguments in "--bundle $BUNDLE" "--bundle=$BUNDLE" "-b $BUNDLE" "-b$BUNDLE" "--bundle $BUNDLE/" '--bundle ../bundle' \
		'-b../bundle/.' "--bundle $OTHER --bundle $BUNDLE" "-b $OTHER -b$BUNDLE" "--bundle=$BUNDLE --"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime create $arguments box
		# shellcheck disable=SC2086
		assert_ran create $arguments box
		assert_rewritten
		cmp "$OTHER/config.json" "$BEFORE" || fail "$arguments: the current directory's bundle changed"
	done
}

@test "without --bundle it is the current directory" {
	local arguments
	expect_rewriting
	cd "$BUNDLE"
	for arguments in 'create box' 'run box' 'run -- box' 'create --bundle . box' 'run --pid-file /x box' 'create' \
		'run - box'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		# shellcheck disable=SC2086
		assert_ran $arguments
		grep -qxF "directory $BUNDLE" "$STDOUT" || fail "$(show_output)"
		assert_rewritten
	done
}

@test "every spelling of the config's name" {
	local arguments
	expect_rewriting
	cp "$BEFORE" "$BUNDLE/other.json"
	echo broken > "$CONFIG"
	for arguments in '--config other.json' '--config=other.json' '-f other.json' '-fother.json' '-f config.json -f other.json'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime create $arguments --bundle "$BUNDLE" box
		# shellcheck disable=SC2086
		assert_ran create $arguments --bundle "$BUNDLE" box
		assert_rewritten "$BUNDLE/other.json"
		[ "$(< "$CONFIG")" = broken ]
		[ "$(find "$BUNDLE" -type f | sort | xargs)" = "$CONFIG $BUNDLE/other.json" ]
	done
}

@test "a config's name with a slash is refused" {
	local arguments
	write_config
	remember
	other_bundle
	for arguments in "-f $CONFIG" "-f$CONFIG" "--config=$CONFIG" '--config ../other/config.json' '-f ./config.json'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime create $arguments --bundle "$BUNDLE" box
		assert_refused_call slash
		cmp "$OTHER/config.json" "$BEFORE"
	done
	runtime create --config '' --bundle "$BUNDLE" box
	assert_refused_call 'the name of the file in the bundle must be one without a slash'
}

@test "a value that looks like an option is a value" {
	local option
	only_variables
	expect_rewriting
	other_bundle
	cd "$BUNDLE"
	for option in --console-socket --pidfd-socket --pid-file --preserve-fds --image-path --work-path --manage-cgroups-mode --empty-ns \
		--lsm-profile --lsm-mount-context; do
		runtime restore "$option" --bundle "$OTHER"
		assert_ran restore "$option" --bundle "$OTHER"
		assert_rewritten
		runtime restore "$option" "-b$OTHER" box
		assert_ran restore "$option" "-b$OTHER" box
		assert_rewritten
		# After "=" the value takes no further argument.
		runtime restore "$option=--bundle" --bundle "$OTHER" box
		assert_ran restore "$option=--bundle" --bundle "$OTHER" box
		assert_rewritten "$OTHER/config.json"
		cmp "$CONFIG" "$BEFORE"
	done
	cmp "$OTHER/config.json" "$BEFORE"
}

@test "flags before the bundle take no value" {
	local option
	only_variables
	expect_rewriting
	for option in -d --detach --keep --no-pivot --no-new-keyring --no-subreaper --tcp-established --ext-unix-sk --shell-job --file-locks \
		--auto-dedup --lazy-pages; do
		runtime restore "$option" --bundle "$BUNDLE" box
		assert_ran restore "$option" --bundle "$BUNDLE" box
		assert_rewritten
	done
}

@test "options before the subcommand, and values that look like subcommands" {
	local option
	expect_rewriting
	for option in --root --log --log-format --log-level --rootless --criu --cgroup-manager; do
		runtime "$option" exec create --bundle "$BUNDLE" box
		assert_ran "$option" exec create --bundle "$BUNDLE" box
		assert_rewritten
		runtime "$option=--version" run -b "$BUNDLE" box
		assert_ran "$option=--version" run -b "$BUNDLE" box
		assert_rewritten
		# This is `state`.
		runtime "$option" create state --bundle "$BUNDLE" box
		assert_ran "$option" create state --bundle "$BUNDLE" box
		assert_unchanged_text
	done
	for option in --debug --systemd-cgroup --debug=true; do
		runtime "$option" --root /x "$option" create --bundle "$BUNDLE" box
		assert_ran "$option" --root /x "$option" create --bundle "$BUNDLE" box
		assert_rewritten
	done
}

@test "as the engines call it" {
	local arguments
	expect_rewriting
	for arguments in \
		"--root /x/k8s.io --log $BATS_TEST_TMPDIR/l --log-format json --systemd-cgroup create --bundle $BUNDLE --pid-file /x/init.pid box" \
		"--root /x/moby --log $BATS_TEST_TMPDIR/l --log-format json create --bundle $BUNDLE --pid-file /x/init.pid --console-socket /x/pty.sock box" \
		"--systemd-cgroup --root=/x create --bundle $BUNDLE --pid-file /x/pidfile box" \
		"--cgroup-manager=disabled --root=/x create --bundle $BUNDLE --pid-file /x/pidfile --preserve-fds 3 box"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		# shellcheck disable=SC2086
		assert_ran $arguments
		assert_rewritten
	done
}

@test "what could be another spelling of bundle or config is refused" {
	local arguments
	write_config
	remember
	other_bundle
	cd "$OTHER"
	for arguments in "--bund $BUNDLE" "--bundl=$BUNDLE" "--b $BUNDLE" "-bundle $BUNDLE" "-bundle=$BUNDLE" "-b=$BUNDLE" "-db $BUNDLE" \
		"-db$BUNDLE" '--conf config.json' '--c=config.json' '-config config.json' '-config=config.json' '-f=config.json' \
		'-df config.json' '-pid-file x' '-console-socket=x'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime create $arguments box
		assert_refused_call
		cmp "$OTHER/config.json" "$BEFORE" || fail "$arguments: rewritten on a guess"
	done
}

@test "bundle or config after the container's name is refused" {
	local arguments
	write_config
	remember
	other_bundle
	cd "$OTHER"
	for arguments in "--bundle $BUNDLE" "--bundle=$BUNDLE" "-b $BUNDLE" "-b$BUNDLE" "-b=$BUNDLE" "-bundle $BUNDLE" "--bun $BUNDLE" '-f config.json' \
		'--config=config.json' '--conf config.json' "-d --bundle $BUNDLE"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime create box $arguments
		assert_refused_call
		cmp "$OTHER/config.json" "$BEFORE" || fail "$arguments: rewritten on a guess"
	done
}

@test "an unknown option before the subcommand is refused" {
	local option
	write_config
	remember
	cd "$BUNDLE"
	for option in --nonsense --nonsense=x --roo --log-f=json --Root --bundle -b -x -log -root=/x -- -; do
		runtime "$option" create --bundle "$BUNDLE" box
		assert_refused_call "$option"
		# A runtime could take it for an option with a value, so that this is `create`.
		runtime "$option" state create --bundle "$BUNDLE" box
		assert_refused_call "$option"
	done
}

@test "a missing value is refused" {
	local arguments
	write_config
	remember
	cd "$BUNDLE"
	for arguments in 'create --bundle' 'create -b' 'run --config' 'run -f' 'create --pid-file' '--root' '--log' 'update --resources' 'update -r'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		assert_refused_call "${arguments##* }"
	done
}

@test "anything else passes untouched, whatever maps and bundle are like" {
	local arguments process=$BATS_TEST_TMPDIR/process.json
	write_config
	remember
	broken_map
	printf '{"env":["PCIDEVICE_A=0000:3b:02.0"]}' > "$process"
	cd "$BUNDLE"
	for arguments in '' --version -v --help -h features spec 'spec --rootless' list 'list --format json' 'start box' 'state box' 'kill box KILL' \
		'delete --force box' 'pause box' 'resume box' 'ps box' 'events --stats box' 'update --memory 1 box' 'update --cpu-share=7 --memory -r box' 'checkpoint --image-path x box' \
		'exec box ls' 'exec --env A=b box ls' "exec box --process $process" "exec box run --bundle $BUNDLE" \
		"exec -- box -p $process" "exec --env --process box" "exec -e -p box" "exec --cwd=--process box ls" "exec -ep box ls" \
		"state --bundle $BUNDLE" "delete create" "creates --bundle $BUNDLE" "Create --bundle $BUNDLE" "help create" \
		"--root x --log=$LOG state -b $BUNDLE"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		# shellcheck disable=SC2086
		assert_ran $arguments
		assert_unchanged
		[ "$(< "$process")" = '{"env":["PCIDEVICE_A=0000:3b:02.0"]}' ]
	done
	[ ! -e "$LOG" ]
}

@test "arguments of any bytes reach the runtime as they are" {
	local odd=$'a b\t"\'\\\e[31m\xff$(x)*'
	expect_rewriting
	runtime --root '' create --bundle "$BUNDLE" --pid-file '' "$odd" '' -- "*"
	assert_not_ran
	runtime --root '' create --bundle "$BUNDLE" --pid-file '' "$odd" '' "*"
	assert_ran --root '' create --bundle "$BUNDLE" --pid-file '' "$odd" '' "*"
	assert_rewritten
	runtime '' create "$odd"
	assert_ran '' create "$odd"
	assert_unchanged_text
}

# --- rewriting ----------------------------------------------------------------------------------------------------

@test "a second run changes nothing" {
	expect_rewriting
	runtime create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	remember
	broken_map
	runtime create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_unchanged
}

@test "after precreate and after apply it changes nothing" {
	expect_rewriting
	cp "$REWRITTEN" "$CONFIG"
	remember
	runtime run --bundle "$BUNDLE" box
	assert_ran run --bundle "$BUNDLE" box
	assert_unchanged
}

@test "a container that asks for no device starts, with broken maps too" {
	DEVICES=() RULES=('{"allow":false,"access":"rwm"}') ENVIRONMENT=()
	write_config
	remember
	broken_map
	runtime run --bundle "$BUNDLE" box
	assert_ran run --bundle "$BUNDLE" box
	assert_unchanged
}

@test "a broken map, a missing function, a device that no entry names: the runtime never runs" {
	write_config
	remember
	broken_map
	runtime run --bundle "$BUNDLE" box
	assert_refused_call /etc/oci-vfio-hook/devices.d/45.json
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=09/00)"
	echo '{"timeout":1}' > "$ETC/config.json"
	runtime create --bundle "$BUNDLE" box
	assert_refused_call 09 'waited 1 s'
	rm "$MAPS/45.json"
	runtime create --bundle "$BUNDLE" box
	assert_refused_call /dev/vfio/45
	chmod 666 "$MAPS/46.json"
	runtime restore --bundle "$BUNDLE" box
	assert_refused_call 46.json
}

@test "a bundle or config.json that isn't there or is broken: the runtime never runs" {
	local text
	runtime run --bundle "$BATS_TEST_TMPDIR/no" box
	assert_not_ran "$BATS_TEST_TMPDIR/no"
	runtime run --bundle "$BUNDLE" box
	assert_not_ran "$CONFIG"
	for text in '' '{' '[]' '{"linux":{"devices":7}}'; do
		config "$text"
		remember
		runtime run --bundle "$BUNDLE" box
		assert_refused_call "$CONFIG"
	done
	rm "$CONFIG"
	mkfifo "$CONFIG"
	runtime run --bundle "$BUNDLE" box
	assert_not_ran "$CONFIG"
	runtime run --bundle= box
	assert_not_ran
}

# --- restore ------------------------------------------------------------------------------------------------------

@test "restore: a bundle that was mapped is restored as it is" {
	local arguments
	expect_rewriting
	cp "$REWRITTEN" "$CONFIG"
	remember
	broken_map
	for arguments in "restore --bundle $BUNDLE box" "restore --image-path /x --bundle=$BUNDLE box" \
		"--root /x --log $BATS_TEST_TMPDIR/l --log-format json restore --image-path /x --work-path /x --no-subreaper --bundle $BUNDLE --pid-file /x --detach box"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		# shellcheck disable=SC2086
		assert_ran $arguments
		assert_unchanged
	done
	cd "$BUNDLE"
	runtime restore box
	assert_ran restore box
	assert_unchanged
}

@test "restore: what would give the container other nodes is refused" {
	write_config
	remember
	cd "$BUNDLE"
	runtime restore box
	assert_refused_call './config.json: device "/dev/vfio/45"' checkpointed io.github.oci-vfio-hook.applied
	runtime --log "$LOG" --log-format json restore --bundle "$BUNDLE" box
	assert_refused_call "$CONFIG: device \"/dev/vfio/45\""
	assert_logged /dev/vfio/45
	# One more than the container was checkpointed with.
	apply
	assert_status 0
	edit_config '.linux.devices += [{path: "/dev/vfio/46", type: "c", major: 243, minor: 6}]'
	remember
	runtime restore --bundle "$BUNDLE" box
	assert_refused_call '/dev/vfio/46'
}

@test "restore: a bind mount, and a node that goes, are such nodes, too" {
	only_variables
	rm -f "$CONFIG"
	add_mount /dev/vfio/45 /dev/vfio/45
	write_config
	remember
	runtime restore --bundle "$BUNDLE" box
	assert_refused_call /dev/vfio/45 checkpointed
	MOUNTS=()
	host_device
	rm "$CONFIG"
	write_config
	remember
	add_map 45 "$(gk_entry /dev/vfio/45 0000:3b:02.0=06/00)"
	runtime restore --bundle "$BUNDLE" box
	assert_refused_call /dev/vfio/45 checkpointed
}

@test "restore: an entry that maps a node to itself gives no other" {
	only_variables
	rm -f "$CONFIG"
	add_device /dev/vfio/3 c 242 0
	control_device
	add_map 3 "$(entry /dev/vfio/3 0000:3b:02.2=06/00)"
	rm "$MAPS/45.json"
	write_config
	runtime restore --bundle "$BUNDLE" box
	assert_ran restore --bundle "$BUNDLE" box
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	edit_config 'del(.annotations) | .linux.devices[0].minor = 1'
	remember
	runtime restore --bundle "$BUNDLE" box
	assert_refused_call /dev/vfio/3 checkpointed
}

@test "restore: variables alone may change, the process has those of its image" {
	only_variables
	expect_rewriting
	runtime restore --bundle "$BUNDLE" box
	assert_ran restore --bundle "$BUNDLE" box
	assert_rewritten
}

# --- update -------------------------------------------------------------------------------------------------------

RESOURCES_BEFORE='{ "cpu":{"shares":77} , "devices": [{"allow":true,"type":"c","major":243,"minor":5,"access":"rwm"}],"x":18446744073709551615}'
RESOURCES_AFTER='{ "cpu":{"shares":77},"x":18446744073709551615}'

# TEXT: a file of resources, alone in a directory: $FILE.
resources() {
	FILE=$BATS_TEST_TMPDIR/resources/resources.json
	mkdir -p "${FILE%/*}"
	printf '%s' "$1" > "$FILE"
	FILE_STATUS=$(stat -c '%i %y %z %a %u %g %s' "$FILE")
}

# TEXT ARGUMENT...: the runtime ran with these, where @ stands for the file that it was given: one of this text. The
# engine's file is as it was.
assert_updated() {
	local text=$1 argument expected='argument 0 /usr/local/sbin/recorder' number=0 given
	shift
	assert_silent
	given=$(sed -nE 's!^argument [0-9]+ .*(/proc/self/fd/[0-9]+)$!\1!p' "$STDOUT")
	[ -n "$given" ] || fail "the engine's own file" "$(show_output)"
	for argument; do
		number=$((number + 1))
		expected+=$'\n'"argument $number ${argument/@/$given}"
	done
	[ "$(grep -a '^argument ' "$STDOUT")" = "$expected" ] || fail 'expected:' "$expected" "$(show_output)"
	[ "$(sed -n '/^file:$/,$p' "$STDOUT" && echo .)" = $'file:\n'"$text." ] || fail 'expected:' "$text" "$(show_output)"
	assert_file_untouched
}

assert_file_untouched() {
	[ "$(stat -c '%i %y %z %a %u %g %s' "$FILE")" = "$FILE_STATUS" ] || fail "the engine's file was touched"
	[ "$(ls -A "${FILE%/*}")" = resources.json ]
}

# ARGUMENT...: calls the wrapper with the text on stdin, and has the recorder show what it gets there.
update_by_stdin() {
	local text=$1
	shift
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	printf '%s' "$text" | in_machine timeout 20 "$RECORDER_LINK" "$@" > "$STDOUT" 2> "$STDERR" || status=$?
}

assert_input() {
	[ "$(sed '1,/^input:$/d' "$STDOUT" && echo .)" = "$1." ] || fail 'expected as input:' "$1" "$(show_output)"
}

@test "update: the engine's device rules in a file don't reach the runtime, in every spelling" {
	resources "$RESOURCES_BEFORE"
	cd "${FILE%/*}"
	runtime update --resources "$FILE" box
	assert_updated "$RESOURCES_AFTER" update --resources @ box
	runtime --root /x update "--resources=$FILE" box
	assert_updated "$RESOURCES_AFTER" --root /x update --resources=@ box
	runtime update -r resources.json --memory 7 box
	assert_updated "$RESOURCES_AFTER" update -r @ --memory 7 box
	runtime update --cpu-quota -1 -r./resources.json -- box
	assert_updated "$RESOURCES_AFTER" update --cpu-quota -1 -r@ -- box
}

@test "update: the engine's device rules on stdin don't reach the runtime, in every spelling" {
	local arguments
	# crun opens it again by its name.
	printf '#!/bin/sh\nexec cat /dev/stdin\n' > "$SBIN/reopen"
	chmod 755 "$SBIN/reopen"
	ln -s "$OCI_VFIO_RUNTIME" "$LINKS/oci-vfio-reopen"
	for arguments in '--resources - box' '--resources=- box' '-r - box' '-r- box'; do
		# shellcheck disable=SC2086 # Words of a command line.
		update_by_stdin "$RESOURCES_BEFORE" update $arguments
		# shellcheck disable=SC2086
		assert_ran update $arguments
		assert_input "$RESOURCES_AFTER"
		[ "$(in_machine sh -c "printf '%s' '$RESOURCES_BEFORE' | '$LINKS/oci-vfio-reopen' update $arguments")" = "$RESOURCES_AFTER" ]
	done
}

@test "update: a file that has no device rules is the engine's own still, and stdin has the same bytes" {
	local text
	for text in '{}' '{"cpu":{"shares":77}}' ' { "memory" : { "limit" : 1.0 } } '$'\n' null '[]' '{"unified":{"devices":"x"}}'; do
		resources "$text"
		runtime update --resources "$FILE" box
		assert_ran update --resources "$FILE" box
		assert_file_untouched
		update_by_stdin "$text" update --resources=- box
		assert_ran update --resources=- box
		assert_input "$text"
	done
}

@test "update: a large file on stdin, and one that is a pipe" {
	local rules
	# Over 4 MiB.
	rules=$(yes '{"allow":true,"type":"c","major":243,"minor":5,"access":"rwm"}' | head -n 70000 | paste -sd,)
	update_by_stdin "{\"devices\":[$rules],\"cpu\":{\"shares\":77}}" update -r - box
	assert_ran update -r - box
	assert_input '{"cpu":{"shares":77}}'
	resources ''
	machine_command bash -c "'$RECORDER_LINK' update -r <(printf '%s' '$RESOURCES_BEFORE') box"
	assert_updated "$RESOURCES_AFTER" update -r @ box
	# It can be read once only, so it is replaced, whatever is in it.
	machine_command bash -c "'$RECORDER_LINK' update -r <(printf '{}') box"
	assert_updated '{}' update -r @ box
}

@test "update: what a runtime might find device rules in that aren't seen here is refused" {
	local text
	for text in '' '{' '{"devices":[],"devices":[{"allow":true}]}' '{"Devices":[{"allow":true}]}' '{"device\u017f":[{"allow":true}]}' \
		'{"devices\u0000":[{"allow":true}]}' '{} {"devices":[{"allow":true}]}' '{/* */"devices":[{"allow":true}]}'; do
		resources "$text"
		runtime --log "$LOG" --log-format json update --resources "$FILE" box
		assert_not_ran "$FILE"
		assert_logged "$FILE"
		rm "$LOG"
		assert_file_untouched
		update_by_stdin "$text" update -r - box
		assert_not_ran stdin
	done
	rm "$FILE"
	runtime update --resources "$FILE" box
	assert_not_ran "$FILE" 'No such file'
	runtime update --resources "${FILE%/*}" box
	assert_not_ran "${FILE%/*}" directory
	machine_command sh -c "exec '$RECORDER_LINK' update -r - box <&-"
	assert_not_ran stdin
}

@test "update: what is larger than 64 MiB is refused" {
	resources '{}'
	truncate -s $(((64 << 20) + 1)) "$FILE"
	runtime update --resources "$FILE" box
	assert_not_ran "$FILE" limit
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	status=0
	in_machine timeout 20 "$RECORDER_LINK" update -r - box < "$FILE" > "$STDOUT" 2> "$STDERR" || status=$?
	assert_not_ran stdin limit
}

@test "update: what could be another spelling of --resources is refused" {
	local arguments
	resources "$RESOURCES_BEFORE"
	for arguments in "--resource $FILE box" "--res=$FILE box" "--r $FILE box" "-resources $FILE box" "-resources=$FILE box" "-r=$FILE box" "box -r $FILE" \
		"box --resources=$FILE" "box -resources $FILE" "-r $FILE -r $FILE box" "-r - --resources=$FILE box" "--unknown x -r $FILE box"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime update $arguments
		assert_not_ran
	done
}

@test "update: a limit on the size of files is an error" {
	write_config
	remember
	FILE=$BATS_TEST_TMPDIR/resources.json
	jq -nc '{devices: [], memory: {limit: 7}, unified: ([range(100) | {key: "a\(.)", value: "b"}] | from_entries)}' > "$FILE"
	machine_command prlimit --fsize=100 -- "$RECORDER_LINK" update --resources "$FILE" box
	assert_refused_call "$FILE: can't be written: File too large"
}

@test "update: no map and no configuration stops it, and its line in the log is of level debug" {
	resources "$RESOURCES_BEFORE"
	broken_map
	echo broken > "$ETC/config.json"
	runtime update --resources "$FILE" box
	assert_updated "$RESOURCES_AFTER" update --resources @ box
	echo "{\"log\":\"$BATS_TEST_TMPDIR/our.log\"}" > "$ETC/config.json"
	runtime update --resources "$FILE" box
	[ ! -e "$BATS_TEST_TMPDIR/our.log" ] || fail "$(< "$BATS_TEST_TMPDIR/our.log")"
	echo "{\"log\":\"$BATS_TEST_TMPDIR/our.log\",\"log-level\":\"debug\"}" > "$ETC/config.json"
	runtime update --resources "$FILE" box
	[[ $(< "$BATS_TEST_TMPDIR/our.log") == *' debug: container box: update: removed "devices" from the resources'* ]] || fail "$(< "$BATS_TEST_TMPDIR/our.log")"
}

# --- exec ---------------------------------------------------------------------------------------------------------

PROCESS='{"x":18446744073709551615, "cwd" :"\/","env":["A=b","PCIDEVICE_A=0000:3b:02.0,0000:3b:02.1","PCIDEVICE_A_INFO={\"0000:3b:02.0\":{\"dev-mount\":\"/dev/vfio/45\"},\"0000:3b:02.1\":{}}" ,"C=0000:3b:02.0"],"args":["x"],"y":1.0}'
TRANSLATED='{"x":18446744073709551615, "cwd" :"\/","env":["A=b","PCIDEVICE_A=0000:01:00.0,0000:02:00.0","PCIDEVICE_A_INFO={\"0000:01:00.0\":{\"dev-mount\":\"/dev/vfio/3\"},\"0000:02:00.0\":{}}" ,"C=0000:3b:02.0"],"args":["x"],"y":1.0}'

# TEXT: a process file of mode 640, alone in a directory: $FILE.
process() {
	FILE=$BATS_TEST_TMPDIR/processes/process.json
	mkdir -p "${FILE%/*}"
	rm -f "$FILE"
	printf '%s' "$1" > "$FILE"
	chmod 640 "$FILE"
	FILE_STATUS=$(stat -c '%i %y %z %a %u %g' "$FILE")
}

# TEXT: the process file is this, with its mode, and nothing is beside it.
assert_process() {
	[ "$(cat "$FILE" && echo .)" = "$1." ] || fail expected: "$1" found: "$(cat "$FILE")" "$(show_output)"
	[ "$(stat -c '%a %u %g' "$FILE")" = "640 $EUID $(id -g)" ]
	[ "$(ls -A "${FILE%/*}")" = process.json ] || fail "$(ls -A "${FILE%/*}")"
}

# TEXT: the same, and it wasn't touched.
assert_process_untouched() {
	assert_process "$1"
	[ "$(stat -c '%i %y %z %a %u %g' "$FILE")" = "$FILE_STATUS" ] || fail 'the process file was touched' "$(show_output)"
}

@test "exec: the environment of the process file is translated, in every spelling" {
	needs_root
	local arguments
	write_config
	remember
	mkdir -p "$BATS_TEST_TMPDIR/processes"
	cd "$BATS_TEST_TMPDIR/processes"
	FILE=$PWD/process.json
	for arguments in "--process $FILE" "--process=$FILE" "-p $FILE" "-p$FILE" '-p process.json' '--process=./process.json' \
		"--process /x --process $FILE" "--detach -t --env PCIDEVICE_A=x --pid-file /x -p $FILE" "-d --console-socket -p --process=$FILE" \
		"-u 0 -e A=b -g 1 -c x --cap y --cwd / --user=0 --process $FILE" "-td -p $FILE --"; do
		process "$PROCESS"
		# shellcheck disable=SC2086 # Words of a command line.
		runtime --root /x exec $arguments box
		# shellcheck disable=SC2086
		assert_ran --root /x exec $arguments box
		assert_process "$TRANSLATED"
		assert_unchanged
	done
}

# VARIABLE... becomes VARIABLE...: of the process file, whoever says what the names are here.
assert_process_becomes() {
	local before=()
	while [ "$1" != becomes ]; do
		before+=("$1")
		shift
	done
	process "$(jq -nc '{env: $ARGS.positional}' --args -- "${before[@]}")"
	runtime --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" box
	assert_process "$(jq -nc '{env: $ARGS.positional}' --args -- "${@:2}")"
}

every_family() {
	assert_process_becomes "PCIDEVICE_A=0000:3b:02.0;3b:02.1" "PCI_RESOURCE_A=0000:3b:02.0" "MDEV_PCI_RESOURCE_A=$1" \
		SRIOVNETWORK_PCI_ADDRESSES=0000:3b:02.0,0000:3b:02.1 SRIOVNETWORK_VF_DEVICE_net1=0000:3b:02.1 \
		SRIOVNETWORK_0000_3b_02_0_VFIO_DEVICE=/dev/vfio/45 SRIOVNETWORK_0000_3b_02_1_RDMA_DEVICE=mlx5_14 \
		VFIO_BDF0=0000:3b:02.0 QAT1=0000:3b:02.1 OTHER=0000:3b:02.0 \
		becomes "PCIDEVICE_A=0000:01:00.0;02:00.0" "PCI_RESOURCE_A=0000:01:00.0" "MDEV_PCI_RESOURCE_A=$2" \
		SRIOVNETWORK_PCI_ADDRESSES=0000:01:00.0,0000:02:00.0 SRIOVNETWORK_VF_DEVICE_net1=0000:02:00.0 \
		SRIOVNETWORK_0000_01_00_0_VFIO_DEVICE=/dev/vfio/3 SRIOVNETWORK_0000_02_00_0_RDMA_DEVICE=mlx5_14 \
		VFIO_BDF0=0000:01:00.0 QAT1=0000:02:00.0 OTHER=0000:3b:02.0
}

@test "exec: every family of variables, by the map and by what the container got" {
	needs_root
	local host=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90 guest=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	add_mdev $guest 5
	add_map 387 "$(entry /dev/vfio/387 $host=$guest)"
	second_host_device
	add_device /dev/vfio/387 c 243 7
	add_rule + c 243:7 rwm
	every_family $host $guest
	expect_rewriting
	cp "$REWRITTEN" "$CONFIG"
	rm "$MAPS"/*
	known_container "$BATS_TEST_TMPDIR/state"
	every_family $host $guest
}

@test "exec: layout, line ends and escapes of the process file stay" {
	needs_root
	local before after
	before=$'\r\n {\r\n\t"env" : [\r\n\t "\\u0050CIDEVICE_A=0000:3b:02.0" ,"\\/" ] ,\r\n"z":-0 }\r\n\n'
	after=$'\r\n {\r\n\t"env" : [\r\n\t "PCIDEVICE_A=0000:01:00.0" ,"\\/" ] ,\r\n"z":-0 }\r\n\n'
	process "$before"
	runtime exec -p "$FILE" box
	assert_ran exec -p "$FILE" box
	assert_process "$after"
}

@test "exec: what is translated already is translated again by nobody" {
	needs_root
	process "$PROCESS"
	runtime exec -p "$FILE" box
	FILE_STATUS=$(stat -c '%i %y %z %a %u %g' "$FILE")
	runtime exec -p "$FILE" box
	assert_status 0
	assert_process_untouched "$TRANSLATED"
}

@test "exec: a process file without such variables isn't touched, nor a map opened" {
	needs_root
	local text
	broken_map
	for text in '{}' '{"env":[]}' '{"env":null}' '{"env":["A=0000:3b:02.0","PCIDEVICE","XPCIDEVICE_A=0000:3b:02.0"],"args":["PCIDEVICE_A=0000:3b:02.0"]}' \
		'{"process":{"env":["PCIDEVICE_A=0000:3b:02.0"]}}'; do
		process "$text"
		runtime exec --process "$FILE" box
		assert_ran exec --process "$FILE" box
		assert_process_untouched "$text"
	done
}

@test "exec: a variable that no entry translates isn't touched" {
	needs_root
	local text='{"env":["PCIDEVICE_A=0000:3b:05.0","PCIDEVICE_B=mlx5_core.sf.10"]}'
	process "$text"
	runtime exec --process "$FILE" box
	assert_ran exec --process "$FILE" box
	assert_process_untouched "$text"
}

# Lets the wrapper log to a file: $OUR_LOG.
our_log() {
	OUR_LOG=$BATS_TEST_TMPDIR/our.log
	echo "{\"log\":\"$OUR_LOG\"${1:+,$1}}" > "$ETC/config.json"
}

# TEXT...: the last call said this in a warning, and nothing else.
assert_one_warning() {
	local text
	[ "$(wc -l < "$OUR_LOG")" = 1 ] || fail 'expected one line:' "$(< "$OUR_LOG")"
	for text in ' warning: ' 'the process keeps its variables as they are: ' "$@"; do
		[[ $(< "$OUR_LOG") == *"$text"* ]] || fail "expected \"$text\" in the log:" "$(< "$OUR_LOG")"
	done
	rm "$OUR_LOG"
}

# ARGUMENT...: the runtime runs with these, the process file is as it was, and there is a warning.
assert_exec_excused() {
	runtime "$@"
	assert_ran "$@"
	assert_process_untouched "$(cat "$FILE")"
}

@test "exec: a broken map or process file: the process keeps its variables, with a warning" {
	needs_root
	local text
	our_log
	for text in '' '{' '[]' '{"env":7}' '{"env":[7]}' '{"env":["PCIDEVICE_A=0000:3b:02.0"],"env":[]}'; do
		process "$text"
		assert_exec_excused exec --process "$FILE" box
		assert_one_warning 'container box: exec: ' "$FILE"
	done
	process "$PROCESS"
	broken_map
	assert_exec_excused --log "$LOG" --log-format json exec --process "$FILE" box
	assert_one_warning 45.json
	[ "$(jq -r .level "$LOG")" = warning ]
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	chmod 666 "$MAPS/46.json"
	assert_exec_excused exec --process "$FILE" box
	assert_one_warning 46.json
	rm "$FILE"
	runtime exec --process "$FILE" box
	assert_ran exec --process "$FILE" box
	assert_one_warning "$FILE" 'No such file'
	mkfifo "$FILE"
	runtime exec --process "$FILE" box
	assert_ran exec --process "$FILE" box
	assert_one_warning "$FILE" 'regular file'
}

@test "exec: a function that isn't there: the process keeps its variables, with a warning, at once" {
	needs_root
	our_log
	process "$PROCESS"
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=09/00)"
	assert_exec_excused exec --process "$FILE" box
	grep -q ' warning: .*PCIDEVICE_A.* is left as it is: .*09/00' "$OUR_LOG" || fail "$(< "$OUR_LOG")"
	! grep -v ' warning: ' "$OUR_LOG" || fail 'more than that'
}

@test "exec: a broken configuration is a warning, but where it has to say which runtime" {
	needs_root
	process "$PROCESS"
	echo broken > "$ETC/config.json"
	assert_exec_excused --log "$LOG" --log-format json exec --process "$FILE" box
	[[ $(jq -r '.level + .msg' "$LOG") == 'warningthe process keeps its variables as they are: /etc/oci-vfio-hook/config.json: '* ]] || fail "$(< "$LOG")"
	RUNTIME=oci-vfio-runtime
	runtime exec --process "$FILE" box
	assert_not_ran /etc/oci-vfio-hook/config.json
}

@test "exec: a run that is killed leaves nothing in the engine's directory" {
	local call
	process '{"env":["PCIDEVICE_A=0000:3b:02.0"]}'
	cp "$FILE" "$BATS_TEST_TMPDIR/process.json"
	for call in writev fchmod linkat; do
		machine_command strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e "trace=$call" -e "inject=$call:signal=KILL:when=1" \
			"$RECORDER_LINK" exec --process "$FILE" box
		[ "$status" = 137 ] || fail "$call: status $status" "$(< "$BATS_TEST_TMPDIR/trace")"
		cmp "$BATS_TEST_TMPDIR/process.json" "$FILE"
		rm -f "$BATS_TEST_TMPDIR/processes/process.json"
		[ -z "$(ls -A "$BATS_TEST_TMPDIR/processes")" ] || fail "$call: $(ls -A "$BATS_TEST_TMPDIR/processes")"
		cp "$BATS_TEST_TMPDIR/process.json" "$FILE"
	done
	# A file system without files that have no name: as before.
	machine_command env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=openat -P "$BATS_TEST_TMPDIR/processes" -P . \
		-e inject=openat:error=EOPNOTSUPP:when=2 "$RECORDER_LINK" exec --process "$FILE" box
	grep -F 'O_TMPFILE' "$BATS_TEST_TMPDIR/trace" | grep -F INJECTED || fail "$(< "$BATS_TEST_TMPDIR/trace")"
	assert_process '{"env":["PCIDEVICE_A=0000:01:00.0"]}'
	[ "$(ls -A "$BATS_TEST_TMPDIR/processes")" = process.json ]
}

@test "exec: a directory that can't be written to" {
	needs_root
	our_log
	process "$PROCESS"
	machine_command bash -c "mount --bind '${FILE%/*}' '${FILE%/*}'; mount -o remount,ro,bind '${FILE%/*}'; exec '$RECORDER_LINK' exec -p '$FILE' box"
	assert_ran exec -p "$FILE" box
	assert_one_warning "$FILE"
	assert_process_untouched "$PROCESS"
}

@test "exec: what could be another spelling of --process is left to the runtime, with a warning" {
	needs_root
	local arguments
	our_log
	process "$PROCESS"
	for arguments in "--proces $FILE" "--pro=$FILE" "--p $FILE" "-process $FILE" "-process=$FILE" "-p=$FILE" "-tp $FILE" "-dp$FILE" --process -p; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime exec $arguments
		# shellcheck disable=SC2086
		assert_ran exec $arguments
		assert_process_untouched "$PROCESS"
		assert_one_warning "\"${arguments%% *}\""
	done
}

# DIRECTORY [FORM]: there a runtime has written down that the container "box" has $BUNDLE, as crun does or as runc.
known_container() {
	mkdir -p "$1/box"
	case ${2:-crun} in
	crun) printf '{"pid":1,"bundle":"%s"}' "$BUNDLE" > "$1/box/status" ;;
	runc) printf '{"id":"box","config":{"labels":["bundle=/evil","bundle=%s"]}}' "$BUNDLE" > "$1/box/state.json" ;;
	esac
	chmod 600 "$1"/box/*
}

# ARGUMENT...: the process file gets the addresses that the container got, whatever the map says by now.
assert_as_container() {
	process "$PROCESS"
	runtime "$@"
	assert_ran "$@"
	assert_process "$TRANSLATED"
}

# The container has both functions, and then the map is another one.
created_container() {
	second_host_device
	expect_rewriting
	cp "$REWRITTEN" "$CONFIG"
	remember
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=07/00)"
	rm "$MAPS/46.json"
}

@test "exec: the container's own addresses, whatever the map says by now" {
	local form
	created_container
	mkdir -p "$BATS_TEST_TMPDIR/processes"
	FILE=$BATS_TEST_TMPDIR/processes/process.json
	for form in crun runc; do
		known_container "$BATS_TEST_TMPDIR/$form" "$form"
		assert_as_container --root "$BATS_TEST_TMPDIR/$form" exec --process "$FILE" box
		broken_map
		assert_as_container "--root=$BATS_TEST_TMPDIR/$form" exec -d -p "$FILE" box
		add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=07/00)"
	done
	assert_unchanged
}

@test "exec: where the runtimes keep their containers when nobody says" {
	local directory
	created_container
	mkdir -p "$BATS_TEST_TMPDIR/processes"
	FILE=$BATS_TEST_TMPDIR/processes/process.json
	for directory in recorder runc crun; do
		known_container "$ROOT/run/$directory"
		assert_as_container exec --process "$FILE" box
		rm -r "$ROOT/run/$directory"
	done
	known_container "$BATS_TEST_TMPDIR/user/crun" runc
	export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/user
	assert_as_container exec --process "$FILE" box
}

# The map decides: of PCIDEVICE_A it has one address, which isn't enough.
assert_as_map() {
	local text='{"env":["PCIDEVICE_A=0000:3b:02.0"]}'
	process "$text"
	runtime --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" "${1:-box}"
	assert_ran --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" "${1:-box}"
	assert_process '{"env":["PCIDEVICE_A=0000:02:00.0"]}'
}

@test "exec: without an annotation that proves itself the map decides" {
	local name
	created_container
	# Nothing is written down, or of another.
	assert_as_map
	known_container "$BATS_TEST_TMPDIR/state"
	assert_as_map other
	for name in ../state/box . .. ./box; do
		assert_as_map "$name"
	done
	# What others may write to.
	chmod 666 "$BATS_TEST_TMPDIR/state/box/status"
	assert_as_map
	chmod 600 "$BATS_TEST_TMPDIR/state/box/status"
	echo broken > "$BATS_TEST_TMPDIR/state/box/status"
	assert_as_map
	known_container "$BATS_TEST_TMPDIR/state"
	process "$PROCESS"
	assert_as_container --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" box
	# A bundle that is gone, broken, without an annotation, or with that of another boot.
	mv "$CONFIG" "$CONFIG.away"
	assert_as_map
	echo broken > "$CONFIG"
	assert_as_map
	cp "$BEFORE" "$CONFIG"
	jq 'del(.annotations)' "$BEFORE" > "$CONFIG"
	assert_as_map
	cp "$BEFORE" "$CONFIG"
	find "$ROOT/run" -name token -delete
	assert_as_map
}

@test "exec: addresses that changed places, and a variable of the container's own" {
	rm "$MAPS/46.json"
	only_variables
	add_map 45 "$(entry /dev/vfio/45 0000:01:00.0=07/00 0000:02:00.0=06/00)"
	ENVIRONMENT=()
	add_env PCIDEVICE_A=0000:01:00.0 PCIDEVICE_X=0000:55:00.0
	apply
	assert_status 0
	assert_env PCIDEVICE_A=0000:02:00.0 PCIDEVICE_X=0000:55:00.0
	our_log
	known_container "$BATS_TEST_TMPDIR/state"
	process '{"env":["PCIDEVICE_A=0000:01:00.0","PCIDEVICE_B=0000:02:00.0,0000:01:00.0","PCIDEVICE_X=0000:55:00.0"]}'
	runtime --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" box
	assert_process '{"env":["PCIDEVICE_A=0000:02:00.0","PCIDEVICE_B=0000:02:00.0,0000:01:00.0","PCIDEVICE_X=0000:55:00.0"]}'
	# Only B, which the container doesn't have: nobody knows where its other address went.
	[ "$(grep -c . "$OUR_LOG")" = 1 ] || fail "$(< "$OUR_LOG")"
	grep -q ' warning: .*PCIDEVICE_B.* left as it is' "$OUR_LOG"
	rm "$OUR_LOG"
	# Once more: what the container has stays.
	process '{"env":["PCIDEVICE_A=0000:02:00.0"]}'
	runtime --root "$BATS_TEST_TMPDIR/state" exec --process "$FILE" box
	assert_process_untouched '{"env":["PCIDEVICE_A=0000:02:00.0"]}'
	[ ! -e "$OUR_LOG" ] || fail "$(< "$OUR_LOG")"
}

@test "exec: its line in the log is of level debug" {
	needs_root
	our_log
	process "$PROCESS"
	runtime exec --process "$FILE" box
	assert_process "$TRANSLATED"
	[ ! -e "$OUR_LOG" ] || fail "$(< "$OUR_LOG")"
	our_log '"log-level":"debug"'
	process "$PROCESS"
	runtime exec --process "$FILE" box
	[ "$(grep -c ' debug: container box: exec: .*changes in ' "$OUR_LOG")" = 1 ] || fail "$(< "$OUR_LOG")"
}

@test "exec: 16 at once on one process file" {
	needs_root
	process "$PROCESS"
	in_machine sh -c "seq 16 | xargs -P 16 -I{} '$RECORDER_LINK' exec --process '$FILE' box-{}" > "$BATS_TEST_TMPDIR/out" 2>&1
	[ "$(grep -c '^argument 4 box-' "$BATS_TEST_TMPDIR/out")" = 16 ] || fail "$(cat "$BATS_TEST_TMPDIR/out")"
	assert_process "$TRANSLATED"
}

# --- errors, for the engine ----------------------------------------------------------------------------------------

@test "an error is one line on stderr and one in the log in JSON" {
	local arguments
	write_config
	remember
	broken_map
	for arguments in "--log $LOG --log-format json" "--log=$LOG --log-format=json" "--log-format json --log $LOG" "--log file:$LOG --log-format=json" \
		"--log=file:$LOG --log-format json" "--debug --log /no/x --log $LOG --log-format text --log-format json --root /x"; do
		rm -f "$LOG"
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments create --bundle "$BUNDLE" box
		assert_refused_call 45.json
		[ "$(wc -l < "$LOG")" = 1 ]
		assert_logged 45.json
	done
}

@test "the log is appended to, and a relative one is in the current directory" {
	write_config
	remember
	broken_map
	echo '{"level":"info","msg":"earlier","time":"-"}' > "$LOG"
	cd "${LOG%/*}"
	runtime --log "${LOG##*/}" --log-format json create --bundle "$BUNDLE" box
	assert_refused_call 45.json
	[ "$(wc -l < "$LOG")" = 2 ]
	[[ $(head -n 1 "$LOG") == *earlier* ]]
	assert_logged 45.json
}

@test "the log is in JSON only where that was asked for" {
	local arguments
	write_config
	remember
	broken_map
	for arguments in "--log $LOG" "--log $LOG --log-format text" "--log $LOG --log-format=json --log-format=text" '--log-format json'; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments create --bundle "$BUNDLE" box
		assert_refused_call 45.json
		[ ! -s "$LOG" ]
	done
}

@test "a log that can't be written hides no error" {
	local log
	write_config
	remember
	broken_map
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for log in /no/such/log "$BUNDLE" /dev/full "$BATS_TEST_TMPDIR/fifo" ''; do
		runtime --log "$log" --log-format json create --bundle "$BUNDLE" box
		assert_refused_call 45.json
	done
}

@test "errors in the command line are logged as well" {
	write_config
	remember
	runtime --log "$LOG" --log-format json create --bund "$BUNDLE" box
	assert_refused_call --bund
	assert_logged --bund
	rm "$LOG"
	runtime --log "$LOG" --log-format json --nonsense create --bundle "$BUNDLE" box
	assert_refused_call --nonsense
	assert_logged --nonsense
}

@test "nothing after the subcommand names a file to be written" {
	local arguments
	write_config
	remember
	broken_map
	cd "$BUNDLE"
	for arguments in "create --bund $BUNDLE box --log $LOG --log-format json" "run -b $BUNDLE box --log=$LOG --log-format=json" \
		"--nonsense exec box sh --log $LOG --log-format json" "--nonsense x --log-format=json --log=$LOG exec box" "- --log $LOG --log-format json" \
		"update -r=- box --log $LOG --log-format json" "--log-format json run box --log $LOG" "--root --log-format exec --log $LOG"; do
		# shellcheck disable=SC2086 # Words of a command line.
		runtime $arguments
		[ ! -e "$LOG" ] || fail "$arguments" "$(< "$LOG")"
	done
	# Nor what the container's own command has.
	process '{'
	runtime --log-format json exec -p "$FILE" box sh --log "$LOG"
	assert_ran --log-format json exec -p "$FILE" box sh --log "$LOG"
	[ ! -e "$LOG" ]
	# What is before it does, where it isn't understood too.
	runtime --nonsense --log "$LOG" --log-format json exec box --log "$BATS_TEST_TMPDIR/other"
	assert_refused_call --nonsense
	assert_logged --nonsense
	[ ! -e "$BATS_TEST_TMPDIR/other" ]
}

@test "a runtime that isn't there is logged as well" {
	expect_rewriting
	rm "$SBIN/recorder"
	runtime --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_not_ran recorder
	assert_logged recorder
}

@test "text of the input is quoted in errors" {
	local odd=$'\n\e[31m"\\'
	write_config
	remember
	runtime --log "$LOG" --log-format json create --bundle "$BATS_TEST_TMPDIR/no$odd" box
	assert_refused_call '\x0A\x1B[31m'
	assert_logged '\x0A\x1B[31m'
	rm "$LOG"
	runtime --log "$LOG" --log-format json "--$odd" create
	assert_refused_call '\x0A\x1B[31m'
	rm -f "$LOG"
	runtime --log "$LOG" --log-format json update -r "$odd" box
	assert_refused_call '\x0A\x1B[31m'
	assert_logged '\x0A\x1B[31m'
}

@test "text of the program's name is quoted in errors" {
	RUNTIME=$'oci-vfio-a\n\e[31mb'
	ln -s "$OCI_VFIO_RUNTIME" "$LINKS/$RUNTIME"
	runtime state box
	assert_not_ran '\x0A\x1B[31m'
}

@test "warnings are in the engine's log, and stderr is the container's" {
	add_env PCIDEVICE_B=0000:3b:07.7
	write_config
	apply --output "$BATS_TEST_TMPDIR/new.json"
	assert_warning 0000:3b:07.7
	runtime --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_ran --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	[ "$(wc -l < "$LOG")" = 1 ]
	assert_json "$LOG" '.level == "warning"' '.msg | contains("0000:3b:07.7")' 'keys == ["level", "msg", "time"]'
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_A=0000:01:00.0 PCIDEVICE_B=0000:3b:07.7
}

@test "a remedy names a key of the configuration, which helps" {
	local mount
	rm "$MAPS"/*
	for mount in '' '/dev/vfio/45 /dev/vfio/45' '/dev/vfio/4 /dev/vfio/3'; do
		DEVICES=() MOUNTS=()
		# shellcheck disable=SC2086 # Two words.
		if [ -z "$mount" ]; then add_device /dev/vfio/45 c 243 5; else add_mount $mount; fi
		rm -f "$CONFIG" "$ETC/config.json"
		write_config
		remember
		runtime create --bundle "$BUNDLE" box
		assert_refused_call 'with "unmapped": "keep" in /etc/oci-vfio-hook/config.json'
		apply
		assert_refused 69 'with --unmapped=keep'
		echo '{"unmapped": "keep"}' > "$ETC/config.json"
		runtime create --bundle "$BUNDLE" box
		assert_ran create --bundle "$BUNDLE" box
	done
}

@test "names of the host in arguments: the log says which key has them translated, and it does" {
	edit_config '.process.args = ["dpdk", "-a", "3b:02.0"]'
	remember
	runtime --log "$LOG" --log-format json create --bundle "$BUNDLE" box
	assert_json "$LOG" ".msg | contains(\"process.args[2] still has the host's 3b:02.0, which is 01:00.0 here; have it translated by \\\"leftover\\\": \\\"translate\\\" in /etc/oci-vfio-hook/config.json\")"
	assert_spec '.process.args == ["dpdk", "-a", "3b:02.0"]'
	cp "$BEFORE" "$CONFIG"
	echo '{"leftover": "translate"}' > "$ETC/config.json"
	runtime create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_spec '.process.args == ["dpdk", "-a", "01:00.0"]'
}

# --- which runtime -------------------------------------------------------------------------------------------------

# NAME: the recorder ran as this.
assert_ran_as() {
	assert_silent
	[ "$(grep '^argument 0 ' "$STDOUT")" = "argument 0 $1" ] || fail "expected to run $1" "$(show_output)"
}

@test "a link's name wins, else the configuration, else it is runc" {
	mkdir -p "$BATS_TEST_TMPDIR/elsewhere"
	cp "$SBIN/recorder" "$SBIN/runc"
	cp "$SBIN/recorder" "$SBIN/crun"
	cp "$SBIN/recorder" "$BATS_TEST_TMPDIR/elsewhere/engine"
	RUNTIME=oci-vfio-runtime
	runtime state box
	assert_ran_as /usr/local/sbin/runc
	RUNTIME=oci-vfio-crun
	runtime state box
	assert_ran_as /usr/local/sbin/crun
	echo '{"runtime":"recorder"}' > "$ETC/config.json"
	RUNTIME=oci-vfio-runtime
	runtime state box
	assert_ran_as /usr/local/sbin/recorder
	runtime --version
	assert_ran_as /usr/local/sbin/recorder
	RUNTIME=oci-vfio-crun
	runtime state box
	assert_ran_as /usr/local/sbin/crun
	# Here the configuration is read.
	write_config
	runtime create --bundle "$BUNDLE" box
	assert_ran_as /usr/local/sbin/crun
	RUNTIME=oci-vfio-runtime
	echo "{\"runtime\":\"$BATS_TEST_TMPDIR/elsewhere/engine\"}" > "$ETC/config.json"
	runtime state box
	assert_ran_as "$BATS_TEST_TMPDIR/elsewhere/engine"
	# Any other name than ours says nothing.
	for RUNTIME in x oci-vfio- oci-vfi-crun; do
		ln -s "$OCI_VFIO_RUNTIME" "$LINKS/$RUNTIME"
		runtime state box
		assert_ran_as "$BATS_TEST_TMPDIR/elsewhere/engine"
	done
}

@test "the path by which the link was called doesn't count" {
	machine_command env "PATH=$LINKS:$PATH" sh -c 'oci-vfio-recorder state box'
	assert_ran state box
	cd "$LINKS"
	machine_command ./oci-vfio-recorder state box
	assert_ran state box
	mkdir "$LINKS/oci-vfio-crun.d"
	machine_command bash -c "exec -a '$LINKS/oci-vfio-crun.d/oci-vfio-recorder' '$OCI_VFIO_RUNTIME' state box"
	assert_ran state box
}

@test "PATH and the environment don't choose the runtime" {
	mkdir "$BATS_TEST_TMPDIR/path"
	printf '#!/bin/sh\necho wrong\n' > "$BATS_TEST_TMPDIR/path/recorder"
	chmod 755 "$BATS_TEST_TMPDIR/path/recorder"
	machine_command env -i "PATH=$BATS_TEST_TMPDIR/path" OCI_VFIO_RUNTIME=x RUNTIME=x "$RECORDER_LINK" state box
	assert_ran state box
	machine_command env -i "$RECORDER_LINK" state box
	assert_ran state box
}

@test "the directories are searched in order" {
	local directory mounts='' found=$BATS_TEST_TMPDIR/found
	mkdir "$found"
	cp "$SBIN/recorder" "$found/elsewhere"
	ln -s "$OCI_VFIO_RUNTIME" "$LINKS/oci-vfio-elsewhere"
	# From the last to the first, each stands in for one more directory.
	for directory in /usr/bin /usr/sbin /usr/local/bin; do
		mounts="$directory $mounts"
		machine_command sh -ec "for directory in $mounts; do mount --bind '$found' \$directory; done; exec '$LINKS/oci-vfio-elsewhere' state box"
		assert_ran_as "$directory/elsewhere"
	done
	cp "$found/elsewhere" "$SBIN/elsewhere"
	machine_command sh -ec "for directory in $mounts; do mount --bind '$found' \$directory; done; exec '$LINKS/oci-vfio-elsewhere' state box"
	assert_ran_as /usr/local/sbin/elsewhere
	# Where CRI-O's packages put them comes last.
	rm "$SBIN/elsewhere"
	machine_command sh -ec "mount -t tmpfs none /usr/libexec; mkdir /usr/libexec/crio; cp '$found/elsewhere' /usr/libexec/crio
		exec '$LINKS/oci-vfio-elsewhere' state box"
	assert_ran_as /usr/libexec/crio/elsewhere
	machine_command sh -ec "mount -t tmpfs none /usr/libexec; mkdir /usr/libexec/crio; cp '$found/elsewhere' /usr/libexec/crio
		mount --bind '$found' /usr/bin; exec '$LINKS/oci-vfio-elsewhere' state box"
	assert_ran_as /usr/bin/elsewhere
}

@test "what can't be run is skipped" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$SBIN/recorder" "$BATS_TEST_TMPDIR/bin/recorder"
	local make
	for make in 'chmod 644' 'ln -sf /no/such' 'mkdir' 'mkfifo -m 777'; do
		[ "$make" = 'chmod 644' ] || rm -rf "$SBIN/recorder"
		$make "$SBIN/recorder"
		# shellcheck disable=SC2016 # For that sh.
		machine_command sh -ec 'mount --bind "$1/bin" /usr/local/bin; exec "$2" state box' sh "$BATS_TEST_TMPDIR" "$RECORDER_LINK"
		assert_ran_as /usr/local/bin/recorder
	done
}

@test "a runtime that is nowhere" {
	local name
	write_config
	for name in no-such-runtime ..; do
		ln -s "$OCI_VFIO_RUNTIME" "$LINKS/oci-vfio-$name"
		RUNTIME=oci-vfio-$name
		runtime state box
		assert_not_ran "$name"
	done
	RUNTIME=oci-vfio-runtime
	for name in no-such-runtime /no/such/runtime "$BATS_TEST_TMPDIR" "$CONFIG"; do
		echo "{\"runtime\":\"$name\"}" > "$ETC/config.json"
		runtime state box
		assert_not_ran "$name"
	done
	# The message says what to correct.
	assert_error runtime
}

@test "a program that can't be executed" {
	expect_rewriting
	echo 'no program' > "$SBIN/recorder"
	runtime --log "$LOG" --log-format json state box
	assert_not_ran /usr/local/sbin/recorder
	assert_logged /usr/local/sbin/recorder
}

@test "under the runtime's own name it finds the real one, not itself" {
	local name
	expect_rewriting
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$SBIN/recorder" "$BATS_TEST_TMPDIR/bin/runc"
	for name in symbolic hard; do
		rm -f "$SBIN/runc" "$SBIN/wrapper"
		case $name in
		symbolic) ln -s "$OCI_VFIO_RUNTIME" "$SBIN/runc" ;;
		hard)
			cp "$OCI_VFIO_RUNTIME" "$SBIN/wrapper"
			ln "$SBIN/wrapper" "$SBIN/runc"
			;;
		esac
		# shellcheck disable=SC2016 # For that sh.
		machine_command sh -ec 'mount --bind "$1/bin" /usr/local/bin; shift; PATH=/usr/local/sbin:/usr/local/bin:$PATH; exec "$@"' sh \
			"$BATS_TEST_TMPDIR" runc create --bundle "$BUNDLE" box
		assert_ran_as /usr/local/bin/runc
		assert_rewritten
	done
	# Nor when the configuration names it.
	echo '{"runtime":"/usr/local/sbin/runc"}' > "$ETC/config.json"
	machine_command /usr/local/sbin/runc state box
	assert_not_ran /usr/local/sbin/runc
}

@test "a broken configuration" {
	local text
	write_config
	remember
	for text in broken '{"runtime":7}' '{"runtime":""}' '{"nonsense":1}' '{"unmapped":"x"}'; do
		echo "$text" > "$ETC/config.json"
		RUNTIME=oci-vfio-runtime
		runtime --log "$LOG" --log-format json state box
		assert_refused_call /etc/oci-vfio-hook/config.json
		assert_logged config.json
		rm "$LOG"
		RUNTIME=oci-vfio-recorder
		runtime create --bundle "$BUNDLE" box
		assert_refused_call /etc/oci-vfio-hook/config.json
		# Where there is nothing to rewrite, and the name says what to run, it isn't needed.
		runtime kill box KILL
		assert_ran kill box KILL
	done
	echo '{}' > "$ETC/config.json"
	chmod 666 "$ETC/config.json"
	runtime create --bundle "$BUNDLE" box
	assert_refused_call /etc/oci-vfio-hook/config.json
}

@test "out of memory: 1, and its own name" {
	enlarge_config
	starve "$OCI_VFIO_RUNTIME"
	machine_command "${STARVED[@]}" "$LINKS/$RUNTIME" create --bundle "$BUNDLE" box
	assert_starved 1 'oci-vfio-runtime: out of memory'
	machine_command "${STARVED[@]}" "$LINKS/$RUNTIME" run --bundle "$BUNDLE" box
	assert_starved 1 'oci-vfio-runtime: out of memory'
}

@test "the configuration's other keys hold" {
	expect_rewriting
	rm "$MAPS"/*
	runtime create --bundle "$BUNDLE" box
	assert_refused_call /dev/vfio/45
	echo '{"unmapped":"keep"}' > "$ETC/config.json"
	runtime create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_unchanged
	two_entries
	echo '{"env_prefixes":["CARD_"]}' > "$ETC/config.json"
	runtime create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
	assert_env PCIDEVICE_A=0000:3b:02.0
}

# --- what the runtime gets -----------------------------------------------------------------------------------------

# SCRIPT: runs it by bash on the machine, twice: with the recorder's arguments after it, and with the wrapper's. What was
# recorded must be the same, but for the process and what `create` names. The bundle is rewritten in between.
assert_same() {
	local kind
	expect_rewriting
	for kind in direct wrapped; do
		local program=/usr/local/sbin/recorder
		[ "$kind" = direct ] || program=$RECORDER_LINK
		machine_command bash -c "$1" bash "$program" create --bundle "$BUNDLE" box
		assert_silent
		grep -v -e '^pid ' -e '^argument 0 ' -e '^variable _=' -e '^status PPid:' -e '^status NSpid:' "$STDOUT" |
			sed -E 's/(pipe|socket):\[[0-9]+\]/\1/' > "$BATS_TEST_TMPDIR/$kind"
		[ "$kind" = wrapped ] || cmp "$CONFIG" "$BEFORE"
	done
	assert_rewritten
	diff "$BATS_TEST_TMPDIR/direct" "$BATS_TEST_TMPDIR/wrapped" || fail 'the runtime gets something else'
}

@test "descriptors reach the runtime as they are, and no others" {
	seq 1000 > "$BATS_TEST_TMPDIR/data"
	# shellcheck disable=SC2016 # For that bash.
	assert_same '
		exec 3< "'"$BATS_TEST_TMPDIR"'/data" 4>> "'"$BATS_TEST_TMPDIR"'/appended" 7< <(sleep 0) 40<> /dev/null 200< / 9>&1
		read -r line <&3
		exec "$@"'
	grep -q '^fd 3 .*/data pos:' "$BATS_TEST_TMPDIR/wrapped"
	grep -q '^fd 7 pipe' "$BATS_TEST_TMPDIR/wrapped"
	grep -q '^fd 200 / ' "$BATS_TEST_TMPDIR/wrapped"
	[ ! -s "$BATS_TEST_TMPDIR/appended" ]
}

@test "a socket for the console reaches the runtime as it is" {
	assert_same "exec python3 -c 'import os, socket, sys
a, b = socket.socketpair()
os.dup2(a.fileno(), 33)
os.set_inheritable(33, True)
a.close()
os.execv(sys.argv[1], sys.argv[1:])' \"\$@\""
	grep -q '^fd 33 socket' "$BATS_TEST_TMPDIR/wrapped"
}

@test "closed standard descriptors stay closed" {
	assert_same 'exec "$@" <&-'
	! grep '^fd 0 ' "$BATS_TEST_TMPDIR/wrapped" || fail 'stdin is open'
	assert_same 'exec "$@" <&- 2>&-'
	! grep '^fd [02] ' "$BATS_TEST_TMPDIR/wrapped" || fail 'stdin or stderr is open'
}

@test "environment, directory and umask reach the runtime as they are" {
	mkdir "$BATS_TEST_TMPDIR/directory"
	# shellcheck disable=SC2016 # For that bash.
	assert_same 'cd "'"$BATS_TEST_TMPDIR"'/directory"; umask 0137; exec env -i A=b "EMPTY=" "ODD=a b  c" PCIDEVICE_A=0000:3b:02.0 _OCI_SYNCPIPE=3 LISTEN_FDS=2 "$@"'
	[ "$(grep -c '^variable ' "$BATS_TEST_TMPDIR/wrapped")" -ge 6 ]
	grep -qx "directory $BATS_TEST_TMPDIR/directory" "$BATS_TEST_TMPDIR/wrapped"
	grep -q '^status Umask:.0137$' "$BATS_TEST_TMPDIR/wrapped"
}

@test "an empty environment stays empty, and a deleted directory is none" {
	# shellcheck disable=SC2016 # For that bash.
	assert_same 'mkdir "'"$BATS_TEST_TMPDIR"'/gone"; cd "'"$BATS_TEST_TMPDIR"'/gone"; rmdir ../gone; exec env -i "$@"'
	! grep '^variable ' "$BATS_TEST_TMPDIR/wrapped" || fail 'not empty'
	grep -qx 'directory -' "$BATS_TEST_TMPDIR/wrapped"
}

@test "signals, limits and identity reach the runtime as they are" {
	needs_root
	# Sanitizers forbid core files themselves.
	# shellcheck disable=SC2016 # For that bash.
	assert_same "ulimit -c 0; ulimit -n 123; exec python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD, signal.SIGRTMIN])
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_IGN if number in (signal.SIGINT, signal.SIGUSR2) else signal.SIG_DFL)
os.kill(os.getpid(), signal.SIGUSR1)
os.setgroups([7, 8])
os.execv(sys.argv[1], sys.argv[1:])' \"\$@\""
	grep -q '^status SigBlk:.0000000200014200$' "$BATS_TEST_TMPDIR/wrapped" || fail "$(cat "$BATS_TEST_TMPDIR/wrapped")"
	grep -q '^status SigIgn:.0000000000000802$' "$BATS_TEST_TMPDIR/wrapped" || fail "$(cat "$BATS_TEST_TMPDIR/wrapped")"
	grep -q '^status S[a-z]*Pnd:.0000000000000200$' "$BATS_TEST_TMPDIR/wrapped" || fail "$(cat "$BATS_TEST_TMPDIR/wrapped")"
	grep -q '^status Groups:.7 8' "$BATS_TEST_TMPDIR/wrapped"
	grep -q '^limit Max open files *123 ' "$BATS_TEST_TMPDIR/wrapped"
}

@test "signals that are ignored stay so, those that it ignores itself too" {
	# shellcheck disable=SC2016 # For that bash.
	assert_same 'trap "" PIPE XFSZ HUP; exec "$@"'
	grep -q '^status SigIgn:.0000000001001001$' "$BATS_TEST_TMPDIR/wrapped" || fail "$(grep SigIgn "$BATS_TEST_TMPDIR/wrapped")"
	rm "$CONFIG"
	# shellcheck disable=SC2016
	assert_same 'trap - PIPE XFSZ; umask 0777; exec "$@"'
	grep -q '^status SigIgn:.0000000000000000$' "$BATS_TEST_TMPDIR/wrapped" || fail "$(grep SigIgn "$BATS_TEST_TMPDIR/wrapped")"
	grep -q '^status Umask:.0777$' "$BATS_TEST_TMPDIR/wrapped"
}

@test "it becomes the runtime: the process stays the same, and has no child" {
	needs_root
	expect_rewriting
	# shellcheck disable=SC2016 # For that bash.
	machine_command bash -c 'echo $$; exec "$@"' bash "$RECORDER_LINK" create --bundle "$BUNDLE" box
	assert_silent
	[ "pid $(head -n 1 "$STDOUT")" = "$(grep '^pid ' "$STDOUT")" ]
	assert_rewritten
	# Where no process may be made, it does as well. A sanitizer's search for leaks needs one.
	open_to_nobody
	cp "$OCI_VFIO_RUNTIME" "$BATS_TEST_TMPDIR/oci-vfio-recorder"
	chown -R 65534:65534 "$BUNDLE"
	# shellcheck disable=SC2016
	machine_command env ASAN_OPTIONS=detect_leaks=0 setpriv --reuid=65534 --regid=65534 --clear-groups bash -c 'ulimit -u 1; exec "$@"' bash \
		"$BATS_TEST_TMPDIR/oci-vfio-recorder" create --bundle "$BUNDLE" box
	assert_ran create --bundle "$BUNDLE" box
	assert_devices '/dev/vfio/3 c 242:0' '/dev/vfio/vfio c 10:196'
}

@test "stdin isn't read: the runtime gets it all" {
	local arguments
	expect_rewriting
	process "$PROCESS"
	for arguments in "create --bundle $BUNDLE box" "exec -p $FILE box" 'state box'; do
		seq 100000 > "$BATS_TEST_TMPDIR/input"
		# shellcheck disable=SC2086 # Words of a command line.
		in_machine "$RECORDER_LINK" $arguments < <(cat "$BATS_TEST_TMPDIR/input") > "$BATS_TEST_TMPDIR/out"
		sed '1,/^input:$/d' "$BATS_TEST_TMPDIR/out" | cmp - "$BATS_TEST_TMPDIR/input"
		# From a file too, of which some has been read.
		# shellcheck disable=SC2086
		{ read -r _ && in_machine "$RECORDER_LINK" $arguments; } < "$BATS_TEST_TMPDIR/input" > "$BATS_TEST_TMPDIR/out"
		sed '1,/^input:$/d' "$BATS_TEST_TMPDIR/out" | cmp - <(seq 2 100000)
	done
}

@test "on an error stdin isn't read either, nor waited for" {
	broken_map
	write_config
	remember
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# A writer that writes nothing and doesn't close.
	exec 8<> "$BATS_TEST_TMPDIR/fifo"
	status=0
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	in_machine timeout 10 "$RECORDER_LINK" create --bundle "$BUNDLE" box <&8 > "$STDOUT" 2> "$STDERR" || status=$?
	exec 8>&-
	assert_refused_call 45.json
}

@test "argc 0 is legal, and so is an empty name" {
	local name
	cp "$SBIN/recorder" "$SBIN/runc"
	# Linux makes of no argument an empty one, since 5.18.
	for name in '' '""'; do
		machine_command perl -e "my @arguments = ($name); exec { \$ARGV[0] } @arguments or die" "$OCI_VFIO_RUNTIME"
		assert_silent
		[ "$(grep '^argument ' "$STDOUT")" = 'argument 0 /usr/local/sbin/runc' ] || fail "$(show_output)"
	done
}

@test "without /proc: a message" {
	# shellcheck disable=SC2016 # For that sh.
	machine_command sh -ec 'mount -t tmpfs none /proc; exec "$1" state box' sh "$RECORDER_LINK"
	assert_status 1
	[ ! -s "$STDOUT" ] || fail 'the runtime ran' "$(show_output)"
	# A sanitizer has more to say.
	grep -q '^oci-vfio-runtime: /proc/self/exe: .*; is /proc mounted?' "$STDERR" || fail "$(show_output)"
}

# --- many at once --------------------------------------------------------------------------------------------------

@test "200 bundles, 16 at once" {
	needs_root
	local bundles=$BATS_TEST_TMPDIR/bundles number
	expect_rewriting
	for ((number = 1; number <= 200; number++)); do
		mkdir -p "$bundles/$number"
		cp "$BEFORE" "$bundles/$number/config.json"
	done
	in_machine sh -c "seq 200 | xargs -P 16 -I{} sh -c '\"$RECORDER_LINK\" create --bundle \"$bundles/{}\" box-{} > \"$BATS_TEST_TMPDIR/{}.out\"'" \
		> "$BATS_TEST_TMPDIR/messages" 2>&1
	[ ! -s "$BATS_TEST_TMPDIR/messages" ] || fail "$(cat "$BATS_TEST_TMPDIR/messages")"
	for ((number = 1; number <= 200; number++)); do
		cmp "$bundles/$number/config.json" "$REWRITTEN"
		grep -qx "argument 4 box-$number" "$BATS_TEST_TMPDIR/$number.out" || fail "$number didn't run"
	done
	[ "$(find "$bundles" -type f | wc -l)" = 200 ] || fail "$(find "$bundles" -type f ! -name config.json)"
	[ "$(find "$ROOT/run" -type f)" = "$ROOT/run/oci-vfio-hook/token" ]
}

@test "it waits for whoever holds the lock of the bundle" {
	expect_rewriting
	mkfifo "$BATS_TEST_TMPDIR/locked"
	(umask 077 && : > "$BUNDLE/.config.json.oci-vfio-hook.lock")
	# shellcheck disable=SC2016 # For that sh.
	flock "$BUNDLE/.config.json.oci-vfio-hook.lock" sh -c 'echo > "$0/locked"; sleep 0.5; touch "$0/released"' "$BATS_TEST_TMPDIR" 3>&- &
	read -r _ < "$BATS_TEST_TMPDIR/locked"
	runtime create --bundle "$BUNDLE" box
	[ -e "$BATS_TEST_TMPDIR/released" ] || fail 'it did not wait'
	assert_ran create --bundle "$BUNDLE" box
	assert_rewritten
}

@test "16 at once on one bundle" {
	local round
	expect_rewriting
	for round in 1 2 3; do
		in_machine sh -c "seq 16 | xargs -P 16 -I{} '$RECORDER_LINK' create --bundle '$BUNDLE' box-{}" > "$BATS_TEST_TMPDIR/out" 2>&1
		[ "$(grep -c '^argument 4 box-' "$BATS_TEST_TMPDIR/out")" = 16 ] || fail "round $round" "$(grep -v -e ^limit -e ^status "$BATS_TEST_TMPDIR/out")"
		! grep 'oci-vfio-runtime:' "$BATS_TEST_TMPDIR/out" || fail "round $round"
		assert_rewritten
	done
}

# --- the real runtimes ---------------------------------------------------------------------------------------------

# ARGUMENT...: each runtime says and does the same through the wrapper and alone.
assert_same_runtime() {
	local name program
	for name in runc crun; do
		program=$(command -v "$name") || fail "there is no $name"
		rm -rf "$BATS_TEST_TMPDIR/direct" "$BATS_TEST_TMPDIR/wrapped"
		mkdir "$BATS_TEST_TMPDIR/direct" "$BATS_TEST_TMPDIR/wrapped"
		cd "$BATS_TEST_TMPDIR/direct" || fail
		machine_command "$program" "$@"
		cp "$STDOUT" "$STDERR" .
		echo "$status" > status
		cd "$BATS_TEST_TMPDIR/wrapped" || fail
		RUNTIME=oci-vfio-$name
		runtime "$@"
		cp "$STDOUT" "$STDERR" .
		echo "$status" > status
		# runc says when.
		sed -i 's/time="[^"]*"//' ../{direct,wrapped}/stderr
		diff -r ../direct ../wrapped || fail "$name $*: differs"
	done
}

@test "the real runtimes say the same through the wrapper" {
	needs_root
	# runc looks which cgroups there are.
	mkdir -p "$ROOT/sys/fs/cgroup"
	assert_same_runtime --version
	[[ $(< "$BATS_TEST_TMPDIR/wrapped/stdout") == *crun* ]]
	assert_same_runtime spec
	[ -s "$BATS_TEST_TMPDIR/wrapped/config.json" ]
	assert_same_runtime --root "$BATS_TEST_TMPDIR/state" state box
	[ "$(< "$BATS_TEST_TMPDIR/wrapped/status")" != 0 ]
	assert_same_runtime --root "$BATS_TEST_TMPDIR/state" list
	assert_same_runtime features
	assert_same_runtime --help
}

# A bundle that the runtimes can start: a shell that prints the variable and the nodes, then runs SCRIPT.
real_bundle() {
	mkdir -p "$BUNDLE/rootfs"/{dev,proc} "$ROOT/sys/fs/cgroup"
	cp "$(command -v busybox)" "$BUNDLE/rootfs/busybox"
	# shellcheck disable=SC2016 # jq's, and the container's shell's.
	edit_config '.process.args = ["/busybox", "sh", "-c", "/busybox echo $PCIDEVICE_A $(/busybox stat -c \"%n %t:%T\" /dev/vfio/[0-9]*); " + $script]
		| .process.user = {uid: 0, gid: 0}
		| .linux.namespaces += [{type: "pid"}]
		| .mounts += [{destination: "/dev", type: "tmpfs", source: "tmpfs"}]' --arg script "$1"
}

# NAME: what it needs on a machine without a service manager.
global_options() {
	[ "$1" != crun ] || echo --cgroup-manager=disabled
}

@test "runc and crun start a container with the device of this machine" {
	needs_root
	local name command
	# shellcheck disable=SC2016 # For the container's shell.
	real_bundle 'read line; echo "$line"; exit 7'
	remember
	for name in runc crun; do
		for command in "$(command -v "$name")" "$LINKS/oci-vfio-$name"; do
			cp "$BEFORE" "$CONFIG"
			status=0
			STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
			# shellcheck disable=SC2046 # Words.
			in_machine timeout 20 "$command" --root "$BATS_TEST_TMPDIR/state" $(global_options "$name") run --bundle "$BUNDLE" "$BOX" \
				<<< 'from stdin' > "$STDOUT" 2> "$STDERR" || status=$?
			# The container's own status.
			assert_status 7
			case $command in
			"$LINKS"*) [ "$(< "$STDOUT")" = $'0000:01:00.0 /dev/vfio/3 f2:0\nfrom stdin' ] || fail "$(show_output)" ;;
			# Alone, what the host said.
			*) [ "$(< "$STDOUT")" = $'0000:3b:02.0 /dev/vfio/45 f3:5\nfrom stdin' ] || fail "$(show_output)" ;;
			esac
			[ ! -s "$STDERR" ] || fail "$(show_output)"
			assert_no_leftover
		done
	done
}

@test "a container of which the map is broken doesn't start under runc and crun" {
	needs_root
	local name
	real_bundle 'exit 0'
	remember
	broken_map
	for name in runc crun; do
		RUNTIME=oci-vfio-$name
		# shellcheck disable=SC2046 # Words.
		runtime --root "$BATS_TEST_TMPDIR/state" $(global_options "$name") run --bundle "$BUNDLE" "$BOX"
		assert_refused_call 45.json
		[ ! -e "$BATS_TEST_TMPDIR/state/$BOX" ]
	done
}

@test "create, start, exec and delete under runc and crun" {
	needs_root
	local name
	real_bundle 'exec /busybox sleep 60'
	remember
	cat > "$BATS_TEST_TMPDIR/life" <<-'END'
		call() { "$wrapper" --root "$state" $options "$@"; }
		call create --bundle "$bundle" --pid-file "$state.pid" "$box" > "$state.out" 2>&1 < /dev/null
		call state "$box" | jq -r .status
		call start "$box"
		# The container's own bundle knows its addresses.
		echo broken > "$map"
		call exec --process "$process" "$box"
		call exec "$box" /busybox echo second
		kill -0 "$(cat "$state.pid")"
		for _ in {1..100}; do [ ! -s "$state.out" ] || break; sleep 0.05; done
		call delete --force "$box"
		cat "$state.out"
	END
	for name in runc crun; do
		cp "$BEFORE" "$CONFIG"
		two_entries
		# shellcheck disable=SC2016 # For the container's shell.
		process '{"terminal":false,"user":{"uid":0,"gid":0},"cwd":"/","args":["/busybox","sh","-c","/busybox echo $PCIDEVICE_A in exec"],"env":["PCIDEVICE_A=0000:3b:02.0"]}'
		# In a process namespace of its own, so that nothing outlives the test.
		machine_command unshare --pid --fork --kill-child --mount-proc env wrapper="$LINKS/oci-vfio-$name" box="$BOX" bundle="$BUNDLE" process="$FILE" \
			state="$BATS_TEST_TMPDIR/$name" map="$MAPS/45.json" options="$(global_options "$name")" bash -eu "$BATS_TEST_TMPDIR/life"
		assert_silent
		[ "$(< "$STDOUT")" = $'created\n0000:01:00.0 in exec\nsecond\n0000:01:00.0 /dev/vfio/3 f2:0' ] || fail "$(show_output)"
		assert_no_leftover
	done
}
