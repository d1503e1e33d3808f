# Finds LibTorch's CUDA libraries and makes the target TorchCuda::torch, on top of TorchCpu::torch.
#
# libtorch_cuda needs cuDNN, NCCL, cuSPARSELt, NVSHMEM and cuFile beside the CUDA toolkit. PyPI has them as wheels, which
# scripts/setup.sh --cuda unpacks into .deps/cuda/nvidia/*/lib; elsewhere they lie in the toolkit or in folders of
# CMAKE_PREFIX_PATH. None of them is named on the link line: the linker is told where to look, and so is the program.
find_package(TorchCpu REQUIRED)
find_package(CUDAToolkit REQUIRED)
find_library(TorchCuda_LIBRARY torch_cuda)
find_library(TorchCuda_C10_LIBRARY c10_cuda)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TorchCuda
  REQUIRED_VARS TorchCuda_LIBRARY TorchCuda_C10_LIBRARY
  REASON_FAILURE_MESSAGE "This LibTorch is for CPUs alone. Next: pass one for CUDA in CMAKE_PREFIX_PATH")

if(TorchCuda_FOUND AND NOT TARGET TorchCuda::torch)
  get_filename_component(torch_lib_dir ${TorchCuda_LIBRARY} DIRECTORY)
  file(GLOB wheel_dirs LIST_DIRECTORIES true
       ${PROJECT_SOURCE_DIR}/.deps/cuda/nvidia/*/lib ${torch_lib_dir}/../../nvidia/*/lib)
  set(search ${torch_lib_dir} ${wheel_dirs} ${CUDAToolkit_LIBRARY_DIR})
  foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
    if(IS_DIRECTORY ${prefix}/lib)
      list(APPEND search ${prefix}/lib)
    endif()
  endforeach()
  set(flags "")
  foreach(dir IN LISTS search)
    get_filename_component(dir ${dir} REALPATH)
    list(APPEND flags "LINKER:-rpath,${dir}" "LINKER:-rpath-link,${dir}")
  endforeach()
  list(REMOVE_DUPLICATES flags)

  add_library(TorchCuda::c10_cuda SHARED IMPORTED)
  set_target_properties(TorchCuda::c10_cuda PROPERTIES IMPORTED_LOCATION ${TorchCuda_C10_LIBRARY})
  add_library(TorchCuda::torch SHARED IMPORTED)
  # --no-as-needed: nothing calls libtorch_cuda by name, its kernels register themselves when it is loaded.
  # --disable-new-dtags: only the older kind of run path also serves the libraries that libtorch_cuda loads.
  # --allow-shlib-undefined: what a library of LibTorch misses here is found, or said, where the program runs.
  set_target_properties(TorchCuda::torch PROPERTIES
    IMPORTED_LOCATION ${TorchCuda_LIBRARY}
    INTERFACE_LINK_LIBRARIES "TorchCuda::c10_cuda;TorchCpu::torch"
    INTERFACE_LINK_OPTIONS "LINKER:--no-as-needed;LINKER:--disable-new-dtags;LINKER:--allow-shlib-undefined;${flags}")
endif()
mark_as_advanced(TorchCuda_LIBRARY TorchCuda_C10_LIBRARY)
