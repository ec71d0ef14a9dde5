#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The device cgroups of real containers, widened and put back while they run: opens inside tell what the kernel thinks
# of it. Runs as root in the guest that `boot` starts with machine.conf; CGROUP is its VM_CGROUP. Where that isn't v2, only
# what is tagged v1 is to be run; what is tagged hybrid, only there.
#
# DEVICE_CGROUP is the program of device_cgroup.c.
#
# jq's variables look like the shell's, and bats' own are set in every test:
# shellcheck disable=SC2016,SC2030,SC2031

load helpers

# Two groups: that of the stale device and that of the final one.
stale_function=0000:00:07.0
final_function=0000:01:00.0
v1=/sys/fs/cgroup/devices
v2=/sys/fs/cgroup
[ "$CGROUP" != hybrid ] || v2=/sys/fs/cgroup/unified

setup_file() {
	bind_to vfio-pci $stale_function
	bind_to vfio-pci $final_function
}

setup() {
	untraced
	bundle=$BATS_TEST_TMPDIR/bundle
	name=test-$BATS_TEST_NUMBER
	runtime='' pid=''
	mkdir -p "$bundle/rootfs"/{bin,proc,dev}
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	ln -s busybox "$bundle/rootfs/bin/sh"
	stale=c:$(numbers_of "$(group_of $stale_function)")
	final=c:$(numbers_of "$(group_of $final_function)")
}

teardown() {
	set_hardening 0
	[ -z "$runtime" ] || "$runtime" delete --force "$name" || true
	[ "$CGROUP" = v2 ] || mountpoint -q "$v1" || mount_v1
}

mount_v1() {
	mount -t cgroup -o devices devices "$v1"
}

# RUNTIME [CGROUPS-PATH]: a container whose rules allow the stale device and not the final one, though it has nodes of
# both, and of a third that it isn't allowed (10:196).
start_container() {
	runtime=$1
	new_spec "$runtime"
	edit_spec --arg stale "${stale#c:}" --arg final "${final#c:}" --arg path "${2:-/live/$name}" '
		def node($path; $numbers): ($numbers | split(":") | map(tonumber)) as [$major, $minor]
			| {path: $path, type: "c", $major, $minor, fileMode: 438, uid: 0, gid: 0};
		.process.args = ["/bin/busybox", "sleep", "1000"]
		| .process.terminal = false
		| .linux.cgroupsPath = $path
		| .linux.devices += [node("/dev/stale"; $stale), node("/dev/final"; $final), node("/dev/third"; "10:196")]
		| .linux.resources.devices += [
			{allow: true, type: "c", access: "rw"} + (node(""; $stale) | {major, minor})]'
	# Without bats' descriptor, which the container would hold.
	"$runtime" run --detach --bundle "$bundle" "$name" < /dev/null > "$BATS_TEST_TMPDIR/log" 2>&1 3>&- || {
		cat "$BATS_TEST_TMPDIR/log"
		return 1
	}
	pid=$("$runtime" state "$name" | jq .pid)
}

cgroup_of_container() {
	if [ "$CGROUP" = v2 ]; then
		echo "$v2$(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
	else
		echo "$v1$(sed -n 's/^[0-9]*:devices://p' "/proc/$pid/cgroup")"
	fi
}

can_open() {
	expect 0 '' "$runtime" exec "$name" sh -c ": <> /dev/$1"
}

cannot_open() {
	expect 1 'Operation not permitted' "$runtime" exec "$name" sh -c ": <> /dev/$1"
}

as_started() {
	can_open stale
	cannot_open final
	cannot_open third
	can_open null
}

as_widened() {
	cannot_open stale
	can_open final
	cannot_open third
	can_open null
	can_open urandom
}

# What the kernel has for the container: must be the same before a change and after its undoing.
state_of_cgroup() {
	if [ "$CGROUP" = v2 ]; then
		"$DEVICE_CGROUP" programs "$(cgroup_of_container)"
	else
		sort "$(cgroup_of_container)/devices.list"
	fi
}

change() {
	local command=$1
	shift
	"$DEVICE_CGROUP" "$command" "$pid" "$@"
}

verdict_is() {
	[ "$("$DEVICE_CGROUP" verdict "$pid" "$3" "$2")" = "$1" ]
}

# Nothing is changed by a command that ends so. STATUS TEXT COMMAND...
refused() {
	local before
	before=$(state_of_cgroup)
	expect "$@"
	[ "$(state_of_cgroup)" = "$before" ]
	cannot_open final
}

widened() {
	start_container "$1"
	as_started
	expect 0 "$(cgroup_of_container)" change widen "$stale" "$final" rwm
	as_widened
	# Again: there is nothing left to be done.
	if [ "$CGROUP" = v2 ]; then
		state_of_cgroup > "$BATS_TEST_TMPDIR/once"
		expect 0 kept change widen "$stale" "$final" rwm
		state_of_cgroup | diff "$BATS_TEST_TMPDIR/once" -
	fi
}

# bats test_tags=v1,hierarchy
@test "crun: a created container gets the final device and loses the stale one" { widened crun; }
# bats test_tags=v1,hierarchy
@test "runc: a created container gets the final device and loses the stale one" { widened runc; }

undone() {
	local before
	start_container "$1"
	before=$(state_of_cgroup)
	expect 0 '' change undo "$stale" "$final" rwm
	diff <(echo "$before") <(state_of_cgroup)
	as_started
}

# bats test_tags=v1,hierarchy
@test "crun: undoing puts back what was there" { undone crun; }
# bats test_tags=v1
@test "runc: undoing puts back what was there" { undone runc; }

# An open cgroup of v1 doesn't show its exceptions: those that the spec makes come back.
# bats test_tags=v1
@test "crun: undoing in a cgroup that is open to all but the final device" {
	local numbers=${final#?:}
	start_container crun
	if [ "$CGROUP" != v2 ]; then
		echo a > "$(cgroup_of_container)/devices.allow"
		echo "c $numbers rwm" > "$(cgroup_of_container)/devices.deny"
		can_open stale
	fi
	cannot_open final
	expect 0 '' change undo "$stale" "$final" rwm-rwm
	cannot_open final
	expect 0 '' change widen "$stale" "$final" rwm-rwm
	can_open final
}

# As with "allow a" in the spec, and a rule that refuses the device some access.
# bats test_tags=v1
@test "crun: access that the spec refuses" {
	start_container crun
	# Closed to others: it isn't given.
	expect 0 '' change widen "$stale" "$final" rm!w
	if [ "$CGROUP" != v2 ]; then
		expect 0 '' change widen "$stale" "$final" 'rwm*'
		echo a > "$(cgroup_of_container)/devices.allow"
		expect 69 'makes no exception' change widen "$stale" "$final" 'rwm*'
	fi
	expect 69 'refuse device' change widen "$final" c:1:3 r!w
}

# Each device is the other's old one.
swapped() {
	start_container "$1"
	expect 0 '' change widen "$stale" "$final" rw "$final" "$stale" rw
	can_open stale
	can_open final
	cannot_open third
	expect 0 '' change widen - c:10:196 rw
	can_open third
}

# bats test_tags=v1
@test "crun: two devices swapped, and a third one that is new" { swapped crun; }
# bats test_tags=v1
@test "runc: two devices swapped, and a third one that is new" { swapped runc; }

read_only() {
	start_container "$1"
	expect 0 '' change widen - "$final" r
	cannot_open final
	expect 0 '' "$runtime" exec "$name" sh -c ': < /dev/final'
	expect 0 '' change widen - "$final" rw
	can_open final
}

# bats test_tags=v1
@test "crun: the access of a rule is kept" { read_only crun; }
@test "runc: the access of a rule is kept" { read_only runc; }

# Our interpreter and the kernel are of one mind about the runtime's own programs and ours.
interpreted() {
	local device
	start_container "$1"
	for device in "$final" c:10:196 b:7:0; do verdict_is refused "$device" r; done
	for device in "$stale" c:1:3 c:136:5; do verdict_is allowed "$device" rw; done
	expect 0 '' change widen "$stale" "$final" rwm
	for device in "$stale" c:10:196 b:7:0; do verdict_is refused "$device" r; done
	for device in "$final" c:1:3 c:136:5; do verdict_is allowed "$device" rw; done
	verdict_is allowed "$final" rwm
}

@test "crun: what the programs answer is known without running them" { interpreted crun; }
# bats test_tags=second
@test "runc: what the programs answer is known without running them" { interpreted runc; }

ancestor_refuses() {
	if [ "$CGROUP" = v2 ]; then
		mkdir -p "$v2/above-$1/middle"
		"$DEVICE_CGROUP" attach "$v2/above-$1" "$final"
	else
		mkdir -p "$v1/above-$1/middle"
		echo "${final/:/ } rw" > "$v1/above-$1/devices.deny"
	fi
	start_container "$1" "/above-$1/middle/$name"
	if [ "$CGROUP" = v2 ]; then
		refused 69 "/sys/fs/cgroup/above-$1: its device program refusal refuses device ${final/:/ }" \
			change widen "$stale" "$final" rwm
		can_open stale
	else
		# The stale device is denied before the kernel refuses the final one.
		refused 69 'a cgroup above it' change widen "$stale" "$final" rwm
		can_open stale
	fi
}

# bats test_tags=v1
@test "crun: a cgroup above that refuses the final device" { ancestor_refuses crun; }
@test "runc: a cgroup above that refuses the final device" { ancestor_refuses runc; }

@test "a container without filter: nothing to widen" {
	start_container crun
	mkdir -p $v2/bare
	echo "$pid" > $v2/bare/cgroup.procs
	expect 0 "$v2/bare v2" change widen "$stale" "$final" rwm
	[ "${#lines[@]}" = 1 ]
	echo "$pid" > "$v2/live/$name/cgroup.procs"
}

# A program that is attached by a link can't be replaced: the one before it must be put back.
@test "crun: the second of two programs can't be replaced" {
	local link
	start_container crun
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	"$DEVICE_CGROUP" link "$(cgroup_of_container)" "$final" < "$BATS_TEST_TMPDIR/fifo" > "$BATS_TEST_TMPDIR/link" 3>&- &
	link=$!
	exec 8> "$BATS_TEST_TMPDIR/fifo"
	until grep attached "$BATS_TEST_TMPDIR/link"; do sleep 0.1; done
	[ "$(state_of_cgroup | wc -l)" = 2 ]
	refused 69 "can't be replaced: it is attached by a link" change widen "$stale" "$final" rwm
	can_open stale
	exec 8>&-
	wait "$link"
}

# The kernel blinds the constants of programs that are loaded meanwhile, and shows no such program to anybody where it
# hides its addresses from root, too.
set_hardening() {
	echo "$1" > /proc/sys/net/core/bpf_jit_harden
}

set_hiding() {
	echo "$1" > /proc/sys/kernel/kptr_restrict
}

@test "crun: the program's constants are blinded" {
	set_hardening 2
	start_container crun
	refused 69 'its constants are blinded' change widen "$stale" "$final" rwm
	can_open stale
}

change_hidden() {
	local status=0
	set_hiding 2
	change "$@" || status=$?
	set_hiding 0
	return "$status"
}

@test "runc: the program can't be read" {
	set_hardening 2
	start_container runc
	refused 69 "its device programs can't be read: Permission denied" change_hidden widen "$stale" "$final" rwm
	can_open stale
}

@test "crun: two programs are both widened" {
	start_container crun
	"$DEVICE_CGROUP" attach "$(cgroup_of_container)" "$final"
	expect 0 'replaced' change widen "$stale" "$final" rwm
	[ "${lines[1]##* }${lines[2]##* }" = replacedreplaced ]
	as_widened
}

# As crun from 1.23 on has it under systemd: the container in a sub-cgroup, a program at its scope.
@test "crun: the program at the scope around the container's cgroup" {
	mkdir -p $v2/one.scope
	"$DEVICE_CGROUP" attach $v2/one.scope "$final"
	start_container crun /one.scope/container
	expect 0 'refusal replaced' change widen "$stale" "$final" rwm
	as_widened
}

@test "crun: a scope that others are in is not the container's" {
	mkdir -p $v2/two.scope/other
	"$DEVICE_CGROUP" attach $v2/two.scope "$final"
	start_container crun /two.scope/container
	refused 69 "$v2/two.scope: its device program" change widen "$stale" "$final" rwm
}

# bats test_tags=v1,hierarchy
@test "a process in our own cgroup: nothing is changed" {
	pid=$$ runtime=''
	expect 0 shared change widen - "$final" rwm
	[ "$CGROUP" = v2 ] || return 0
	mkdir -p $v2/ours
	echo $$ > $v2/ours/cgroup.procs
	"$DEVICE_CGROUP" attach $v2/ours "$final"
	state_of_cgroup > "$BATS_TEST_TMPDIR/before"
	expect 69 "$v2/ours" change widen - "$final" rwm
	expect 0 '' change widen - c:10:196 rwm
	state_of_cgroup | diff "$BATS_TEST_TMPDIR/before" -
	echo $$ > $v2/cgroup.procs
}

# bats test_tags=v1,hierarchy
@test "crun: cgroups that are mounted elsewhere" {
	start_container crun
	mkdir -p /run/elsewhere
	expect 0 '/run/elsewhere' unshare --mount bash -c "
		mount --rbind /sys/fs/cgroup /run/elsewhere && mount -t tmpfs tmpfs /sys/fs/cgroup &&
		'$DEVICE_CGROUP' widen $pid $stale $final rwm"
	as_widened
}

@test "crun: libmount isn't installed" {
	start_container crun
	# An empty file in its place.
	refused 69 "libmount.so.1 is needed to find the container's cgroup, which is not in the usual place: install the package libmount1" unshare --mount bash -c "
		mount -t tmpfs tmpfs /sys/fs/cgroup
		mount --bind /dev/null \$(readlink -e /usr/lib/x86_64-linux-gnu/libmount.so.1)
		'$DEVICE_CGROUP' widen $pid $stale $final rwm"
}

# CALL PATTERN ERROR STATUS TEXT [COMMAND...]: the first of the system calls whose line in strace's output has the extended
# regular expression fails so, and nothing is changed. The command runs strace.
fails() {
	local call=$1 pattern=$2 error=$3 expected=$4 text=$5 number trace=$BATS_TEST_TMPDIR/trace
	shift 5
	"$@" strace -qq -o "$trace" -e "trace=$call" "$DEVICE_CGROUP" undo "$pid" "$stale" "$final" rwm
	number=$(grep -nEm 1 "$pattern" "$trace" | cut -d : -f 1)
	refused "$expected" "$text" "$@" strace -qq -o "$trace" -e "trace=$call" -e "inject=$call:error=$error:when=$number" \
		"$DEVICE_CGROUP" widen "$pid" "$stale" "$final" rwm
	grep -F '(INJECTED)' "$trace"
	can_open stale
}

# bats test_tags=v1,hierarchy
@test "crun: what the kernel has can't be read" {
	start_container crun
	fails openat '"/proc/self/mountinfo"' EIO 74 "/proc/self/mountinfo: can't be read by libmount" unshare --mount bash -c '
		mkdir -p /run/elsewhere && mount --rbind /sys/fs/cgroup /run/elsewhere && mount -t tmpfs tmpfs /sys/fs/cgroup &&
		exec "$@"' bash
	if [ "$CGROUP" = v2 ]; then
		fails bpf BPF_PROG_QUERY EPERM 77 ' (CAP_BPF and CAP_NET_ADMIN are needed)'
	else
		fails openat '"devices\.list"' EIO 74 "$(cgroup_of_container)/devices.list: can't be opened: Input/output error"
		refused 65 '"" is not an access to a device' change widen "$stale" "$final" none
	fi
}

# The process is a cousin: /proc/PID/cgroup says /../live/..., and the mount's root is /.. there.
# bats test_tags=v1,hierarchy
@test "crun: from another cgroup namespace" {
	local top
	start_container crun
	top=$(dirname "$(dirname "$(cgroup_of_container)")")
	mkdir -p "$top/hook"
	bash -c "echo \$\$ > '$top/hook/cgroup.procs'
		exec unshare --cgroup bash -c 'cat /proc/$pid/cgroup; \"$DEVICE_CGROUP\" widen $pid $stale $final rwm'" > "$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	grep /../ "$BATS_TEST_TMPDIR/out"
	as_widened
}

# With the hierarchy mounted again its root is our own namespace's, which doesn't show the container.
# bats test_tags=v1,hierarchy
@test "crun: from a cgroup namespace that doesn't show the container" {
	local top type=cgroup2 kind=v2
	[ "$CGROUP" = v2 ] || type='cgroup -o devices' kind='v1 devices'
	start_container crun
	top=$(dirname "$(dirname "$(cgroup_of_container)")")
	mkdir -p "$top/hook"
	refused 69 "the container's $kind cgroup /../live/$name is in no cgroup mount that is seen here" bash -c "echo \$\$ > '$top/hook/cgroup.procs'
		exec unshare --cgroup --mount bash -c '
			umount -R /sys/fs/cgroup
			mount -t $type none /sys/fs/cgroup
			\"$DEVICE_CGROUP\" widen $pid $stale $final rwm'"
}

# A hierarchy is gone when it is mounted nowhere and has no cgroup left, and the kernel frees those a little later.
no_v1() {
	local tries
	for ((tries = 0; tries < 50; tries++)); do
		mountpoint -q "$v1" || mount_v1
		find "$v1" -mindepth 1 -depth -type d -exec rmdir {} + || true
		umount "$v1"
		grep -q :devices: /proc/self/cgroup || return 0
		sleep 0.1
	done
	false
}

# No runtime makes a cgroup or a program there, so crun is told not to, and the test does.
# bats test_tags=hybrid
@test "crun: the devices controller isn't mounted as v1, and v2 decides" {
	local unified=$v2/live/$name
	no_v1
	mkdir -p "$unified"
	cat > "$BATS_TEST_TMPDIR/crun" <<-CRUN
	#!/bin/sh -e
	echo \$\$ > '$unified/cgroup.procs'
	exec crun --cgroup-manager=disabled "\$@"
	CRUN
	chmod +x "$BATS_TEST_TMPDIR/crun"
	start_container "$BATS_TEST_TMPDIR/crun"
	"$DEVICE_CGROUP" attach "$unified" "$final"
	can_open stale
	cannot_open final
	expect 0 "$unified v2" change widen "$stale" "$final" rwm
	cannot_open stale
	can_open final
	can_open null
}
