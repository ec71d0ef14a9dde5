#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# System calls that fail while createRuntime changes a container, made to by strace: the message names the place and says
# why, and nodes, mounts and config.json are as before. The container is a process in a mount namespace of its own, its
# new device one that every device cgroup allows. tests/vm has real containers.

load helpers

setup() {
	needs_root
	machine
	bundle
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=3 node=1:3
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	TRACE=$BATS_TEST_TMPDIR/trace
	PID_FILE=$BATS_TEST_TMPDIR/pid
	STDOUT=$BATS_TEST_TMPDIR/stdout STDERR=$BATS_TEST_TMPDIR/stderr
	# What is mounted on the machine's /dev/vfio.
	NODES=$BATS_TEST_TMPDIR/nodes
	mkdir "$NODES"
	mknod "$NODES/3" c 1 3
	mknod "$NODES/vfio" c 10 196
	add_device /dev/vfio/45 c 243 5 '"uid":0,"gid":0'
	add_rule + c 243:5 rwm
}

teardown() {
	[ ! -s "$PID_FILE" ] || kill "$(< "$PID_FILE")"
}

# SCRIPT [WRAPPER...]: a process that waits as a container's does; the script makes its /dev, in the rootfs.
stand_in() {
	local script=$1
	shift
	write_config
	"$@" unshare --mount --propagation private bash -ec "
		mount --bind '$BUNDLE/rootfs' '$BUNDLE/rootfs'
		cd '$BUNDLE/rootfs'
		mkdir -p dev
		mount -t tmpfs none dev
		mkdir dev/vfio
		$script
		cd /
		echo \$\$ > '$PID_FILE'
		exec sleep 1000" 3>&- &
	until [ -s "$PID_FILE" ]; do
		kill -0 $! || fail 'the process has ended'
		sleep 0.02
	done
	PID=$(< "$PID_FILE")
}

A_NODE='mknod dev/vfio/45 c 243 5'

# The container's nodes and mounts.
look_inside() {
	# shellcheck disable=SC2016 # $0 is for that shell.
	nsenter --mount="/proc/$PID/ns/mnt" bash -c 'find "$0/dev" -exec stat -c "%n %F %a %u:%g %t:%T" {} + | sort
		cut -d " " -f 3- /proc/self/mountinfo | sort' "$BUNDLE/rootfs"
}

# STRACE OPTION...: createRuntime on the built machine, with this machine's cgroups.
create_runtime() {
	local state
	state="{\"ociVersion\":\"1.0.2\",\"id\":\"box\",\"status\":\"created\",\"pid\":$PID,\"bundle\":\"$BUNDLE\"}"
	mkdir -p "$ROOT/sys/fs/cgroup"
	status=0
	BRIEF=''
	# shellcheck disable=SC2016 # For that bash.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 with_mounts bash -euc '
		mount --rbind /sys/fs/cgroup "$0/sys/fs/cgroup"
		for directory in sys etc run; do mount --rbind "$0/$directory" "/$directory"; done
		mount -t tmpfs none /mnt
		mkdir /mnt/dev /mnt/dev/vfio
		mount --bind "$1" /mnt/dev/vfio
		mknod /mnt/dev/null c 1 3
		mount --rbind /mnt/dev /dev
		shift
		exec "$@"' "$ROOT" "$NODES" timeout 20 strace -qq -y -o "$TRACE" "$@" "$OCI_VFIO_HOOK" createRuntime \
		> "$STDOUT" 2> "$STDERR" <<< "$state" || status=$?
}

# CALL PATTERN ERROR STATUS TEXT...: the first of the system calls whose line in strace's output has the extended regular
# expression fails so.
assert_fault() {
	local call=$1 pattern=$2 error=$3 line number before
	shift 3
	before=$(look_inside)
	# All but the last step is done and undone.
	create_runtime -e "trace=$call,renameat" -e inject=renameat:error=EPERM:when=1
	grep -q 'renameat.*(INJECTED)' "$TRACE" || fail "the last step isn't reached" "$(show_output)"
	line=$(grep -nE "$pattern" "$TRACE" | grep -E "^[0-9]+:$call\(" | head -n 1) || true
	[ -n "$line" ] || fail "no $call with $pattern:" "$(< "$TRACE")" "$(show_output)"
	number=$(head -n "${line%%:*}" "$TRACE" | grep -c "^$call(")
	[ "$before" = "$(look_inside)" ] || fail 'changed inside' "$(diff <(echo "$before") <(look_inside))"
	remember
	create_runtime -e "trace=$call" -e "inject=$call:error=$error:when=$number"
	grep -qF '(INJECTED)' "$TRACE" || fail 'nothing failed' "$(< "$TRACE")" "$(show_output)"
	assert_refused "$@"
	[ "$before" = "$(look_inside)" ] || fail 'changed inside' "$(diff <(echo "$before") <(look_inside))"
}

@test "the container's mount namespace" {
	stand_in "$A_NODE"
	assert_fault setns . EPERM 77 "state: pid $PID: its mount namespace can't be joined: Operation not permitted; the hook must be root, or the user that the container's user namespace belongs to"
	assert_fault setns . EIO 74 "state: pid $PID: its mount namespace can't be joined: Input/output error"
	assert_fault statx '<[^>]*/rootfs>, "", ' ENOSYS 69 "$BUNDLE/rootfs: this kernel doesn't tell whether it is a mount point; Linux 5.8 does"
}

@test "a container that isn't created" {
	write_config
	remember
	PID=0
	create_runtime -e trace=none
	assert_refused 65 'state: "pid" is missing: the container must be created before its devices can be changed'
}

@test "the stale node" {
	stand_in "$A_NODE"
	assert_fault statx '/dev/vfio>, "45"' EIO 74 "/dev/vfio/45 in the container: can't be examined: Input/output error"
	assert_fault lgetxattr '"45"' EIO 74 "/dev/vfio/45 in the container: its label can't be read: Input/output error"
	assert_fault renameat2 '"45"' EIO 74 "/dev/vfio/45 in the container: the stale node can't be removed: Input/output error"
}

@test "whether nothing was changed is said by what came of undoing it" {
	stand_in "$A_NODE"
	remember
	create_runtime -e trace=renameat -e inject=renameat:error=EPERM:when=1
	assert_refused 77 "can't be replaced: Operation not permitted" 'write access to its directory; nothing was changed'
	create_runtime -e trace=renameat2 -e inject=renameat2:error=EIO:when=1
	assert_refused 74 "/dev/vfio/45 in the container: the stale node can't be removed: Input/output error; nothing was changed"
	# The first is the one that sets the node aside, the second puts it back.
	create_runtime -e trace=renameat,renameat2 -e inject=renameat:error=EPERM:when=1 -e inject=renameat2:error=EIO:when=2
	assert_status 77
	grep -F "warning: 45 in the container could not be put back: Input/output error" "$STDERR"
	grep -F "write access to its directory; not all that was changed could be put back" "$STDERR"
	! grep -F "nothing was changed" "$STDERR" || fail 'it was'
}

@test "the stale node is a mount" {
	mknod "$BATS_TEST_TMPDIR/stale" c 243 5
	stand_in "touch dev/vfio/45; mount --bind '$BATS_TEST_TMPDIR/stale' dev/vfio/45"
	assert_fault open_tree '"45"' EIO 74 "/dev/vfio/45 in the container: its mount can't be copied: Input/output error"
	assert_fault umount2 . EIO 74 "/dev/vfio/45 in the container: can't be unmounted: Input/output error"
}

@test "a container with a user namespace" {
	mknod "$BATS_TEST_TMPDIR/stale" c 243 5
	stand_in "touch dev/vfio/45; mount --bind '$BATS_TEST_TMPDIR/stale' dev/vfio/45" unshare --user --map-root-user
	assert_fault move_mount . EIO 74 "the nodes' tmpfs can't be mounted: Input/output error"
	assert_fault open_tree '"0", ' EIO 74 "the nodes' tmpfs can't be used: Input/output error"
	assert_fault openat '/dev/vfio>, "3", .*O_CREAT' EIO 74 "/dev/vfio/3 in the container: the file to mount the node on can't be made: Input/output error"
	edit_config '.linux.devices[0].uid = 7'
	remember
	create_runtime -e trace=none
	assert_refused 65 "state: pid $PID: its user namespace has no user 7 or no group 0"
}

@test "this machine's node is another one than sysfs says" {
	rm "$NODES/3"
	mknod "$NODES/3" c 1 5
	DEVICES=()
	add_mount /dev/vfio/45 /dev/vfio/45
	mknod "$BATS_TEST_TMPDIR/stale" c 243 5
	stand_in "touch dev/vfio/45; mount --bind '$BATS_TEST_TMPDIR/stale' dev/vfio/45"
	remember
	create_runtime -e trace=none
	assert_refused 69 '/dev/vfio/3: is not the node c 1:3 that it should be on this machine'
}

# STALE-NODE [WRAPPER...]: as `stand_in`. Between the first step in the container's namespace and the last of all no memory
# is needed, nor to undo everything: that somebody watches is seen first.
assert_no_memory() {
	local first before mark=$BATS_TEST_TMPDIR/mark
	stand_in "$@"
	before=$(look_inside)
	remember
	for first in 0 1; do
		create_runtime -E "LD_PRELOAD=$FAILING_MALLOC_LIBRARY" -E "FAILING_MALLOC=$first:$mark" \
			-e trace=renameat -e inject=renameat:error=EPERM:when=1
		[ "$before" = "$(look_inside)" ] || fail 'changed inside' "$(diff <(echo "$before") <(look_inside))"
		assert_refused 77 "can't be replaced: Operation not permitted"
		grep -qF '(INJECTED)' "$TRACE" || fail 'nothing failed' "$(< "$TRACE")"
		[ "$first" = 1 ] || rm "$mark" || fail 'nobody watched'
	done
	[ ! -e "$mark" ] || fail 'memory was taken'
}

# bats test_tags=unsanitized
@test "no memory" {
	assert_no_memory "$A_NODE"
}

# bats test_tags=unsanitized
@test "no memory, and a container with a user namespace" {
	mknod "$BATS_TEST_TMPDIR/stale" c 243 5
	assert_no_memory "touch dev/vfio/45; mount --bind '$BATS_TEST_TMPDIR/stale' dev/vfio/45" unshare --user --map-root-user
}
