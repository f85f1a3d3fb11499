# wg_room(NAME [FAST] [DEPS room...] [LIBS library...] [TEST_LIBS library...])
#
# A room is a folder under src/: one static library warmgate_NAME from its *.cc, and one test
# program NAME_test from its *_test.cc. A main.cc belongs to an executable, not to the library.
# FAST is for the rooms that every request passes: -O3 saves 3 % of its instructions there.
# tools/check_includes.py checks that #include lines follow DEPS as docs say.
include(GoogleTest)

function(wg_room name)
  cmake_parse_arguments(ROOM "FAST" "" "DEPS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main|_fuzz|_bench)\\.cc$")
  list(TRANSFORM ROOM_DEPS PREPEND warmgate_)

  if(sources)
    add_library(warmgate_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(warmgate_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  if(ROOM_FAST)
    target_compile_options(warmgate_${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O3>)
  endif()
  target_include_directories(warmgate_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(warmgate_${name} ${scope} ${ROOM_DEPS} ${ROOM_LIBS})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE warmgate_${name} ${ROOM_TEST_LIBS} GTest::gmock
                                               GTest::gtest_main)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
                         PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# wg_fuzzer(NAME source... LIBS library...): the libFuzzer target NAME_fuzz, in the fuzz build only.
function(wg_fuzzer name)
  cmake_parse_arguments(FUZZER "" "" "LIBS" ${ARGN})
  if(NOT WARMGATE_FUZZ)
    return()
  endif()
  add_executable(${name}_fuzz ${FUZZER_UNPARSED_ARGUMENTS})
  target_link_libraries(${name}_fuzz PRIVATE ${FUZZER_LIBS})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
endfunction()
