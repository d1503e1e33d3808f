# Finds OpenCV's core and imgproc and makes the target OpenCvImgproc::imgproc. Debian's packages of these two modules come
# without OpenCV's own package file, which belongs to the package of all modules.
find_path(OpenCvImgproc_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4)
find_library(OpenCvImgproc_CORE_LIBRARY opencv_core)
find_library(OpenCvImgproc_LIBRARY opencv_imgproc)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCvImgproc REQUIRED_VARS OpenCvImgproc_LIBRARY OpenCvImgproc_CORE_LIBRARY
                                  OpenCvImgproc_INCLUDE_DIR)
if(OpenCvImgproc_FOUND AND NOT TARGET OpenCvImgproc::imgproc)
  add_library(OpenCvImgproc::imgproc INTERFACE IMPORTED)
  set_target_properties(OpenCvImgproc::imgproc PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${OpenCvImgproc_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${OpenCvImgproc_LIBRARY};${OpenCvImgproc_CORE_LIBRARY}")
endif()
mark_as_advanced(OpenCvImgproc_INCLUDE_DIR OpenCvImgproc_CORE_LIBRARY OpenCvImgproc_LIBRARY)
