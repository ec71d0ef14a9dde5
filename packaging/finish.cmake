# SPDX-License-Identifier: Apache-2.0
# What each kind of package has besides what is installed, in its conventions. CPack runs this before it packs.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(source "${CPACK_OVH_SOURCE_DIR}")
set(doc "${root}/usr/share/doc/oci-vfio-hook")
# Where the administrator's maps go.
file(MAKE_DIRECTORY "${root}/etc/oci-vfio-hook/devices.d")

# FILE: by gzip, without a time.
function(compress file)
	execute_process(COMMAND gzip -9 -n -f "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(CPACK_GENERATOR STREQUAL "DEB")
	file(COPY "${source}/packaging/debian/copyright" DESTINATION "${doc}")
	string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # that of SOURCE_DATE_EPOCH
	file(WRITE "${doc}/changelog.Debian" "oci-vfio-hook (${CPACK_OVH_VERSION}-1) unstable; urgency=medium\n\n"
		"  * Version ${CPACK_OVH_VERSION}: see changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
	file(COPY_FILE "${source}/NEWS" "${doc}/changelog")
	compress("${doc}/changelog.Debian")
	compress("${doc}/changelog")
else()
	file(COPY "${source}/LICENSE" "${source}/NEWS" "${source}/README.md" DESTINATION "${doc}")
endif()
file(GLOB pages "${root}/usr/share/man/man*/*.[0-9]")
foreach(page ${pages})
	compress("${page}")
endforeach()
foreach(runtime crun runc)
	file(CREATE_LINK oci-vfio-runtime.8.gz "${root}/usr/share/man/man8/oci-vfio-${runtime}.8.gz" SYMBOLIC)
endforeach()

# Whatever umask and checkout the build had; and one time for all.
execute_process(COMMAND find "${root}" -type f ! -perm -u+x -exec chmod 0644 {} +
	COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find "${root}" ( -type d -o -type f -perm -u+x ) -exec chmod 0755 {} +
	COMMAND_ERROR_IS_FATAL ANY)
string(TIMESTAMP seconds "%s" UTC)
execute_process(COMMAND find "${root}" -exec touch -h -d "@${seconds}" {} + COMMAND_ERROR_IS_FATAL ANY)
