# SPDX-License-Identifier: Apache-2.0
# What keeps a memory error in the programs from being more than a crash. The objects are all compiled for it; how the
# programs are linked is in `hardened`, and in `hardened_static` for OVH_STATIC. tests/hardening.bats reads what came out.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# Of x86: the only return addresses and targets of indirect jumps are those that the compiler meant.
check_c_compiler_flag(-fcf-protection=full OVH_HAVE_CF_PROTECTION)
add_compile_options(-fPIE -fstack-protector-strong $<$<BOOL:${OVH_HAVE_CF_PROTECTION}>:-fcf-protection=full>)

# The sanitizers check the same calls themselves, and libc's checks need an optimizing compiler.
if(OVH_FUZZ OR CMAKE_C_FLAGS MATCHES "-fsanitize")
	set(OVH_SANITIZED ON)
else()
	set(OVH_SANITIZED OFF)
	add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
endif()

set(relro -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
# Tables of commands and names are of addresses: packed, each costs the loader a third.
check_linker_flag(C -Wl,-z,pack-relative-relocs OVH_HAVE_PACKED_RELOCATIONS)
if(OVH_HAVE_PACKED_RELOCATIONS)
	add_link_options(-Wl,-z,pack-relative-relocs)
endif()
add_library(hardened_static INTERFACE)
# The libraries that are loaded when they are needed are not for a static build: the linker says so.
target_link_options(hardened_static INTERFACE -static-pie ${relro} -Wl,--no-warnings)
add_library(hardened INTERFACE)
if(OVH_STATIC)
	target_link_libraries(hardened INTERFACE hardened_static)
else()
	target_link_options(hardened INTERFACE -pie ${relro})
endif()
