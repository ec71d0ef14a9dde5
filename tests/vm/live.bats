#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The stages createRuntime and prestart: containers that the runtime has created from specs for another kernel get the
# right nodes while they wait, or don't start and nothing is changed. Runs as root in the guest that `boot` starts with
# machine.conf and map.json.
#
# What is tagged v1 runs there as well as with cgroup v2; newer: also with a kernel that has statmount(2); hybrid: only in
# the hybrid guest, which has such a kernel; hierarchy: besides v1 there as well, since it matters where cgroups are.
#
# OCI_VFIO_HOOK is the program under test, VFIO_PROBE the static program that runs in the containers (probe.c, where its
# exit statuses are). The environment is right from the start in all specs: at these stages it can't be changed.
#
# jq's variables look like the shell's, bats' own are set in every test, and others in live.bash:
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

edu_root=0000:00:05.0
testdev=0000:00:07.0

load helpers
load live

setup_file() {
	local address
	for address in $edu_root $edu_port $testdev; do
		bind_to vfio-pci "$address"
	done
}

setup() {
	untraced
	new_bundle
	log=$bundle/log
	# What a container's process finds: the final nodes and no other, and where they are mounted.
	nodes=$edu_group$'\nvfio'
	mounts="/dev/vfio/$edu_group"$'\n/dev/vfio/vfio'
}

teardown() {
	[ ! -e "$bundle/pid" ] || kill "$(cat "$bundle/pid")" || true
	! mountpoint -q "$bundle" || umount -l "$bundle"
	rm -f /dev/vfio/45
}

hook() {
	"$OCI_VFIO_HOOK" "$@"
}

# STAGE [OPTION...]
add_our_hook() {
	add_hook "$1" "$OCI_VFIO_HOOK" oci-vfio-hook --log "$log" "${@:2}" "$1"
}

# STAGE NAME, the script on stdin: it gets `pid` and `rootfs`, as the container's process sees it, and runs in the
# process' mount namespace.
add_script() {
	{
		echo "#!/bin/bash -e"
		echo "export PATH=$PATH"
		echo 'pid=$(jq .pid)'
		echo "cat > /dev/null; nsenter --mount=/proc/\$pid/ns/mnt bash -e $bundle/$2.inner $bundle/rootfs > $bundle/$2.out 2>&1"
	} > "$bundle/$2"
	{ echo 'rootfs=$1'; cat; } > "$bundle/$2.inner"
	chmod +x "$bundle/$2"
	add_hook "$1" "$bundle/$2" "$2"
}

# The container's nodes and mounts: what must be as before after a failure.
add_snapshot() {
	add_script "$1" "$2" <<-'SCRIPT'
	find "$rootfs/dev" -exec stat -c '%n %F %a %u:%g %t:%T %d:%i' {} + | sort
	grep -F "$rootfs/" /proc/thread-self/mountinfo | cut -d ' ' -f 3-6 | sort
	SCRIPT
}

# MAP: the file for --device-map.
write_map() {
	jq -n "$1" "${@:2}" > "$bundle/map.json"
}

files() {
	find "$1" -exec stat -c '%n %F %a %u:%g %t:%T %s' {} + | sort
}

# RUNTIME [FOUND]: the process finds this and drives the device.
expect_device() {
	run container "$1"
	echo "$output"
	echo "status $status; log: $(cat "$log" 2>&1)"
	[ "$status" -eq 0 ]
	[ "$output" = "${2:-$nodes}"$'\n'"$device" ]
}

# RUNTIME TEXT: the hook fails with this text in its log, and the container doesn't start.
expect_no_start() {
	run container "$1"
	echo "$output"
	echo "log: $(cat "$log" 2>&1)"
	[ "$status" -ne 0 ]
	[[ $output != *probe:* && $output != *0x010000ed* ]]
	grep -qF -- "$2" "$log"
}

# ---- every runtime and stage

as_root() {
	foreign_spec "$1"
	expect 14 "/dev/vfio/$edu_group: No such file or directory" container "$1"
	add_our_hook "$2"
	expect_device "$1"
	jq -e --arg path "/dev/vfio/$edu_group" 'any(.linux.devices[]; .path == $path)' "$bundle/config.json"
	# The spec is right now: the second start finds nothing to do.
	expect_device "$1"
}

# bats test_tags=v1,hierarchy
@test "crun, createRuntime" { as_root crun createRuntime; }
# bats test_tags=v1
@test "crun, prestart" { as_root crun prestart; }
# bats test_tags=v1,hierarchy
@test "runc, createRuntime" { as_root runc createRuntime; }
# bats test_tags=v1
@test "runc, prestart" { as_root runc prestart; }

# Our program in Kata's guest_hook_path, where links aren't taken. All that it is told comes from the machine.
kata_guest_hook() {
	foreign_spec "$1"
	expect 14 "/dev/vfio/$edu_group: No such file or directory" container "$1"
	install -D "$OCI_VFIO_HOOK" "$bundle/hooks/prestart/oci-vfio-hook"
	ln -s "$OCI_VFIO_HOOK" "$bundle/hooks/prestart/link"
	add_hook prestart "$BATS_TEST_DIRNAME/../kata-agent" kata-agent "$bundle/hooks" prestart "$log"
	expect_device "$1"
	grep -qx 'oci-vfio-hook: 0' "$log"
	grep -qx 'link: not run' "$log"
}

@test "crun, a guest hook as Kata's agent runs it" { kata_guest_hook crun; }
# bats test_tags=second
@test "runc, a guest hook as Kata's agent runs it" { kata_guest_hook runc; }

# Without a control node in the spec, and /dev/vfio is only there because of the stale node.
control_node_is_made() {
	live_spec "$1"
	add_device INTEL_COM_SRIOV "$edu_port" 45 "$host_numbers"
	expect 12 '/dev/vfio/vfio: No such file or directory' container "$1"
	add_our_hook createRuntime
	expect_device "$1"
}

# bats test_tags=second
@test "crun, the control node is made" { control_node_is_made crun; }
@test "runc, the control node is made" { control_node_is_made runc; }

# crun says that the bundle is /.
crun_user_namespace() {
	foreign_spec crun
	user_namespace
	expect 14 "/dev/vfio/$edu_group: No such file or directory" container crun
	add_our_hook "$1"
	expect_device crun "$nodes"$'\n'"$mounts"
	jq -e --arg path "/dev/vfio/$edu_group" 'any(.linux.devices[]; .path == $path)' "$bundle/config.json"
}

# bats test_tags=v1,hierarchy
@test "crun, createRuntime, user namespace" { crun_user_namespace createRuntime; }
# bats test_tags=v1
@test "crun, prestart, user namespace" { crun_user_namespace prestart; }

# runc binds this machine's node of the host's path, so it can only start where there is one: another device's.
runc_user_namespace() {
	local other
	other=$(group_of $testdev)
	live_spec runc
	add_device INTEL_COM_SRIOV "$edu_port" "$other" "$host_numbers"
	add_control_node
	user_namespace
	write_map '[{type: "vfio-pci", container_path: $path, options: ["0000:3b:02.0=06/00"]}]' --arg path "/dev/vfio/$other"
	expect 14 "/dev/vfio/$edu_group: No such file or directory" container runc
	add_our_hook "$1" --device-map "$bundle/map.json"
	expect_device runc "$nodes"$'\n'"$mounts"
}

# bats test_tags=v1
@test "runc, createRuntime, user namespace" { runc_user_namespace createRuntime; }
# bats test_tags=v1
@test "runc, prestart, user namespace" { runc_user_namespace prestart; }

# The state of a runtime from before 1.0.
@test "runc, bundlePath instead of bundle" {
	foreign_spec runc
	add_hook createRuntime /bin/bash bash -c "$(command -v gojq) '{bundlePath: .bundle} + del(.bundle)' | \"\$@\"" \
		bash "$OCI_VFIO_HOOK" --log "$log" createRuntime
	expect_device runc
	jq -e --arg path "/dev/vfio/$edu_group" 'any(.linux.devices[]; .path == $path)' "$bundle/config.json"
}

read_only_rootfs() {
	foreign_spec "$1"
	edit_spec '.root.readonly = true'
	add_our_hook createRuntime
	expect_device "$1"
}

@test "crun, read-only rootfs" { read_only_rootfs crun; }
# bats test_tags=second
@test "runc, read-only rootfs" { read_only_rootfs runc; }

# The container's /dev is a directory of its rootfs: what was there stays there, and nothing else.
dev_in_rootfs() {
	foreign_spec "$1"
	no_dev_mount
	add_our_hook createRuntime
	expect_device "$1"
	[ "$(ls -A "$bundle/rootfs/dev/vfio")" = "$edu_group"$'\nvfio' ]
	[ "$(stat -c '%a %u:%g' "$bundle/rootfs/dev/vfio/$edu_group")" = '600 0:0' ]
}

# bats test_tags=second
@test "crun, no mount on /dev" { dev_in_rootfs crun; }
@test "runc, no mount on /dev" { dev_in_rootfs runc; }

owner_and_mode() {
	foreign_spec "$1"
	edit_spec '(.linux.devices[] | select(.path == "/dev/vfio/45")) += {fileMode: 390, uid: 12, gid: 34}'
	no_dev_mount
	add_our_hook createRuntime
	expect_device "$1"
	[ "$(stat -c '%a %u:%g' "$bundle/rootfs/dev/vfio/$edu_group")" = '606 12:34' ]
}

@test "crun, the node has the spec's mode and owner" { owner_and_mode crun; }
# bats test_tags=second
@test "runc, the node has the spec's mode and owner" { owner_and_mode runc; }

# Outside, its users are others.
@test "crun, the node has the spec's mode and owner, user namespace" {
	foreign_spec crun
	edit_spec '(.linux.devices[] | select(.path == "/dev/vfio/45")) += {fileMode: 390, uid: 12, gid: 34}'
	user_namespace
	process_looks "/busybox stat -c '%a %u:%g' /dev/vfio/$edu_group"
	add_our_hook createRuntime
	add_snapshot createRuntime after
	expect_device crun '606 12:34'
	grep "^$bundle/rootfs/dev/vfio/$edu_group character special file 606 100012:100034 " "$bundle/after.out"
}

# Each one's group is the other's here.
swapped() {
	local edu other
	edu=$(group_of $edu_root)
	other=$(group_of $testdev)
	new_spec "$1"
	add_device QEMU_COM_EDU $edu_root "$other" "$(numbers_of "$edu")"
	add_device QEMU_COM_TESTDEV $testdev "$edu" "$(numbers_of "$other")"
	add_control_node
	edit_spec --arg edu "$edu" --arg other "$other" '.process.args = ["/busybox", "stat", "-c", "%n %t:%T",
		"/dev/vfio/\($edu)", "/dev/vfio/\($other)"]'
	write_map '[
		{type: "vfio-pci", container_path: $other, options: [$edu_address]},
		{type: "vfio-pci", container_path: $edu, options: [$test_address]}]' \
		--arg edu "/dev/vfio/$edu" --arg edu_address "0000:3b:02.0=$edu_root" \
		--arg other "/dev/vfio/$other" --arg test_address "0000:3b:02.1=$testdev"
	add_our_hook createRuntime --device-map "$bundle/map.json"
	run container "$1"
	echo "$output; $(cat "$log" 2>&1)"
	[ "$status" -eq 0 ]
	[ "$output" = "$(stat -c '%n %t:%T' "/dev/vfio/$edu" "/dev/vfio/$other")" ]
	# One line for the run, all that is left of it where the runtime hides what the hook prints.
	[ "$(grep -c 'Z info: ' "$log")" = 1 ]
	grep -qE "Z info: container $container_id: createRuntime: /dev/vfio/[0-9]+ -> /dev/vfio/[0-9]+ \\(.*; [0-9]+ changes in [0-9]+\\.[0-9] ms\$" "$log"
}

# bats test_tags=second
@test "crun, two groups that are each other's" { swapped crun; }
@test "runc, two groups that are each other's" { swapped runc; }

# All that a collector of logs wants to know of a run.
@test "crun, the log as JSON" {
	local changes
	foreign_spec crun
	# Without the variable, of which there would be a warning.
	edit_spec '.process.args = ["/busybox", "ls", "-A", "/dev/vfio"] | .process.env |= map(select(startswith("PCIDEVICE_") | not))'
	changes=$(hook plan --json "$bundle" | jq '.changes | length')
	add_our_hook createRuntime --log-format json
	expect 0 "$nodes" container crun
	cat "$log"
	[ "$(wc -l < "$log")" = 1 ]
	jq -e --arg id "$container_id" --arg bundle "$bundle" --arg group "$edu_group" --argjson changes "$changes" \
		--arg numbers "$host_numbers -> $(numbers_of "$edu_group")" '
		(.duration_us / 100 | floor) as $tenths
		| keys == ["bundle", "changes", "container", "duration_us", "level", "msg", "stage", "time"]
		and .level == "info" and .stage == "createRuntime" and .container == $id and .bundle == $bundle
		and (.time | fromdate) > 0 and .duration_us > 0 and .changes == $changes
		and .msg == "/dev/vfio/45 -> /dev/vfio/\($group) (\($numbers)); \($changes) changes in " +
			"\($tenths / 10 | floor).\($tenths % 10) ms"' "$log"
}

guest_kernel() {
	foreign_spec "$1"
	edit_spec '.process.args = ["/busybox", "ls", "-A", "/dev/vfio"] | .linux.devices |= map(select(.path != "/dev/vfio/vfio"))'
	write_map '[{type: "vfio-pci-gk", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=06/00"]}]'
	expect 0 45 container "$1"
	add_our_hook createRuntime --device-map "$bundle/map.json"
	run container "$1"
	echo "$output; $(cat "$log" 2>&1)"
	[ "$status" -eq 0 ]
	[ "$output" = '' ]
}

@test "crun, a device of the guest kernel: the node goes" { guest_kernel crun; }
# bats test_tags=second
@test "runc, a device of the guest kernel: the node goes" { guest_kernel runc; }

# As rootless engines do. Mounts have no rules of their own.
by_mount() {
	live_spec "$1"
	edit_spec --arg variable "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" '.process.env += [$variable]
		| .linux.resources.devices = [{allow: true, access: "rwm"}]
		| .mounts += [{destination: "/dev/vfio/45", type: "bind", source: "/dev/vfio/45", options: ["bind", "nosuid", "noexec"]}]'
	# What has the host's path here, so that the runtime finds something to bind.
	mknod -m 666 /dev/vfio/45 c 1 3
	expect 12 '/dev/vfio/vfio: No such file or directory' container "$1"
	add_our_hook createRuntime
	expect_device "$1" "$nodes"$'\n'"$mounts"
}

# bats test_tags=second
@test "crun, a bind mount" { by_mount crun; }
@test "runc, a bind mount" { by_mount runc; }

# What stands in is a device that every container may use, and goes on using.
null_stands_in() {
	foreign_spec "$1"
	edit_spec '(.linux.devices[] | select(.path == "/dev/vfio/45")) |= (.major = 1 | .minor = 3)
		| (.linux.resources.devices[] | select(.minor == 5)) |= (.major = 1 | .minor = 3)'
	process_looks ': < /dev/null && : > /dev/null && echo null'
	add_hook createRuntime "$OCI_VFIO_HOOK" oci-vfio-hook --log "$log" --device-map "$bundle/map.json" createRuntime
	write_map '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=06/00"]}]'
	expect_no_start "$1" 'another device stands in there'
	write_map '[{type: "vfio-pci", container_path: "/dev/vfio/45", options: ["0000:3b:02.0=06/00"], stand_in: true}]'
	expect_device "$1" null
}

# bats test_tags=v1
@test "crun, a stand-in that every container may use" { null_stands_in crun; }
# bats test_tags=v1
@test "runc, a stand-in that every container may use" { null_stands_in runc; }

# As on a machine with SELinux: any file system with extended attributes stores the label.
labelled() {
	foreign_spec "$1"
	no_dev_mount
	add_script createRuntime label <<-'SCRIPT'
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", b"system_u:object_r:stale_t:s0\0")' "$rootfs/dev/vfio/45"
	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "security.selinux", b"system_u:object_r:null_t:s0\0")' "$rootfs/dev/null"
	python3 -c 'import os, sys; os.removexattr(sys.argv[1], "security.selinux")' "$rootfs/dev/vfio/vfio" || true
	rm "$rootfs/dev/vfio/vfio"
	SCRIPT
	add_our_hook createRuntime
	expect_device "$1"
	python3 - "$bundle/rootfs/dev/vfio" "$edu_group" <<-'SCRIPT'
	import os, sys
	for name, label in (sys.argv[2], b"system_u:object_r:stale_t:s0\0"), ("vfio", b"system_u:object_r:null_t:s0\0"):
	    found = os.getxattr(f"{sys.argv[1]}/{name}", "security.selinux")
	    assert found == label, (name, found)
	SCRIPT
}

@test "crun, the neighbours' label" { labelled crun; }
# bats test_tags=second
@test "runc, the neighbours' label" { labelled runc; }

environment_is_too_late() {
	local before
	foreign_spec "$1"
	edit_spec --arg old "PCIDEVICE_INTEL_COM_SRIOV=$edu_port" \
		'(.process.env[] | select(. == $old)) = "PCIDEVICE_INTEL_COM_SRIOV=0000:3b:02.0"'
	cp "$bundle/config.json" "$bundle/wrong.json"
	add_our_hook createRuntime
	add_snapshot createRuntime after
	before=$(sha256sum "$bundle/config.json")
	expect_no_start "$1" 'the environment has to change, which is too late at this stage'
	[ "$before" = "$(sha256sum "$bundle/config.json")" ]
	cp "$bundle/wrong.json" "$bundle/config.json"
	add_our_hook createRuntime --env=warn
	add_snapshot createRuntime after
	expect 11 'no PCI function 0000:3b:02.0' container "$1"
	grep -F "/dev/vfio/$edu_group " "$bundle/after.out"
}

# bats test_tags=second
@test "crun, the environment would have to change" { environment_is_too_late crun; }
@test "runc, the environment would have to change" { environment_is_too_late runc; }

# ---- the machine's own /dev in the container

own_dev() {
	local before
	foreign_spec "$1"
	no_dev_mount
	edit_spec '.mounts += [{destination: "/dev", type: "bind", source: "/dev", options: ["rbind"]}]'
	add_our_hook createRuntime
	before=$(files /dev)
	expect_device "$1" "$(ls -A /dev/vfio)"
	[ "$before" = "$(files /dev)" ]
	grep -qF "this machine's own /dev" "$log"
}

# bats test_tags=newer
@test "crun, /dev of the machine" { own_dev crun; }
# bats test_tags=newer
@test "runc, /dev of the machine" { own_dev runc; }

# A runtime in a container has another /dev than the machine's, which may be in its containers all the same.
# bats test_tags=newer
@test "/dev of the machine is in the container, not in the hook's namespace" {
	local before
	foreign_spec runc
	mknod /dev/vfio/45 c "${host_numbers%:*}" "${host_numbers#*:}"
	stand_in 'mount --bind . .; mkdir dev; mount -t devtmpfs none dev'
	before=$(files /dev)
	run unshare --mount bash -c 'mount -t tmpfs none /dev; exec "$@"' - "$OCI_VFIO_HOOK" createRuntime <<< "$(state)"
	echo "$status: $output"
	[ "$status" -eq 0 ]
	[ "$before" = "$(files /dev)" ]
	rm /dev/vfio/45
	[[ $output == *"this machine's own /dev"* ]]
}

# The way back out of the container leads to the same root: the log is written at the end.
@test "the hook runs in a chroot" {
	local directory jail=$bundle/jail
	foreign_spec runc
	mkdir "$jail"
	mount -t tmpfs none "$jail"
	for directory in bin dev lib lib64 proc run sys usr "$(dirname "$OCI_VFIO_HOOK")"; do
		mkdir -p "$jail/$directory"
		mount --rbind "/$directory" "$jail/$directory"
	done
	stand_in 'mount --bind . .; mkdir dev; mount -t tmpfs none dev; mkdir dev/vfio; mknod dev/vfio/45 c 243 5'
	run chroot "$jail" "$OCI_VFIO_HOOK" --log /here --log-level info createRuntime <<< "$(state)"
	echo "$status: $output"
	umount -R -l "$jail/dev" "$jail/proc" "$jail/run" "$jail/sys"
	[ "$status" -eq 0 ]
	[ ! -e /here ]
	grep -q 'createRuntime: .* changes in' "$jail/here"
	umount -R -l "$jail"
}

# What was set aside by a run that was killed.
leftover() {
	foreign_spec "$1"
	no_dev_mount
	mkdir "$bundle/rootfs/dev/vfio"
	mknod "$bundle/rootfs/dev/vfio/.45.oci-vfio-hook" c "${host_numbers%:*}" "${host_numbers#*:}"
	add_our_hook createRuntime
	expect_device "$1"
	[ "$(ls -A "$bundle/rootfs/dev/vfio")" = "$edu_group"$'\nvfio' ]
}

@test "crun, a node that a killed run had set aside" { leftover crun; }
# bats test_tags=second
@test "runc, a node that a killed run had set aside" { leftover runc; }

# ---- what must not lead out of the container

# RUNTIME LINK TARGET TEXT: the link is in the rootfs.
link_in_rootfs() {
	local before config
	foreign_spec "$1"
	no_dev_mount
	mkdir -p "$(dirname "$bundle/rootfs/$2")" "$bundle/rootfs$bundle/elsewhere" "$bundle/elsewhere"
	rmdir "$bundle/rootfs/$2" || true
	ln -s "$3" "$bundle/rootfs/$2"
	run container "$1"
	before=$(files "$bundle/rootfs"; files "$bundle/elsewhere")
	add_our_hook createRuntime
	config=$(sha256sum "$bundle/config.json")
	expect_no_start "$1" "$4"
	[[ $output =~ exit\ (code:|status)\ 65 ]]
	[ "$config" = "$(sha256sum "$bundle/config.json")" ]
	[ "$before" = "$(files "$bundle/rootfs"; files "$bundle/elsewhere")" ]
}

directory_is_link() {
	link_in_rootfs "$1" "$2" "$bundle/elsewhere" 'leads over a symbolic link'
}

# bats test_tags=second
@test "crun, /dev/vfio is a link" { directory_is_link crun dev/vfio; }
@test "runc, /dev/vfio is a link" { directory_is_link runc dev/vfio; }
@test "crun, /dev is a link" { directory_is_link crun dev; }
# bats test_tags=second
@test "runc, /dev is a link" { directory_is_link runc dev; }

node_is_link() {
	link_in_rootfs "$1" "dev/vfio/$edu_group" "$bundle/elsewhere/file" 'something is in the way that is not a device node'
}

@test "crun, the final node's name is a link to a file" {
	mkdir "$bundle/elsewhere"
	touch "$bundle/elsewhere/file"
	node_is_link crun
}

# As the final node itself would be.
@test "runc, the final node's name is a link to a node of the same device" {
	local numbers
	numbers=$(numbers_of "$edu_group")
	mkdir "$bundle/elsewhere"
	mknod "$bundle/elsewhere/file" c "${numbers%:*}" "${numbers#*:}"
	node_is_link runc
}

# SCRIPT [WRAPPER...]: a process that waits as a container's does, in a mount namespace of its own, and in a cgroup of its
# own.
stand_in() {
	local script=$1 hierarchy=/sys/fs/cgroup
	shift
	[ "$CGROUP" = v2 ] || hierarchy+=/devices
	mkdir -p "$hierarchy/$container_id"
	bash -ec "
		echo \$\$ > $hierarchy/$container_id/cgroup.procs
		exec \"\$@\"" bash "$@" unshare --mount --propagation private bash -ec "
		cd $bundle/rootfs
		$script
		echo \$\$
		exec sleep 1000" > "$bundle/pid" 3>&- &
	until [ -s "$bundle/pid" ]; do sleep 0.1; done
}

# COMMAND...: in its mount namespace.
in_stand_in() {
	nsenter --mount="/proc/$(cat "$bundle/pid")/ns/mnt" "$@"
}

# [JQ-FILTER]: the state of it.
state() {
	jq -n --arg id "$container_id" --arg bundle "$bundle" --argjson pid "$(cat "$bundle/pid")" \
		"{ociVersion: \"1.0.2\", id: \$id, status: \"created\", pid: \$pid, bundle: \$bundle} | ${1:-.}"
}

expect_refused() {
	local expected=$1 text=$2 before
	shift 2
	mkdir -p "$bundle/rootfs/dev/vfio"
	before=$(files "$bundle/rootfs"; files /dev; sha256sum "$bundle/config.json")
	run "$OCI_VFIO_HOOK" createRuntime <<< "$1"
	echo "status $status: $output"
	[ "$status" -eq "$expected" ]
	[[ $output == *"$text"* ]]
	[ "$before" = "$(files "$bundle/rootfs"; files /dev; sha256sum "$bundle/config.json")" ]
}

@test "the process' mount namespace is ours" {
	foreign_spec runc
	echo $$ > "$bundle/own"
	expect_refused 65 "its mount namespace is the hook's own" "$(cp "$bundle/own" "$bundle/pid"; state; rm "$bundle/pid")"
}

@test "the rootfs is not a mount point" {
	foreign_spec runc
	stand_in ''
	expect_refused 65 'is not a mount point in the mount namespace' "$(state)"
}

@test "the rootfs isn't there" {
	foreign_spec runc
	edit_spec '.root.path = "nowhere"'
	stand_in ''
	expect_refused 65 "can't be opened as the rootfs" "$(state)"
}

@test "no pid, pid 0, no such process" {
	foreign_spec runc
	echo 1 > "$bundle/pid"
	expect_refused 65 '"pid" is missing' "$(state 'del(.pid)')"
	expect_refused 65 '"pid" is missing' "$(state '.pid = 0')"
	expect_refused 65 'there is no such process' "$(state '.pid = 4000000')"
	rm "$bundle/pid"
}

# A rootfs on the machine's /dev: nothing is made there.
# bats test_tags=newer
@test "the rootfs is the machine's own /dev" {
	foreign_spec runc
	stand_in 'mount --rbind /dev .'
	expect_refused 69 "this machine's own /dev" "$(state)"
	mkdir -p /dev/dev/vfio
	expect_refused 69 "this machine's own /dev" "$(state)"
	rmdir /dev/dev/vfio /dev/dev
}

# Reading all mounts takes longer than everything else where there are thousands.
# bats test_tags=hybrid
@test "the machine's own /dev is known without reading its mounts" {
	foreign_spec runc
	stand_in 'mount --rbind /dev .'
	run strace -f -e trace=openat -o "$bundle/trace" "$OCI_VFIO_HOOK" createRuntime <<< "$(state)"
	echo "status $status: $output"
	cat "$bundle/trace"
	[ "$status" -eq 69 ]
	[[ $output == *"this machine's own /dev"* ]]
	grep -q '"ns/mnt"' "$bundle/trace"
	[ "$(grep -c mountinfo "$bundle/trace")" = 0 ]
}

# crun's copy is read, and left as it is.
@test "a state of crun's without the bundle, and no config.json where the process is" {
	local before
	foreign_spec crun
	edit_spec --arg root "$bundle/rootfs" '.root.path = $root'
	mkdir -p "/run/crun/$container_id"
	mv "$bundle/config.json" "/run/crun/$container_id/config.json"
	before=$(sha256sum "/run/crun/$container_id/config.json")
	stand_in 'mount --bind . .; mkdir -p dev; mount -t tmpfs none dev; mkdir dev/vfio; mknod dev/vfio/45 c 243 5; cd /'
	run hook --log-level info createRuntime <<< "$(state ".bundle = \"/\" | .root = \"$bundle/rootfs\"")"
	echo "$status: $output"
	[ "$status" -eq 0 ]
	[[ $output == *"is not rewritten: it is crun's copy"* ]]
	[ "$before" = "$(sha256sum "/run/crun/$container_id/config.json")" ]
	[ "$(in_stand_in ls -A "$bundle/rootfs/dev/vfio")" = "$nodes" ]
	rm -r "/run/crun/$container_id"
}

# OWNER [WRAPPER...]: who the stand-in's root is. The caller's umask is none of the container's business.
no_dev() {
	local owner=$1 before
	shift
	foreign_spec runc
	chown "$owner:$owner" "$bundle/rootfs"
	stand_in 'mount --bind . .' "$@"
	umask 077
	before=$(in_stand_in cat /proc/self/mountinfo; files "$bundle/rootfs")
	chattr +i "$bundle/config.json"
	expect 77 "config.json: can't be replaced" hook createRuntime <<< "$(state)"
	chattr -i "$bundle/config.json"
	[ "$before" = "$(in_stand_in cat /proc/self/mountinfo; files "$bundle/rootfs")" ]
	expect 0 '' hook createRuntime <<< "$(state)"
	in_stand_in bash -c "cd $bundle/rootfs; stat -c '%n %F %a %u:%g %t:%T' dev dev/* dev/vfio/*" > "$bundle/found"
	diff - "$bundle/found" <<-FOUND
	dev directory 755 $owner:$owner 0:0
	dev/vfio directory 755 $owner:$owner 0:0
	dev/vfio/$edu_group character special file 600 $owner:$owner $(stat -c %t:%T "/dev/vfio/$edu_group")
	dev/vfio/vfio character special file 666 $owner:$owner a:c4
	FOUND
	in_stand_in bash -ec "for node in $bundle/rootfs/dev/vfio/*; do : <> \$node; done"
}

@test "a rootfs without /dev" { no_dev 0; }
@test "a rootfs without /dev, user namespace" {
	no_dev 100000 setpriv --reuid 100000 --regid 100000 --clear-groups unshare --user --map-root-user
}

# ---- all or nothing: the hook fails, and the container's nodes, mounts and spec are as before

# Takes both snapshots around the hook, whose failure is swallowed.
failing_hook() {
	local before
	add_snapshot createRuntime before
	add_hook createRuntime /bin/sh sh -c '"$@" || true' sh "$OCI_VFIO_HOOK" --log "$log" createRuntime
	add_snapshot createRuntime after
	before=$(sha256sum "$bundle/config.json")
	eval "$2"
	run container "$1"
	echo "$output; $(cat "$log" 2>&1)"
	grep -qF -- "$3" "$log"
	diff "$bundle/before.out" "$bundle/after.out"
	[ "$before" = "$(sha256sum "$bundle/config.json")" ]
	[ "$status" -eq 14 ] || [ "$status" -eq 12 ]
	! grep -q 'put back' "$log"
}

# Found when the stale node is already out of the way.
in_the_way() {
	foreign_spec "$1"
	add_script createRuntime obstacle <<-SCRIPT
	user=\$(stat -c %u "\$rootfs/dev")
	setpriv --reuid "\$user" --regid "\$user" --clear-groups mkdir "\$rootfs/dev/vfio/$edu_group"
	SCRIPT
	[ "${2:-}" = '' ] || user_namespace
	failing_hook "$1" '' 'something is in the way'
}

# bats test_tags=second
@test "crun, something is in the way" { in_the_way crun; }
@test "runc, something is in the way" { in_the_way runc; }

# What a killed run has left, of two such runs even, is put back as well.
@test "crun, the last step fails, and killed runs had set nodes aside" {
	local directory=$bundle/rootfs/dev/vfio
	foreign_spec crun
	no_dev_mount
	mkdir "$directory"
	mknod "$directory/.45.oci-vfio-hook" c "${host_numbers%:*}" "${host_numbers#*:}"
	touch "$directory/..45.oci-vfio-hook.oci-vfio-hook"
	failing_hook crun 'protect_bundle' "can't"
	[ "$(stat -c '%n %t:%T' "$directory"/.*45* | sed 's|.*/||')" = $'..45.oci-vfio-hook.oci-vfio-hook 0:0\n'"$(printf '.45.oci-vfio-hook %x:%x' "${host_numbers%:*}" "${host_numbers#*:}")" ]
}

# Another device of that name: nothing but leftovers is ever removed.
@test "runc, another device has the name of what is set aside" {
	local directory=$bundle/rootfs/dev/vfio
	foreign_spec runc
	no_dev_mount
	mkdir "$directory"
	mknod "$directory/.45.oci-vfio-hook" c 1 9
	failing_hook runc '' '.45.oci-vfio-hook beside it is in the way'
	[ "$(stat -c %t:%T "$directory/.45.oci-vfio-hook")" = 1:9 ]
}

# A file of the image that has it.
@test "crun, a file has the name of what is set aside" {
	local directory=$bundle/rootfs/dev/vfio
	foreign_spec crun
	no_dev_mount
	mkdir "$directory"
	echo important > "$directory/.45.oci-vfio-hook"
	failing_hook crun '' '.45.oci-vfio-hook beside it is in the way'
	[ "$(< "$directory/.45.oci-vfio-hook")" = important ]
}
@test "crun, something is in the way, user namespace" { in_the_way crun user; }

# The last step fails: the nodes are made, the cgroup is changed. The snapshots go elsewhere than into the bundle.
read_only_bundle() {
	foreign_spec "$1"
	[ "${2:-}" = '' ] || user_namespace
	touch "$log" "$bundle"/{before,after}.out
	failing_hook "$1" 'protect_bundle' "can't"
}

# Only config.json's directory entry is protected: the tests write their files.
protect_bundle() {
	chattr +i "$bundle/config.json"
}

@test "crun, config.json can't be replaced" { read_only_bundle crun; }
# bats test_tags=second
@test "runc, config.json can't be replaced" { read_only_bundle runc; }
@test "crun, config.json can't be replaced, user namespace" { read_only_bundle crun user; }

read_only_dev() {
	foreign_spec "$1"
	add_script createRuntime lock <<-'SCRIPT'
	mount -o remount,bind,ro "$rootfs/dev"
	SCRIPT
	failing_hook "$1" '' 'Read-only file system'
}

# bats test_tags=second
@test "crun, /dev is read-only" { read_only_dev crun; }
@test "runc, /dev is read-only" { read_only_dev runc; }

# ---- afterwards

# RUNTIME: a spec of a container that sleeps, and resources as an engine sends them along with another limit: with its own
# copy of the rules, for the host's numbers.
sleeping_spec() {
	foreign_spec "$1"
	edit_spec '.process.args = ["/busybox", "sleep", "600"]'
	jq -n --arg numbers "$host_numbers" '($numbers | split(":") | map(tonumber)) as [$major, $minor]
		| {cpu: {shares: 77}, devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", $major, $minor, access: "rwm"}]}' \
		> "$bundle/resources.json"
}

# RUNTIME: it runs, and has the device.
start_sleeping() {
	"$1" run --detach --bundle "$bundle" "$container_id" > "$bundle/out" 2>&1 < /dev/null 3>&- || {
		cat "$bundle/out"
		return 1
	}
	expect 0 "$device" "$1" exec "$container_id" /probe
}

# What the manual says of engines that send rules: crun applies them, unless the wrapper is there for this at least.
# bats test_tags=v1
@test "crun, createRuntime: an update with device rules needs the wrapper" {
	sleeping_spec crun
	add_our_hook createRuntime
	start_sleeping crun
	"$PACKAGE/usr/bin/oci-vfio-crun" update --resources - "$container_id" < "$bundle/resources.json"
	expect 0 "$device" crun exec "$container_id" /probe
	crun update --resources - "$container_id" < "$bundle/resources.json"
	expect 12 '/dev/vfio/vfio' crun exec "$container_id" /probe
	crun delete --force "$container_id"
}

# bats test_tags=v1
@test "runc, createRuntime: an update with device rules" {
	sleeping_spec runc
	add_our_hook createRuntime
	start_sleeping runc
	runc update --resources - "$container_id" < "$bundle/resources.json"
	expect 0 "$device" runc exec "$container_id" /probe
	runc delete --force "$container_id"
}

# RUNTIME WRAPPER: the runtime was given the right rules itself: whatever it puts back later is right.
updates_of_wrapped() {
	local wrapper=$PACKAGE/usr/bin/$2
	sleeping_spec "$1"
	start_sleeping "$wrapper"
	"$wrapper" update --resources - "$container_id" < "$bundle/resources.json"
	expect 0 "$device" "$1" exec "$container_id" /probe
	"$1" update --cpu-share 78 "$container_id"
	expect 0 "$device" "$1" exec "$container_id" /probe
	"$1" delete --force "$container_id"
}

# bats test_tags=v1
@test "crun through the wrapper: updates with device rules and without" { updates_of_wrapped crun oci-vfio-crun; }
# bats test_tags=v1
@test "runc through the wrapper: updates with device rules and without" { updates_of_wrapped runc oci-vfio-runtime; }

# RUNTIME: an update without device rules, in a container that the hook has changed.
plain_update() {
	sleeping_spec "$1"
	add_our_hook createRuntime
	start_sleeping "$1"
	"$1" update --cpu-share 78 "$container_id"
	expect 0 "$device" "$1" exec "$container_id" /probe
	"$1" delete --force "$container_id"
}

# bats test_tags=v1
@test "crun, createRuntime: an update without device rules" { plain_update crun; }
# bats test_tags=v1
@test "runc, createRuntime: an update without device rules" { plain_update runc; }
