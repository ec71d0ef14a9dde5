# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds captured machines, device maps and bundles in a line each, runs the program on them and says what must have
# come out. Everything lies in $BATS_TEST_TMPDIR: the machine in $ROOT, the bundle in $BUNDLE. The program is the one
# that OCI_VFIO_HOOK names. Needs gojq and util-linux; a test that needs root says so.

# shellcheck disable=SC1091 # beside it
. "${BASH_SOURCE[0]%/*}/../builtins.bash"

# What `apply` and `plan` are called with, besides --root: tests add to it.
OPTIONS=()

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

require_program() {
	[ -n "${OCI_VFIO_HOOK:-}" ] || fail 'OCI_VFIO_HOOK is not set: the program under test'
	[ -x "$OCI_VFIO_HOOK" ] || fail "OCI_VFIO_HOOK=$OCI_VFIO_HOOK can't be executed"
}

# For a test that gives files to others, makes device nodes or mounts. Without root it is skipped, but not where all
# tests must run.
needs_root() {
	[ "$EUID" = 0 ] || [ -n "${CI:-}" ] || skip 'needs root'
	[ "$EUID" = 0 ] || fail 'this test needs root'
}

# --- the machine ------------------------------------------------------------------------------------------------

# An empty captured machine: no PCI function, no group, no map; VFIO's control node is 10:196.
machine() {
	# bats traces each command, which takes more time than all else here. The test's own lines are enough.
	set +T
	require_program
	# Where files go whose owner and mode count: nobody else may write there, whatever the caller's umask.
	umask 022
	ROOT=$BATS_TEST_TMPDIR/machine
	ETC=$ROOT/etc/oci-vfio-hook
	MAPS=$ETC/devices.d
	RUN_MAPS=$ROOT/run/oci-vfio-hook/devices.d
	FW_CFG=$ROOT/sys/firmware/qemu_fw_cfg/by_name/opt/io.github.oci-vfio-hook/devices
	CREDENTIALS=$ROOT/run/credentials/@system
	SMBIOS=$ROOT/sys/firmware/dmi/entries
	OPTIONS=()
	unset -v SYSFS_PATHS
	declare -gA SYSFS_PATHS=()
	# Where a user's token is kept.
	[ "$EUID" = 0 ] || install -d -m 0700 "$ROOT/run/user/$EUID"
	mkdir -p "$ROOT"/{dev,etc,run,sys/bus/pci/{devices,drivers},sys/kernel/iommu_groups,sys/class/{vfio,misc}}
	add_sysfs_node misc vfio 10:196
}

# CLASS NAME MAJOR:MINOR: /sys/class/CLASS/NAME, a link into /sys/devices/virtual as on a machine.
add_sysfs_node() {
	local directory=$ROOT/sys/devices/virtual/$1/$2
	mkdir -p "$directory" "$ROOT/sys/class/$1"
	printf '%s\n' "$3" > "$directory/dev"
	ln -sfn "../../devices/virtual/$1/$2" "$ROOT/sys/class/$1/$2"
}

# ADDRESS [driver=D] [group=N] [node=MAJOR:MINOR|none] [parent=ADDRESS] [class=0x020000] [vendor=0x8086]
# [device=0x154c] [subsystem_vendor=0x1af4] [subsystem_device=0x1100] [vfio_dev=vfio0]
# A function bound to a VFIO driver brings its group's node along; without node= it is 242:<number of the group>.
add_pci_function() {
	local address=$1 driver='' group='' node='' parent='' vfio_dev='' path up name
	# shellcheck disable=SC2034 # Read by name.
	local class=0x020000 vendor=0x8086 device=0x154c subsystem_vendor=0x1af4 subsystem_device=0x1100
	shift
	local "$@"
	path=devices/pci${address%:*}
	[ -z "$parent" ] || path=${SYSFS_PATHS[$parent]}
	path=$path/$address
	SYSFS_PATHS[$address]=$path
	up=${path//[!\/]/}
	up=../${up//\//../}
	mkdir -p "$ROOT/sys/$path"
	for name in class vendor device subsystem_vendor subsystem_device; do
		printf '%s\n' "${!name}" > "$ROOT/sys/$path/$name"
	done
	ln -s "../../../$path" "$ROOT/sys/bus/pci/devices/$address"
	if [ -n "$driver" ]; then
		mkdir -p "$ROOT/sys/bus/pci/drivers/$driver"
		ln -s "${up}bus/pci/drivers/$driver" "$ROOT/sys/$path/driver"
	fi
	[ -z "$vfio_dev" ] || mkdir -p "$ROOT/sys/$path/vfio-dev/$vfio_dev"
	[ -n "$group" ] || return 0
	mkdir -p "$ROOT/sys/kernel/iommu_groups/$group/devices"
	ln -s "${up}kernel/iommu_groups/$group" "$ROOT/sys/$path/iommu_group"
	ln -s "../../../../$path" "$ROOT/sys/kernel/iommu_groups/$group/devices/$address"
	if [[ $driver == *vfio* || -n $vfio_dev ]] && [ "$node" != none ]; then
		add_sysfs_node vfio "$group" "${node:-242:$group}"
	fi
}

# UUID GROUP [DRIVER]: a mediated device of this machine, in this group, whose node is 242:GROUP; its driver has it
# registered with VFIO.
add_mdev() {
	local path=devices/virtual/mtty/mtty/$1
	mkdir -p "$ROOT/sys/$path/vfio-dev/vfio$2" "$ROOT/sys/bus/mdev"/{devices,drivers/"${3:-mtty}"} \
		"$ROOT/sys/kernel/iommu_groups/$2/devices"
	ln -s "../../../$path" "$ROOT/sys/bus/mdev/devices/$1"
	ln -s "../../../../../bus/mdev/drivers/${3:-mtty}" "$ROOT/sys/$path/driver"
	ln -s "../../../../../kernel/iommu_groups/$2" "$ROOT/sys/$path/iommu_group"
	ln -s "../../../../$path" "$ROOT/sys/kernel/iommu_groups/$2/devices/$1"
	add_sysfs_node vfio "$2" "242:$2"
}

# NAME ADDRESS MAJOR:MINOR: the handle of a function, for iommufd's users, and /dev/iommu, 10:257.
add_handle() {
	local path=${SYSFS_PATHS[$2]}
	rm -rf "$ROOT/sys/$path/vfio-dev"
	mkdir -p "$ROOT/sys/$path/vfio-dev/$1" "$ROOT/sys/class/vfio-dev"
	echo "$3" > "$ROOT/sys/$path/vfio-dev/$1/dev"
	ln -s ../../../"$2" "$ROOT/sys/$path/vfio-dev/$1/device"
	ln -sfn "../../$path/vfio-dev/$1" "$ROOT/sys/class/vfio-dev/$1"
	add_sysfs_node misc iommu 10:257
}

# ADDRESS bus=BB [how=number|pci_bus|children] [parent=ADDRESS] [group=N]: a PCI bridge, and how sysfs tells its
# secondary bus.
add_bridge() {
	local address=$1 bus='' how=number parent='' group=''
	shift
	local "$@"
	add_pci_function "$address" parent="$parent" group="$group" driver=pcieport class=0x060400 device=0x000c
	case $how in
	number) printf '%d\n' "0x$bus" > "$ROOT/sys/${SYSFS_PATHS[$address]}/secondary_bus_number" ;;
	pci_bus) mkdir -p "$ROOT/sys/${SYSFS_PATHS[$address]}/pci_bus/${address%%:*}:$bus" ;;
	children) ;;
	*) fail "add_bridge: how=$how" ;;
	esac
}

# --- device maps ------------------------------------------------------------------------------------------------

# CONTAINER_PATH HOST=GUEST...: a vfio-pci entry.
entry() {
	typed_entry vfio-pci "$@"
}

# CONTAINER_PATH HOST=GUEST...: a vfio-pci-gk entry.
gk_entry() {
	typed_entry vfio-pci-gk "$@"
}

typed_entry() {
	local type=$1 path=$2 options
	shift 2
	printf -v options '"%s",' "$@"
	printf '{"type":"%s","container_path":"%s","options":[%s]}' "$type" "$path" "${options%,}"
}

# MEMBERS ENTRY: the entry with these members as well.
with() {
	printf '%s,%s}' "${2%\}}" "$1"
}

# CONTAINER_PATH VM_PATH [FINAL_PATH]: a node entry.
node_entry() {
	printf '{"type":"node","container_path":"%s","vm_path":"%s"%s}' "$1" "$2" "${3:+,\"final_path\":\"$3\"}"
}

# NAME ENTRY...: a map file NAME.json in /etc/oci-vfio-hook/devices.d.
add_map() {
	write_map "$MAPS" "$@"
}

# NAME ENTRY...: the same in /run.
add_run_map() {
	write_map "$RUN_MAPS" "$@"
}

write_map() {
	local directory=$1 name=$2 IFS=,
	shift 2
	mkdir -p "$directory"
	printf '[%s]\n' "$*" > "$directory/$name.json"
}

# ENTRY...: the map that QEMU hands in by fw_cfg.
add_fw_cfg() {
	local IFS=,
	mkdir -p "$FW_CFG"
	printf '[%s]\n' "$*" > "$FW_CFG/raw"
}

# ENTRY...: the map that is a system credential.
add_credential() {
	local IFS=,
	mkdir -p "$CREDENTIALS"
	printf '[%s]\n' "$*" > "$CREDENTIALS/oci-vfio-hook.devices"
}

# NUMBER STRING...: SMBIOS' structure 11-NUMBER with these strings.
add_smbios() {
	local file=$SMBIOS/11-$1/raw
	mkdir -p "${file%/*}"
	shift
	# Type, length, handle, and how many strings there are.
	printf '%b' '\x0b\x05\x0c\x0e' "$(printf '\\x%02x' $#)" > "$file"
	printf '%s\0' "$@" >> "$file"
	printf '\0' >> "$file"
}

# ENTRY...: a string with this map.
smbios_text() {
	local IFS=,
	printf 'io.systemd.credential:oci-vfio-hook.devices=[%s]' "$*"
}

# The same in base64.
smbios_binary() {
	local IFS=,
	printf 'io.systemd.credential.binary:oci-vfio-hook.devices=%s' "$(printf '[%s]' "$*" | base64 -w 0)"
}

# NAME ENTRY...: a file NAME.json for --device-map, which is added to OPTIONS.
device_map() {
	local name=$1 IFS=,
	shift
	device_map_text "$name" "[$*]"
}

# NAME TEXT: the same with this text.
device_map_text() {
	printf '%s' "$2" > "$BATS_TEST_TMPDIR/$1.json"
	OPTIONS+=(--device-map "$BATS_TEST_TMPDIR/$1.json")
}

# --- bundles ----------------------------------------------------------------------------------------------------

# An empty bundle. Its config.json is written by the first `apply` or `plan` from what the test added until then: no
# device, one rule that denies everything, no bind mount, two variables, no annotation, and as engines write it a cgroup
# and a rootfs of its own.
bundle() {
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	CONFIG=$BUNDLE/config.json
	DEVICES=() MOUNTS=() ENVIRONMENT=() ANNOTATIONS=()
	RULES=('{"allow":false,"access":"rwm"}')
	RESOURCES=''
	BRIEF=''
	mkdir -p "$BUNDLE/rootfs"
}

# PATH TYPE MAJOR MINOR [more members]
add_device() {
	DEVICES+=("{\"path\":\"$1\",\"type\":\"$2\",\"major\":$3,\"minor\":$4${5:+,$5}}")
}

# +|- TYPE MAJOR:MINOR ACCESS, a type or number of * is left out: a rule that allows or denies.
add_rule() {
	local allow=true text=''
	[ "$1" = + ] || allow=false
	[ "$2" = '*' ] || text+=",\"type\":\"$2\""
	[ "${3%:*}" = '*' ] || text+=",\"major\":${3%:*}"
	[ "${3#*:}" = '*' ] || text+=",\"minor\":${3#*:}"
	RULES+=("{\"allow\":$allow$text,\"access\":\"$4\"}")
}

# DESTINATION SOURCE [TYPE [OPTION...]]: a bind mount, if nothing else is said.
add_mount() {
	local destination=$1 source=$2 type=${3:-bind} options
	shift $(($# > 3 ? 3 : $#))
	[ $# -gt 0 ] || set -- rbind rprivate
	printf -v options '"%s",' "$@"
	MOUNTS+=("{\"destination\":\"$destination\",\"type\":\"$type\",\"source\":\"$source\",\"options\":[${options%,}]}")
}

# ENTRY...: of process.env
add_env() {
	local text
	for text; do
		text=${text//\\/\\\\}
		ENVIRONMENT+=("\"${text//\"/\\\"}\"")
	done
}

# KEY VALUE
add_annotation() {
	local text=${2//\\/\\\\}
	ANNOTATIONS+=("\"$1\":\"${text//\"/\\\"}\"")
}

# TEXT: config.json as it is.
config() {
	printf '%s' "$1" > "$CONFIG"
}

# FILTER [JQ OPTION...]: config.json through jq.
edit_config() {
	write_config
	jq "${@:2}" "$1" "$CONFIG" > "$BATS_TEST_TMPDIR/edited.json"
	cp "$BATS_TEST_TMPDIR/edited.json" "$CONFIG"
}

join() {
	local separator=$1 IFS=
	shift
	[ $# -gt 0 ] || return 0
	printf '%s' "$1"
	shift
	printf '%s' "${@/#/$separator}"
}

write_config() {
	[ ! -e "$CONFIG" ] && [ ! -L "$CONFIG" ] || return 0
	local separator=$',\n\t\t' devices='' resources annotations=''
	resources='"resources":{"devices":['$(join "$separator" "${RULES[@]}")']},'
	case $RESOURCES in
	'') ;;
	absent) resources='' ;;
	*) resources="\"resources\":$RESOURCES," ;;
	esac
	[ ${#DEVICES[@]} = 0 ] || devices='"devices":['$(join "$separator" "${DEVICES[@]}")'],'
	[ ${#ANNOTATIONS[@]} = 0 ] || annotations='"annotations":{'$(join "$separator" "${ANNOTATIONS[@]}")'},'
	cat > "$CONFIG" <<-END
	{
		"ociVersion":"1.0.2",
		"process":{"args":["/bin/true"],"cwd":"/","env":[
			$(join "$separator" '"PATH=/usr/bin:/bin"' '"TERM=xterm"' "${ENVIRONMENT[@]}")]},
		"root":{"path":"$BUNDLE/rootfs"},
		"mounts":[
			$(join "$separator" '{"destination":"/proc","type":"proc","source":"proc"}' "${MOUNTS[@]}")],
		$annotations
		"linux":{$resources$devices"cgroupsPath":"/test/box","namespaces":[{"type":"mount"}]}
	}
	END
}

# --- the common case ---------------------------------------------------------------------------------------------

# This machine's functions 0000:01:00.0 (group 3, 242:0) and 0000:02:00.0 (group 4, 242:1), behind root ports.
two_functions() {
	add_bridge 0000:00:06.0 bus=01
	add_pci_function 0000:01:00.0 parent=0000:00:06.0 driver=vfio-pci group=3 node=242:0
	add_bridge 0000:00:07.0 bus=02
	add_pci_function 0000:02:00.0 parent=0000:00:07.0 driver=vfio-pci group=4 node=242:1
}

# The host's group 45 (243:5) with 0000:3b:02.0 is this machine's group 3, by a map entry; so is group 46 (243:6) with
# 0000:3b:02.1 this machine's group 4.
two_entries() {
	add_map 45 "$(entry /dev/vfio/45 0000:3b:02.0=06/00)"
	add_map 46 "$(entry /dev/vfio/46 0000:3b:02.1=07/00)"
}

# The spec names the host's device 45, and so does a rule.
host_device() {
	add_device /dev/vfio/45 c 243 5
	add_rule + c 243:5 rwm
}

# The same for 46.
second_host_device() {
	add_device /dev/vfio/46 c 243 6
	add_rule + c 243:6 rwm
}

# And the control node.
control_device() {
	add_device /dev/vfio/vfio c 10 196
	add_rule + c 10:196 rwm
}

# A machine with both functions and entries, a spec with the first device and the control node.
common_case() {
	two_functions
	two_entries
	host_device
	control_device
}

# --- running -----------------------------------------------------------------------------------------------------

# ARGUMENT...: runs the program. Sets $status; its output is in $STDOUT and $STDERR. Nothing takes longer than 20 s.
hook() {
	STDOUT=$BATS_TEST_TMPDIR/stdout
	STDERR=$BATS_TEST_TMPDIR/stderr
	BRIEF=''
	status=0
	timeout 20 "$OCI_VFIO_HOOK" "$@" > "$STDOUT" 2> "$STDERR" < /dev/null || status=$?
}

# COMMAND [ARGUMENT...]: in a mount namespace of its own; without root in a user namespace as well, as root there.
with_mounts() {
	local options=(--mount --propagation private)
	[ "$EUID" = 0 ] || options+=(--map-root-user)
	unshare "${options[@]}" "$@"
}

# COMMAND [ARGUMENT...]: with the built machine's /sys, /etc and /run in place of this one's. crun needs a cgroup file
# system, though it is told to leave cgroups alone.
on_machine() {
	mkdir -p "$ROOT/sys/fs/cgroup"
	# shellcheck disable=SC2016 # for that bash
	with_mounts bash -euc '
		mount -t cgroup2 none "$0/sys/fs/cgroup"
		for directory in sys etc run; do mount --rbind "$0/$directory" "/$directory"; done
		exec "$@"' "$ROOT" "$@"
}

# ARGUMENT...: writes the bundle's config.json if the test didn't, and remembers it.
apply() {
	write_config
	remember
	hook --root "$ROOT" "${OPTIONS[@]}" apply "$BUNDLE" "$@"
}

plan() {
	write_config
	remember
	hook --root "$ROOT" "${OPTIONS[@]}" plan "$BUNDLE" "$@"
}

# Holds the bundle's lock on descriptor 8, as a run of the same user would.
hold_lock() {
	LOCK=$BUNDLE/.config.json.oci-vfio-hook.lock
	(umask 077 && : > "$LOCK")
	exec 8<> "$LOCK"
	flock 8
}

# Files whose bytes, inode and times must stay.
remember() {
	[ -f "$CONFIG" ] && [ ! -L "$CONFIG" ] || return 0
	BEFORE=$BATS_TEST_TMPDIR/before.json
	cp "$CONFIG" "$BEFORE"
	BEFORE_STATUS=$(stat -c '%i %y %z %a %u %g' "$CONFIG")
}

# COMMAND...: as a user without any privilege. What it uses must be reachable for it: see open_to_nobody.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# PROGRAM: sets STARVED to what is put before its call so that it gets no memory for a file of some megabytes. A sanitizer's
# own memory is too much for a limit of the process.
starve() {
	if grep -q __asan_init "$1"; then
		STARVED=(env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=4")
	else
		STARVED=(prlimit --as=$((24 << 20)) --)
	fi
}

# STATUS MESSAGE. A sanitizer says so as well.
assert_starved() {
	sed -i '/^==[0-9]*==WARNING: AddressSanitizer failed to allocate /d' "$STDERR"
	assert_status "$1"
	assert_error "$2"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
	assert_unchanged
}

# Makes config.json larger than such a process can read.
enlarge_config() {
	write_config
	head -c 32M /dev/zero | tr '\0' ' ' >> "$CONFIG"
	remember
}

# Lets everybody through to the test's directory, and puts the programs there.
open_to_nobody() {
	chmod a+x "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}" "$BATS_TEST_TMPDIR"
	cp "$OCI_VFIO_HOOK" "$BATS_TEST_TMPDIR/hook"
	cp "${OCI_VFIO_HOOK%/*}/oci-vfio-admin" "$BATS_TEST_TMPDIR"
	chmod 755 "$BATS_TEST_TMPDIR"/{hook,oci-vfio-admin}
}

# --- what must have come out ---------------------------------------------------------------------------------------

show_output() {
	printf 'status %s\n' "$status"
	sed 's/^/stdout: /' "$STDOUT"
	sed 's/^/stderr: /' "$STDERR"
}

assert_status() {
	[ "$status" = "$1" ] || fail "expected status $1" "$(show_output)"
}

# Exit status 0, and nothing to say.
assert_silent() {
	assert_status 0
	[ ! -s "$STDERR" ] || fail 'expected no message' "$(show_output)"
}

# SUBSTRING...: exactly one line on stderr, with all of these.
assert_error() {
	local text lines
	mapfile -t lines < "$STDERR"
	[ ${#lines[@]} = 1 ] || fail 'expected one line on stderr' "$(show_output)"
	for text; do
		[[ ${lines[0]} == *"$text"* ]] || fail "expected \"$text\" in the error" "$(show_output)"
	done
	# A byte that could steer a terminal is never printed as it is.
	[[ ${lines[0]} != *[$'\001'-$'\037'$'\177']* ]] || fail 'a control byte in the error' "$(show_output)"
}

# STATUS SUBSTRING...: refused with this status, one line that has the texts, and nothing touched.
assert_refused() {
	assert_status "$1"
	assert_error "${@:2}"
	[ ! -s "$STDOUT" ] || fail 'expected nothing on stdout' "$(show_output)"
	assert_unchanged
}

# SUBSTRING...: exit status 0, and stderr has these.
assert_warning() {
	local text all
	assert_status 0
	all=$(< "$STDERR")
	for text; do
		[[ $all == *"$text"* ]] || fail "expected a warning with \"$text\"" "$(show_output)"
	done
}

# config.json is the same file with the same bytes and times, and nothing else is in the bundle.
assert_unchanged() {
	cmp "$CONFIG" "$BEFORE" || fail 'config.json changed' "$(diff "$BEFORE" "$CONFIG")" "$(show_output)"
	[ "$(stat -c '%i %y %z %a %u %g' "$CONFIG")" = "$BEFORE_STATUS" ] || fail 'config.json was touched' "$(show_output)"
	assert_no_leftover
}

assert_no_leftover() {
	local name
	for name in "$BUNDLE"/* "$BUNDLE"/.[!.]*; do
		case ${name##*/} in
		config.json | rootfs | '*' | '.[!.]*') ;;
		*) fail "left behind: $name" "$(show_output)" ;;
		esac
	done
}

# The spec's devices, rules, bind mounts and variables, one a line. jq runs once for all assertions on one result.
brief() {
	[ -z "$BRIEF" ] || return 0
	BRIEF=$(jq -r '
		def more(key; name): if has(key) then " \(name)=\(.[key])" else "" end;
		(.linux.devices[]? | "device \(.path) \(.type) \(.major):\(.minor)"
			+ more("fileMode"; "mode") + more("uid"; "uid") + more("gid"; "gid")),
		(.linux.resources.devices[]? | "rule \(if .allow then "+" else "-" end) \(.type // "*") "
			+ "\(.major // "*"):\(.minor // "*") \(.access)"),
		(.mounts[]? | select(.type == "bind" or (.options // [] | index("bind") // index("rbind")))
			| "mount \(.destination) \(.source) \(.options // [] | join(","))"),
		(.process.env[]? | select(startswith("PATH=") or startswith("TERM=") | not) | "env \(.)")
		' "$CONFIG") || fail 'config.json is not JSON' "$(show_output)"
	BRIEF+=$'\nend'
}

# KIND LINE...
assert_brief() {
	local kind=$1 line expected='' found=''
	shift
	brief
	while IFS= read -r line; do
		[[ $line != "$kind "* ]] || found+=${line#"$kind "}$'\n'
	done <<< "$BRIEF"
	[ $# = 0 ] || printf -v expected '%s\n' "$@"
	[ "$expected" = "$found" ] || fail "expected as ${kind}s:" "$expected" 'found:' "$found" "$(show_output)"
}

# "PATH TYPE MAJOR:MINOR[ mode=M][ uid=U][ gid=G]"...: linux.devices is exactly this.
assert_devices() {
	assert_brief device "$@"
}

# "+|- TYPE MAJOR:MINOR ACCESS"... (* for absent): linux.resources.devices is exactly this.
assert_rules() {
	assert_brief rule "$@"
}

# "DESTINATION SOURCE OPTION,OPTION"...: the bind mounts are exactly these.
assert_mounts() {
	assert_brief mount "$@"
}

# ENTRY...: process.env is exactly this, PATH and TERM left out.
assert_env() {
	assert_brief env "$@"
}

# JQ EXPRESSION...: each is true of config.json.
assert_spec() {
	assert_json "$CONFIG" "$@"
}

# JQ EXPRESSION...: each is true of what the program printed.
assert_output() {
	assert_json "$STDOUT" "$@"
}

assert_json() {
	local file=$1 expression
	shift
	! jq -e "$(printf '(%s) == true and ' "$@") true" "$file" > /dev/null || return 0
	for expression; do
		[ "$(jq "($expression) == true" "$file")" = true ] || fail "not true: $expression" "$(< "$file")" "$(show_output)"
	done
}

# FILTER: prints what jq finds in config.json.
spec() {
	jq -c "$1" "$CONFIG"
}

# The annotation that says what was done, as JSON.
applied() {
	jq -r '.annotations["io.github.oci-vfio-hook.applied"]' "$CONFIG"
}

# TOKEN FILE [DEVICE INODE]: prints the code that the annotation of this config.json must have, made with OpenSSL from what
# annotation_text.h says that it is over. With the bundle's device and inode where it is bound to that.
code_of() {
	local fields
	fields=$(jq -j --args '
		def field: "\(utf8bytelength):\(.)";
		.annotations["io.github.oci-vfio-hook.applied"] as $said
		| [($said | sub(",\"mac\":\"[^\"]*\"}$"; "") | sub("}$"; "")), .linux.cgroupsPath // "", .root.path // ""] + $ARGS.positional
		| "io.github.oci-vfio-hook.applied 1 " + (map(field) | add)' "${@:3}" < "$2")
	openssl mac -macopt "hexkey:$1" -macopt size:16 -in <(printf '%s' "$fields") SIPHASH | tr A-F a-f
}

# [TOKEN FILE]: the annotation has the code that is right with this token.
assert_proven() {
	local token=$ROOT/run/oci-vfio-hook/token text code
	[ "$EUID" = 0 ] || token=$ROOT/run/user/$EUID/oci-vfio-hook/token
	token=${1:-$token}
	text=$(applied)
	code=$(code_of "$(< "$token")" "$CONFIG")
	[ "$(jq -r .mac <<< "$text")" = "$code" ] || fail "the code is not $code: $text"
	[[ $(< "$CONFIG") != *$(< "$token")* ]] || fail 'the token is in the spec'
}

# The same command once more changes nothing.
assert_idempotent() {
	apply "$@"
	assert_status 0
	assert_unchanged
}
