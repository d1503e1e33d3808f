# intr_warnings: the warnings of this project's own code; linked privately.
add_library(intr_warnings INTERFACE)
target_compile_options(intr_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual $<$<BOOL:${INTR_WERROR}>:-Werror>)
# What these two find depends on how GCC 12 inlines, and here it is wrong each time: inside std::string, std::regex and
# std::vector. The sanitizer preset looks for the real thing.
target_compile_options(intr_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-stringop-overflow>)
