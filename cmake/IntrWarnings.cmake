# intr_warnings: the warnings of this project's own code; linked privately.
add_library(intr_warnings INTERFACE)
target_compile_options(intr_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual $<$<BOOL:${INTR_WERROR}>:-Werror>)
