# intr_warnings: the warnings of this project's own code; linked privately.
add_library(intr_warnings INTERFACE)
target_compile_options(intr_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual $<$<BOOL:${INTR_WERROR}>:-Werror>)
# GCC 12 finds uninitialized members inside std::string and std::regex that are not there, depending on how it inlines.
# The sanitizer preset looks for the real thing.
target_compile_options(intr_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
