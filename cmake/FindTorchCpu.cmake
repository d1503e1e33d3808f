# Finds LibTorch's CPU libraries and makes the targets TorchCpu::torch and TorchCpu::openmp.
#
# LibTorch's own package file insists on a CUDA toolkit when it comes from a CUDA wheel, even for CPU work. This one
# takes the two CPU libraries and the headers, from any LibTorch below CMAKE_PREFIX_PATH or Torch_ROOT.
find_path(TorchCpu_INCLUDE_DIR torch/csrc/autograd/variable.h PATH_SUFFIXES include)
find_path(TorchCpu_API_INCLUDE_DIR torch/torch.h PATH_SUFFIXES include/torch/csrc/api/include)
find_library(TorchCpu_LIBRARY torch_cpu)
find_library(TorchCpu_C10_LIBRARY c10)
# The OpenMP that LibTorch's loops run on. Packages bring their own copy, under its plain name or with a hash in it.
if(TorchCpu_LIBRARY AND NOT TorchCpu_OPENMP_LIBRARY)
  get_filename_component(torch_folder ${TorchCpu_LIBRARY} DIRECTORY)
  file(GLOB gomp "${torch_folder}/libgomp*.so*")
  if(gomp)
    list(GET gomp 0 gomp)
    set(TorchCpu_OPENMP_LIBRARY ${gomp} CACHE FILEPATH "OpenMP library of LibTorch")
  endif()
endif()
set(version_header "${TorchCpu_INCLUDE_DIR}/torch/headeronly/version.h")
if(NOT EXISTS "${version_header}")
  set(version_header "${TorchCpu_API_INCLUDE_DIR}/torch/version.h")  # before 2.9
endif()
if(EXISTS "${version_header}")
  file(STRINGS ${version_header} lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^0-9;]+" "" numbers "${lines}")
  string(REPLACE ";" "." TorchCpu_VERSION "${numbers}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TorchCpu
  REQUIRED_VARS TorchCpu_LIBRARY TorchCpu_C10_LIBRARY TorchCpu_INCLUDE_DIR TorchCpu_API_INCLUDE_DIR
  VERSION_VAR TorchCpu_VERSION
  REASON_FAILURE_MESSAGE "Next: run scripts/setup.sh, or pass -DCMAKE_PREFIX_PATH=/path/to/libtorch")

if(TorchCpu_FOUND AND NOT TARGET TorchCpu::torch)
  add_library(TorchCpu::c10 SHARED IMPORTED)
  set_target_properties(TorchCpu::c10 PROPERTIES IMPORTED_LOCATION ${TorchCpu_C10_LIBRARY})
  add_library(TorchCpu::torch SHARED IMPORTED)
  set_target_properties(TorchCpu::torch PROPERTIES
    IMPORTED_LOCATION ${TorchCpu_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${TorchCpu_INCLUDE_DIR};${TorchCpu_API_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES TorchCpu::c10)
  # at::parallel_for is a template: code compiled without OpenMP runs its loops on one thread.
  if(TorchCpu_OPENMP_LIBRARY)
    add_library(TorchCpu::openmp INTERFACE IMPORTED)
    set_target_properties(TorchCpu::openmp PROPERTIES
      INTERFACE_COMPILE_OPTIONS $<$<COMPILE_LANGUAGE:CXX>:-fopenmp> INTERFACE_LINK_LIBRARIES ${TorchCpu_OPENMP_LIBRARY})
  else()
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    add_library(TorchCpu::openmp ALIAS OpenMP::OpenMP_CXX)
  endif()
endif()
set(TORCH_VERSION_FOUND ${TorchCpu_VERSION})
mark_as_advanced(TorchCpu_INCLUDE_DIR TorchCpu_API_INCLUDE_DIR TorchCpu_LIBRARY TorchCpu_C10_LIBRARY TorchCpu_OPENMP_LIBRARY)
