# Tests, found by pattern:
#
#   tests/<group>/test_*.c   one executable each, ctest label <group>   (unit, ops, learn)
#   tests/cli/*.sh           run with the built command in $FERRY, label cli
#   tests/tools/*.sh         the repository's own scripts, label unit
#   tests/fuzz/fuzz_*.c      the corpus replayed, label fuzz; with FY_FUZZ real fuzzers
#   examples/*.c             built and run, label examples
#
# A test file may ask for more in its first comment: a line " * labels: threads slow" adds labels,
# " * timeout: 300" replaces the group's limit in seconds.
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.c)
add_library(fy_test_support STATIC ${support_sources})
target_include_directories(fy_test_support PUBLIC tests)
target_link_libraries(fy_test_support PUBLIC ferry PkgConfig::CMOCKA)

# Sanitized code runs several times slower.
set(slowdown 1)
if(FY_SANITIZE OR FY_COVERAGE)
  set(slowdown 5)
endif()

# Every test runs in a directory of its own, so that tests may run side by side. OpenMP's threads sleep
# while they wait: spinning, those of two tests on one core would each sit out the other's time slice.
function(fy_register name label timeout)
  set(dir ${PROJECT_BINARY_DIR}/tests/run/${name})
  file(MAKE_DIRECTORY ${dir})
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${dir})
  math(EXPR limit "${timeout} * ${slowdown}")
  set_tests_properties(${name} PROPERTIES LABELS "${label}" TIMEOUT ${limit} SKIP_RETURN_CODE 77
    ENVIRONMENT
      "FERRY_SOURCE=${PROJECT_SOURCE_DIR};XDG_CACHE_HOME=${PROJECT_BINARY_DIR}/tests/cache;UBSAN_OPTIONS=print_stacktrace=1;OMP_WAIT_POLICY=passive")
endfunction()

# What a test's first comment asks for, in `labels` and `timeout` of the caller.
function(fy_read_wishes source label default_timeout)
  file(STRINGS ${source} label_line LIMIT_COUNT 1 REGEX "^( \\*|#) labels: ")
  file(STRINGS ${source} timeout_line LIMIT_COUNT 1 REGEX "^( \\*|#) timeout: ")
  string(REGEX REPLACE "^( \\*|#) labels: *| *\\*/.*$" "" words "${label_line}")
  string(REPLACE " " ";" words "${words}")
  set(timeout ${default_timeout})
  if(timeout_line MATCHES "([0-9]+)")
    set(timeout ${CMAKE_MATCH_1})
  endif()
  set(labels "${label};${words}" PARENT_SCOPE)
  set(timeout ${timeout} PARENT_SCOPE)
endfunction()

# fy_test(<name> <source> <label> <timeout> <library>): one program, run without arguments.
function(fy_test name source label timeout library)
  fy_read_wishes(${source} ${label} ${timeout})
  string(REPLACE "." "_" target ${name})
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE ${library})
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${label})
  fy_register(${name} "${labels}" ${timeout} ${target})
endfunction()

function(fy_test_group group timeout)
  file(GLOB sources CONFIGURE_DEPENDS tests/${group}/test_*.c)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" name ${name})
    fy_test(${group}.${name} ${source} ${group} ${timeout} fy_test_support)
  endforeach()
endfunction()

fy_test_group(unit 60)
fy_test_group(ops 120)
fy_test_group(learn 600)

# The kernels for lesser processors, which this one would never choose.
foreach(name conv2d native_conv native_layout norm)
  fy_register(ops.${name}.avx2 ops 120 ops_${name})
  set_property(TEST ops.${name}.avx2 APPEND PROPERTY ENVIRONMENT "FY_CPU=avx2")
endforeach()

file(GLOB example_sources CONFIGURE_DEPENDS examples/*.c)
foreach(source IN LISTS example_sources)
  get_filename_component(name ${source} NAME_WE)
  fy_test(examples.${name} ${source} examples 300 ferry)
endforeach()

file(GLOB tool_tests CONFIGURE_DEPENDS tests/tools/*.sh)
foreach(script IN LISTS tool_tests)
  get_filename_component(name ${script} NAME_WE)
  string(REGEX REPLACE "^test_" "" name ${name})
  fy_register(unit.tool.${name} unit 60 sh ${script})
endforeach()

if(TARGET ferry_cli)
  file(GLOB cli_tests CONFIGURE_DEPENDS tests/cli/*.sh)
  foreach(script IN LISTS cli_tests)
    get_filename_component(name ${script} NAME_WE)
    fy_read_wishes(${script} cli 300)
    fy_register(cli.${name} "${labels}" ${timeout} bash ${script})
    set_property(TEST cli.${name} APPEND PROPERTY ENVIRONMENT "FERRY=$<TARGET_FILE:ferry_cli>")
  endforeach()
endif()

# Without libFuzzer a target still guards: every input ever found is replayed. Which is a normal
# program, so gcc, valgrind and TSan can run it too.
file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  if(FY_FUZZ)
    add_executable(${name} ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${source} tests/fuzz/replay_main.c)
  endif()
  target_link_libraries(${name} PRIVATE ferry)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fuzz)
  string(REGEX REPLACE "^fuzz_" "" target ${name})
  file(GLOB corpus CONFIGURE_DEPENDS tests/fuzz/corpus/${target}/*)
  if(corpus)
    fy_register(fuzz.${target} fuzz 120 ${name} ${corpus})
  endif()
endforeach()
if(FY_FUZZ)
  # The library needs the coverage counters that libFuzzer steers by, but not its main().
  target_compile_options(ferry PRIVATE -fsanitize=fuzzer-no-link)
  # No kernel reads a foreign byte, and unrolled as they are, counters would keep the compiler busy for many minutes.
  file(GLOB kernel_sources CONFIGURE_DEPENDS src/backend/native/*.c)
  set_property(SOURCE ${kernel_sources} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all)
endif()
