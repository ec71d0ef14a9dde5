#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the linked programs say of themselves: cmake/hardening.cmake asks for it, and a linker ignores what it doesn't
# know. PROGRAMS are those that are installed, STATIC_PROGRAMS linked as with OVH_STATIC; CF_PROTECTION says whether the
# compiler has that.

programs() {
	# shellcheck disable=SC2086 # a list
	printf '%s\n' ${PROGRAMS:?} ${STATIC_PROGRAMS:-}
}

# PATTERN READELF-OPTION...: every program has a line like that.
all_have() {
	local program output
	for program in $(programs); do
		output=$(readelf --wide "${@:2}" "$program")
		grep -qE -- "$1" <<< "$output" || { echo "$program: no $1 in:"; echo "$output"; return 1; }
	done
}

# PATTERN READELF-OPTION...: none has.
none_has() {
	local program output
	for program in $(programs); do
		output=$(readelf --wide "${@:2}" "$program")
		if grep -E -- "$1" <<< "$output"; then echo "$program: $1"; return 1; fi
	done
}

@test "position-independent, the static ones too" {
	local program
	all_have '^ +Type: +DYN ' --file-header
	all_have 'FLAGS_1.*PIE' --dynamic
	for program in ${STATIC_PROGRAMS:-}; do
		! readelf --wide --program-headers "$program" | grep INTERP || return 1
	done
}

@test "full RELRO: nothing that the loader resolved can be written" {
	all_have '^ +GNU_RELRO ' --program-headers
	all_have 'FLAGS_1.* NOW' --dynamic
}

@test "neither stack nor anything that can be written is executable" {
	all_have '^ +GNU_STACK .* RW +0x' --program-headers
	none_has ' RWE +0x| WE ' --program-headers
	none_has 'TEXTREL' --dynamic
}

# Not only the few functions of yajl's archive.
@test "a stack protector" {
	local program count
	for program in $(programs); do
		count=$(objdump --disassemble "$program" | grep -c '<__stack_chk_fail')
		[ "$count" -gt 50 ] || { echo "$program: only $count functions have one"; return 1; }
	done
}

@test "libc's checked functions" {
	all_have '__(memcpy|snprintf|vsnprintf|vasprintf|read|openat|openat64)(_chk|_2)' --symbols
}

@test "every target of an indirect jump is marked" {
	local program
	if [ "$CF_PROTECTION" != 1 ]; then ! readelf --file-header "${PROGRAMS%% *}" | grep X86-64; return; fi
	for program in $(programs); do
		objdump --disassemble=main "$program" | grep -A 1 '<main>:$' | grep -qE 'endbr(64|32)' ||
			{ echo "$program: main doesn't begin with endbr"; return 1; }
	done
}

@test "no path is searched for libraries but the system's" {
	none_has 'RPATH|RUNPATH' --dynamic
}

# Each start would pay for them; they are loaded when they are needed.
@test "libmount, libudev and libsystemd are not linked" {
	none_has 'NEEDED.*lib(mount|udev|systemd)' --dynamic
}
