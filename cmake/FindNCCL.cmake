# Finds NCCL and makes the target NCCL::nccl. NCCL_ROOT or CMAKE_PREFIX_PATH say where; the wheel that setup.sh --cuda
# unpacks and a CUDA toolkit are searched, too. The wheel has the library under its versioned name only.
find_package(CUDAToolkit QUIET)
set(wheel ${PROJECT_SOURCE_DIR}/.deps/cuda/nvidia/nccl)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${wheel}/include ${CUDAToolkit_INCLUDE_DIRS})
find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${wheel}/lib ${CUDAToolkit_LIBRARY_DIR})
if(NCCL_INCLUDE_DIR)
  file(STRINGS ${NCCL_INCLUDE_DIR}/nccl.h lines REGEX "define NCCL_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE "[^0-9;]+" "" numbers "${lines}")
  string(REPLACE ";" "." NCCL_VERSION "${numbers}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR VERSION_VAR NCCL_VERSION)
if(NCCL_FOUND AND NOT TARGET NCCL::nccl)
  add_library(NCCL::nccl SHARED IMPORTED)
  set_target_properties(NCCL::nccl PROPERTIES
    IMPORTED_LOCATION ${NCCL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE_DIR})
endif()
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)
