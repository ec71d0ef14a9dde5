#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a run costs, as far as it can be counted: instructions, system calls, memory. The bounds are goals that were set
# against the empty program and against one pass of yajl, with a config of 3 KiB and one of 34 KiB. Times are in `bench`.
# To be run by `machine`.

load helpers

# Those that parse the config once.
ONE_PASS='precreate'

setup_file() {
	make_configs
	use_machine 5 0
	use_map 1
	# The token of this boot is made by the first run.
	prepare apply small
	"${ARGV[@]}"
}

setup() {
	use_machine 5 0
	use_map 1
}

# WHAT MEASURED BOUND
at_most() {
	echo "$1: $2, at most $3"
	[ "$2" -le "$3" ]
}

# WHAT MEASURED BEFORE
within_a_percent() {
	echo "$1: $2 instead of $3"
	[ $((100 * ($2 > $3 ? $2 - $3 : $3 - $2))) -le "$3" ]
}

# FRONT_END CONFIG BOUND
system_calls_at_most() {
	local count
	count=$(system_calls "$1" "$2")
	at_most "$1, $2: system calls" "$count" "$3" || { cat "$SYSTEM_CALLS"; return 1; }
}

# Prints for each front end its instructions and system calls.
costs() {
	local front_end
	for front_end in $ONE_PASS; do
		echo "$front_end $(instructions "$front_end" k8s) $(system_calls "$front_end" k8s)"
	done
}

# COMMAND...: it makes the machine larger, and instructions and system calls stay.
same_costs() {
	local before name count calls count_before calls_before seen=0
	before=$(costs)
	"$@"
	while read -r name count calls _ count_before calls_before; do
		within_a_percent "$name: instructions" "$count" "$count_before"
		echo "$name: $calls system calls instead of $calls_before"
		[ "$calls" = "$calls_before" ]
		seen=$((seen + 1))
	done < <(paste -d ' ' <(costs) - <<< "$before")
	[ $seen = 1 ]
}

@test "G4: at most 345,000 instructions for a small config, bound lazily; 250,000 statically linked" {
	at_most "lazy: instructions" "$(instructions lazy small)" 345000
	at_most "static: instructions" "$(instructions static small)" 250000
}

@test "G4: at most 420,000 instructions for a small config as installed, 270,000 with OVH_STATIC" {
	local front_end
	for front_end in $ONE_PASS; do
		at_most "$front_end: instructions" "$(instructions "$front_end" small)" 420000
	done
	at_most "static-pie: instructions" "$(instructions static-pie small)" 270000
}

@test "G4: at most 25,000 instructions more for each KiB of config" {
	local front_end bound
	# Escapes make yajl itself slower: the rest must not be.
	bound=$((25000 - $(slope yajl small k8s) + $(slope yajl k8s big)))
	for front_end in $ONE_PASS; do
		at_most "$front_end, small to k8s: instructions a KiB" "$(slope "$front_end" small k8s)" 25000
		at_most "$front_end, k8s to big: instructions a KiB" "$(slope "$front_end" k8s big)" $bound
	done
}

@test "G5: at most 1 MiB and 1.25 times the config of memory" {
	local front_end config empty peak
	empty=$(peak_memory empty small)
	for front_end in $ONE_PASS; do
		for config in small k8s big; do
			peak=$(peak_memory "$front_end" $config)
			at_most "$front_end, $config: KiB more than the empty program" $((peak - empty)) \
				$((1024 + $(stat -c %s "$CONFIGS/$config.json") * 5 / 4 / 1024))
		done
	done
}

@test "G6: at most 100 system calls for one function" {
	local front_end
	for front_end in $(front_ends); do
		system_calls_at_most "$front_end" k8s 100
	done
}

@test "G6: at most 22 system calls for each further function" {
	local front_end one five
	use_map 5
	for front_end in $(front_ends); do
		one=$(system_calls "$front_end" small-1)
		five=$(system_calls "$front_end" small-5)
		at_most "$front_end: system calls for four functions more" $((five - one)) $((4 * 22)) ||
			{ cat "$SYSTEM_CALLS"; return 1; }
	done
}

@test "G7: 5,000 functions on the machine cost what 5 do" {
	use_machine 2 1
	same_costs use_machine 2 4996
}

@test "G8: 2,000 mounts on the machine cost what 20 do" {
	[ "$(count_mounts)" -lt 200 ]
	same_costs add_mounts 2000
	[ "$(count_mounts)" -ge 2000 ]
}

# What a run costs with GUEST more than with the same function's path, and what the plain scan does more than nothing.
scan_costs() {
	use_guest 06/00
	path_instructions=$(instructions precreate small) path_calls=$(system_calls precreate small)
	use_guest "$1"
	scan_instructions=$(($(instructions precreate small) - path_instructions))
	scan_calls=$(($(system_calls precreate small) - path_calls))
}

@test "G12: a selector over 5,000 functions costs at most twice what readdir and two files each cost" {
	local guest plain_instructions plain_calls path_instructions path_calls scan_instructions scan_calls
	local function=/sys/bus/pci/devices/0000:01:00.0 other=/sys/bus/pci/devices/0000:02:00.0
	use_machine 2 4996
	plain_instructions=$(($(instructions "$BENCH_TOOLS/scan" small) - $(instructions empty small)))
	plain_calls=$(($(system_calls "$BENCH_TOOLS/scan" small) - $(system_calls empty small)))
	[ "$plain_calls" -ge 30000 ]
	for guest in id:8086:154d id:8086:154c+acpi-index:7 acpi-index:7 serial:0011223344556677; do
		echo 0x154c > $function/device
		[ $guest != id:8086:154d ] || echo 0x154d > $function/device
		echo 7 > $function/acpi_index
		{ head -c 256 /dev/zero; printf '\x03\0\1\0\x77\x66\x55\x44\x33\x22\x11\0'; head -c 3828 /dev/zero; } > $function/config
		scan_costs $guest
		at_most "$guest: instructions" "$scan_instructions" $((2 * plain_instructions))
		at_most "$guest: system calls" "$scan_calls" $((2 * plain_calls))
	done
	# Whatever is asked for, the machine is scanned once, and each file is read once.
	mv $function/config $other/config
	use_guest id:8086:154c+acpi-index:7 id:8086:154c+serial:0011223344556677
	add_devices 2 "$CONFIGS/small-noop.json" > "$CONFIGS/small-2.json"
	scan_calls=$(($(system_calls precreate small-2) - path_calls))
	at_most "two selectors: system calls" $scan_calls $((3 * plain_calls / 2))
}

# Two files that each function of a machine has, and that a plan doesn't read.
add_uevents() {
	local function
	for function in /sys/bus/pci/devices/*; do
		printf '%s\n' DRIVER=iavf PCI_CLASS=20000 PCI_ID=8086:154C PCI_SUBSYS_ID=0000:0000 \
			"PCI_SLOT_NAME=${function##*/}" MODALIAS=pci:v00008086d0000154Csv00000000sd00000000bc02sc00i00 > "$function/uevent"
		printf '\x86\x80\x4c\x15%060d' 0 > "$function/config"
	done
}

@test "list: 5,000 functions cost at most twice what lspci -n does" {
	local instructions calls lspci_instructions lspci_calls
	use_machine 2 4995
	add_uevents
	command_costs /usr/bin/lspci -n
	lspci_instructions=$instructions lspci_calls=$calls
	[ "$calls" -ge 50000 ]
	command_costs "${OCI_VFIO_HOOK%/*}/oci-vfio-admin" list --all
	at_most 'list --all: instructions' "$instructions" $((2 * lspci_instructions))
	at_most 'list --all: system calls' "$calls" $((2 * lspci_calls))
}

@test "G10: at most 60 system calls where nothing is asked for, and nothing written or logged" {
	local front_end
	for front_end in $(front_ends) createRuntime; do
		system_calls_at_most "$front_end" k8s-noop 60
		! grep '^socket(' "$SYSTEM_CALLS" || return 1
		# precreate hands its input through.
		[ "$front_end" != precreate ] || continue
		if grep -E '^(write|writev|pwrite|pwritev|rename|renameat|renameat2|link|linkat|ftruncate|mkdirat)\(|O_CREAT' \
			"$SYSTEM_CALLS"; then return 1; fi
	done
}
