# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Machines and configs to measure on, and the counting of instructions and system calls. To be used inside `machine`.
# OCI_VFIO_HOOK is the program, BENCH_TOOLS the directory with driver, empty and yajl.

: "${OCI_VFIO_HOOK:?the program} ${BENCH_TOOLS:?the directory of driver, empty and yajl} ${BENCH_WORK:?is set by machine}"

BENCH_SOURCE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
CONFIGS=$BENCH_WORK/configs
BUNDLE=$BENCH_WORK/bundle
ROOTFS=$BENCH_WORK/rootfs
SYSTEM_CALLS=$BENCH_WORK/strace.log

complain() {
	printf '%s\n' "$*" >&2
	return 1
}

# --- the machine ------------------------------------------------------------------------------------------------

# PAIRS OTHERS: mounts a tree with so many pairs of root port and VFIO function, and so many other functions, at /sys.
use_machine() {
	local tree=$BENCH_WORK/machine-$1-$2
	[ -d "$tree" ] || "$BENCH_TOOLS/driver" machine "$tree" "$1" "$2"
	[ ! -e "$BENCH_WORK/mounted" ] || umount /sys
	mount --bind "$tree" /sys
	touch "$BENCH_WORK/mounted"
}

# This machine's own cgroups at /sys/fs/cgroup. Of a hybrid layout only v1: crun 1.8.1 starts nothing in the other.
use_cgroups() {
	local hierarchy target
	mkdir -p /sys/fs/cgroup
	if [ "$(stat -f -c %T "$BENCH_WORK/cgroup")" = cgroup2fs ]; then
		mount --rbind "$BENCH_WORK/cgroup" /sys/fs/cgroup
		return
	fi
	mount -t tmpfs bench /sys/fs/cgroup
	for hierarchy in "$BENCH_WORK"/cgroup/*; do
		[ "$(stat -f -c %T "$hierarchy")" != cgroup2fs ] || continue
		target=/sys/fs/cgroup/${hierarchy##*/}
		mkdir "$target"
		mount --bind "$hierarchy" "$target"
	done
}

leave_cgroups() {
	umount --recursive /sys/fs/cgroup
}

# COUNT: so many more mounts.
add_mounts() {
	local directory
	directory=$(mktemp -d "$BENCH_WORK/mounts.XXXXXX")
	"$BENCH_TOOLS/driver" mounts "$directory" "$1"
}

# Prints how many mounts there are.
count_mounts() {
	wc -l < /proc/self/mountinfo
}

# COUNT: one map file for the host's groups 45, 46, ...: behind the root ports in slot 6, 7, ...
use_map() {
	jq -n --argjson count "$1" '
		def hex: if . < 10 then "0\(.)" else "0" + "abcdef"[. - 10:. - 9] end;
		[range($count) | {
			id: "\(45 + .)", type: "vfio-pci", container_path: "/dev/vfio/\(45 + .)",
			options: ["0000:3b:02.\(.)=\(6 + . | hex)/00"],
			expect: { vendor: "8086", device: "154c" }
		}]' > /etc/oci-vfio-hook/devices.d/bench.json
}

# GUEST...: one map file for the host's groups 45, 46, ..., the functions of which are these.
use_guest() {
	jq -n '[$ARGS.positional | to_entries[] | {
		type: "vfio-pci", container_path: "/dev/vfio/\(45 + .key)", options: ["0000:3b:02.\(.key)=\(.value)"]
	}]' --args "$@" > /etc/oci-vfio-hook/devices.d/bench.json
}

# --- configs ----------------------------------------------------------------------------------------------------

# COUNT CONFIG [JQ OPTION...]: prints the config with so many of the host's VFIO devices, their rules and addresses.
add_devices() {
	jq "${@:3}" --argjson count "$1" '
		[(range($count) | { path: "/dev/vfio/\(45 + .)", major: 243, minor: (5 + .) }),
			{ path: "/dev/vfio/vfio", major: 10, minor: 196 }] as $nodes |
		.linux.devices = [$nodes[] | { path, type: "c", major, minor, fileMode: 438, uid: 0, gid: 0 }] |
		.linux.resources.devices += [$nodes[] | { allow: true, type: "c", major, minor, access: "rwm" }] |
		.process.env += ["PCIDEVICE_INTEL_COM_SRIOV=" + ([range($count) | "0000:3b:02.\(.)"] | join(","))]
	' "$2"
}

# Prints the k8s config without what is ours.
without_devices() {
	jq -c 'del(.linux.devices) | .process.env |= map(select(startswith("PCIDEVICE_") | not)) |
		.linux.resources.devices |= map(select(.major | not))' "$1"
}

# About 3.7 MiB: 16,000 variables, 6,000 mounts, 5,000 annotations full of escapes.
big_config() {
	awk '
		BEGIN {
			printf "{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\",\"env\":["
			for (i = 0; i < 16000; i++)
				printf "\"SERVICE_BACKEND_%d_PORT_8443_TCP=tcp://10.96.%d.%d:8443\",", i, i / 250, i % 250
			printf "\"TERM=xterm\"]},\"root\":{\"path\":\"/run/bench/rootfs\"},\"mounts\":["
			for (i = 0; i < 6000; i++) {
				printf "{\"destination\":\"/var/lib/kubelet/pods/8d7b6c1e/volumes/csi/pvc-%d\",\"type\":\"bind\",", i
				printf "\"source\":\"/var/lib/kubelet/volumes/%d\",\"options\":[\"ro\",\"rprivate\",\"rbind\"]},", i
			}
			printf "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],\"annotations\":{"
			for (i = 0; i < 5000; i++) {
				printf "\"example.com/applied-%d\":\"", i
				for (k = 0; k < 7; k++)
					printf "{\\\"kind\\\":\\\"Pod\\\",\\\"path\\\":\\\"\\/dev\\/vfio\\\",\\\"n\\\":\\u0031}\\n"
				printf "\","
			}
			printf "\"last\":\"\"},\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
			printf "\"namespaces\":[{\"type\":\"mount\"}]}}\n"
		}'
}

# Makes what is measured in $CONFIGS: small, k8s, big with one VFIO device; small-noop, k8s-noop and
# big-noop without; small-5 with five.
make_configs() {
	local count
	mkdir -p "$CONFIGS" "$BUNDLE"
	cp "$BENCH_SOURCE/small.json" "$CONFIGS/small-noop.json"
	for count in 1 5; do
		add_devices "$count" "$CONFIGS/small-noop.json" --tab > "$CONFIGS/small-$count.json"
	done
	cp "$CONFIGS/small-1.json" "$CONFIGS/small.json"
	cp "$BENCH_SOURCE/../cases/demo/bundle/config.json" "$CONFIGS/k8s.json"
	without_devices "$CONFIGS/k8s.json" > "$CONFIGS/k8s-noop.json"
	big_config > "$CONFIGS/big-noop.json"
	add_devices 1 "$CONFIGS/big-noop.json" -c > "$CONFIGS/big.json"
	printf '{"ociVersion":"1.0.2","id":"bench","status":"created","bundle":"%s"}' "$BUNDLE" > "$CONFIGS/state"
}

# NAME HOOK...: the config of a container that ends at once, with these hooks (empty, ours), under the name NAME-HOOK; HOOK
# none is without. Without addresses in the environment, which can't be changed any more at that stage.
make_container_config() {
	local hook command
	for hook in "${@:2}"; do
		case $hook in
		none) command='' ;;
		empty) command=$BENCH_TOOLS/drain ;;
		ours) command=$OCI_VFIO_HOOK ;;
		esac
		jq --tab --arg root "$ROOTFS" --arg hook "$command" '.root.path = $root | .process.args = ["/busybox", "true"]
			| .process.terminal = false | .process.env |= map(select(startswith("PCIDEVICE_") | not))
			| if $hook == "" then . else .hooks.createRuntime = [{path: $hook, args: ["hook", "createRuntime"]}] end' \
			"$CONFIGS/$1.json" > "$CONFIGS/$1-$hook.json"
	done
}

# NAME: KiB of a config, to two digits.
size_of() {
	awk -v bytes="$(stat -c %s "$CONFIGS/$1.json")" 'BEGIN { printf "%.2f", bytes / 1024 }'
}

# --- front ends -------------------------------------------------------------------------------------------------

# Prints those that this program has and that can be run on a bundle alone. (createRuntime needs a created container as
# soon as something is to be done: here it is measured where nothing is.)
front_ends() {
	local name all
	all=$("$OCI_VFIO_HOOK" --help)
	for name in precreate apply; do
		! grep -qw -- "$name" <<< "$all" || echo "$name"
	done
}

# FRONT_END CONFIG: makes everything ready for a run. Sets INPUT (its stdin, "-" for none), ARGV, and for the driver FROM
# and TO. The front end may also be empty, yajl, or the path of another program that is given the config.
prepare() {
	local config=$CONFIGS/$2.json
	INPUT=- FROM=- TO=-
	case $1 in
	empty) ARGV=("$BENCH_TOOLS/empty") ;;
	yajl) INPUT=$config ARGV=("$BENCH_TOOLS/yajl") ;;
	precreate) INPUT=$config ARGV=("$OCI_VFIO_HOOK" precreate) ;;
	lazy) INPUT=$config ARGV=("$BENCH_LAZY" precreate) ;;
	static) INPUT=$config ARGV=("$BENCH_STATIC" precreate) ;;
	static-pie) INPUT=$config ARGV=("$BENCH_STATIC_PIE" precreate) ;;
	apply)
		ARGV=("$OCI_VFIO_HOOK" apply "$BUNDLE")
		FROM=$config TO=$BUNDLE/config.json
		cp "$FROM" "$TO"
		;;
	createRuntime)
		INPUT=$CONFIGS/state
		ARGV=("$OCI_VFIO_HOOK" createRuntime)
		FROM=$config TO=$BUNDLE/config.json
		cp "$FROM" "$TO"
		;;
	crun)
		ARGV=("$(command -v crun)" run --bundle "$BUNDLE" bench)
		FROM=$config TO=$BUNDLE/config.json
		;;
	*) INPUT=$config ARGV=("$1") ;;
	esac
}

# WRAPPER...: runs what was prepared in an empty environment, under a wrapper such as valgrind or strace.
run_under() {
	if [ "$INPUT" = - ]; then
		env -i "$@" "${ARGV[@]}" > /dev/null < /dev/null
	else
		env -i "$BENCH_TOOLS/driver" feed "$INPUT" "$@" "${ARGV[@]}" > /dev/null
	fi
}

# Runs what was prepared, and prints the number of its instructions.
run_instructions() {
	local log=$BENCH_WORK/valgrind.log
	run_under /usr/bin/valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$log" ||
		complain "${ARGV[*]}: $(< "$log")" || return
	sed -n 's/^==[0-9]*== Collected : \([0-9]*\)$/\1/p' "$log" | grep .
}

# FRONT_END CONFIG: prints the number of instructions of a run.
instructions() {
	prepare "$@"
	run_instructions
}

# FRONT_END CONFIG CONFIG: prints the instructions for each KiB that the second config is larger.
slope() {
	local from to
	from=$(instructions "$1" "$2") && to=$(instructions "$1" "$3") || return
	echo $(((to - from) * 1024 / ($(stat -c %s "$CONFIGS/$3.json") - $(stat -c %s "$CONFIGS/$2.json"))))
}

# FRONT_END CONFIG: writes a run's system calls to $SYSTEM_CALLS, a line each.
trace() {
	prepare "$@"
	run_under /usr/bin/strace -qq -o "$SYSTEM_CALLS" || complain "$*: $(tail "$SYSTEM_CALLS")"
}

# FRONT_END CONFIG: prints the number of system calls of a run.
system_calls() {
	trace "$@" && grep -c '^[a-z_0-9]*(' "$SYSTEM_CALLS"
}

# COMMAND [ARGUMENT...]: sets $instructions and $calls to what it costs.
command_costs() {
	INPUT=- ARGV=("$@")
	# shellcheck disable=SC2034 # for the caller
	instructions=$(run_instructions)
	run_under /usr/bin/strace -qq -o "$SYSTEM_CALLS"
	# shellcheck disable=SC2034 # for the caller
	calls=$(grep -c '^[a-z_0-9]*(' "$SYSTEM_CALLS")
}

# LABEL: prints the driver's line for what was prepared.
plan_line() {
	printf '%s\t%s\t%s\t%s' "$1" "$INPUT" "$FROM" "$TO"
	printf '\t%s' "${ARGV[@]}"
	echo
}

# ROUNDS: has the driver run what its stdin names, lines of LABEL FRONT_END CONFIG.
measure() {
	local label front_end config
	while read -r label front_end config; do
		prepare "$front_end" "$config"
		plan_line "$label"
	done > "$BENCH_WORK/plan"
	"$BENCH_TOOLS/driver" time "$1" < "$BENCH_WORK/plan"
}

# FRONT_END CONFIG: prints the peak memory in KiB, the median of some runs: the kernel counts it in batches.
peak_memory() {
	local line
	line=$(measure 15 <<< "$1 $1 $2") && cut -f 8 <<< "$line"
}
