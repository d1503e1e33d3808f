# intr_add_test(PART/NAME [LIBRARY intr_base|intr_train] [RANKS 1 2 4] [TIMEOUT seconds] [LINK targets] [LABELS labels] [PROGRAMS])
#
# Builds tests/PART/NAME_test.cpp once and registers one CTest entry: PART.NAME, or PART.NAME.rN for each rank count.
# With PROGRAMS the test runs the built programs through tests/support/programs.h.
# The label "threads" is for tests that the thread sanitizer should see (preset cpu-tsan; target threaded_tests).
# Tests with RANKS link tests/support/mpi_main, all others GoogleTest's main.
add_custom_target(threaded_tests)

# The entry's own folder for what Open MPI keeps while it runs. Of one that is shared, whoever leaves last removes what another
# start is about to use.
function(intr_own_mpi_folder entry)
  set_property(TEST ${entry} APPEND PROPERTY
               ENVIRONMENT OMPI_MCA_orte_tmpdir_base=${PROJECT_BINARY_DIR}/tests/mpi/${entry})
endfunction()

function(intr_add_test path)
  cmake_parse_arguments(arg "PROGRAMS" "LIBRARY;TIMEOUT" "RANKS;LINK;LABELS" ${ARGN})
  if(NOT arg_LIBRARY)
    set(arg_LIBRARY intr_base)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  get_filename_component(part ${path} DIRECTORY)
  get_filename_component(name ${path} NAME)
  string(REPLACE "/" "." test_name ${path})
  string(REPLACE "/" "_" target "${path}_test")
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${path}_test.cpp)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${target} PRIVATE ${arg_LIBRARY} intr_test_support GTest::gtest ${arg_LINK}
                        intr_warnings intr_sanitizers)
  if(arg_LIBRARY STREQUAL "intr_train")
    target_precompile_headers(${target} REUSE_FROM intr_train)
    # The compiler takes a precompiled header only with equal flags; CMake would give programs -fPIE.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  if("threads" IN_LIST arg_LABELS)
    add_dependencies(threaded_tests ${target})
  endif()
  if(arg_PROGRAMS)
    add_dependencies(${target} intr_programs)
    string(JOIN " " launcher ${MPIEXEC_EXECUTABLE} ${INTR_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG})
    target_compile_definitions(${target} PRIVATE INTR_PROGRAM_FOLDER="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
                               INTR_MPI_LAUNCHER="${launcher}")
  endif()
  if(NOT arg_RANKS)
    target_link_libraries(${target} PRIVATE GTest::gtest_main)
    add_test(NAME ${test_name} COMMAND ${target})
    set_tests_properties(${test_name} PROPERTIES LABELS "${part};${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
                         ENVIRONMENT "${INTR_MPI_TEST_ENVIRONMENT}")
    intr_own_mpi_folder(${test_name})
    return()
  endif()
  target_link_libraries(${target} PRIVATE intr_test_mpi_main)
  foreach(ranks IN LISTS arg_RANKS)
    set(entry ${test_name}.r${ranks})
    add_test(NAME ${entry}
      COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${INTR_MPIEXEC_FLAGS} $<TARGET_FILE:${target}>)
    set_tests_properties(${entry} PROPERTIES LABELS "${part};mpi;${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
                         PROCESSORS ${ranks} ENVIRONMENT "${INTR_MPI_TEST_ENVIRONMENT}")
    intr_own_mpi_folder(${entry})
  endforeach()
endfunction()

# What Open MPI wants to run as root and with more ranks than cores; other launchers get nothing.
set(INTR_MPI_TEST_ENVIRONMENT "OMP_NUM_THREADS=1")
if(MPIEXEC_EXECUTABLE)
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE mpiexec_version ERROR_QUIET)
  if(mpiexec_version MATCHES "Open MPI|OpenRTE")
    set(INTR_MPIEXEC_FLAGS --oversubscribe --bind-to none)
    list(APPEND INTR_MPI_TEST_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
         OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none)
  endif()
endif()
if(INTR_SANITIZE STREQUAL "address")
  list(APPEND INTR_MPI_TEST_ENVIRONMENT LSAN_OPTIONS=print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/tests/support/known_leaks.txt)
endif()
if(INTR_SANITIZE STREQUAL "thread")
  # Libraries that were built without the sanitizer synchronize in ways that it cannot see.
  list(APPEND INTR_MPI_TEST_ENVIRONMENT
       "TSAN_OPTIONS=ignore_noninstrumented_modules=1 suppressions=${PROJECT_SOURCE_DIR}/tests/support/foreign_races.txt")
endif()
