// The test harness: CUnit, with suites found by file name and checks that print both values.
//
// A file tests/test_NAME.c ends with
//
//     TEST_SUITE(NAME, {"what is shown to hold", its_function}, ...);
//
// and is picked up by the Makefile without any further list. Prefer a property over many inputs
// (a loop with one check inside) to an example. A failed check is reported and the test goes on;
// only the REQUIRE forms leave the test function.
#ifndef RINGSIDE_TESTS_TEST_H
#define RINGSIDE_TESTS_TEST_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Under sanitizers everything takes many times as long: tests that try many inputs try fewer there.
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ && !defined TEST_SANITIZED
#define TEST_SANITIZED 1
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

struct test_case {
    const char *title; // a sentence: what holds if the test passes
    void (*run)(void);
};

struct test_suite {
    const char *name;
    const struct test_case *cases; // ended by a row with a NULL title
};

#define TEST_SUITE(name, ...)                      \
    extern const struct test_suite name##_suite;   \
    const struct test_suite name##_suite = {#name, \
                                            (const struct test_case[]){__VA_ARGS__, {NULL, NULL}}}

// Each returns whether the check held, so that a loop can stop at its first failure.
bool test_check(bool ok, const char *what, const char *file, unsigned line);
bool test_check_u64(uint64_t got, uint64_t want, const char *what, const char *file, unsigned line);
bool test_check_i64(int64_t got, int64_t want, const char *what, const char *file, unsigned line);
bool test_check_str(const char *got, const char *want, const char *what, const char *file,
                    unsigned line);
bool test_check_mem(const void *got, const void *want, size_t size, const char *what,
                    const char *file, unsigned line);
// Fails the test with a printf-style message: for values that the forms above cannot show.
bool test_fail(const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define CHECK(condition)           test_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_U64(got, want)       test_check_u64((got), (want), #got, __FILE__, __LINE__)
#define CHECK_I64(got, want)       test_check_i64((got), (want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want)       test_check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, want, size) test_check_mem((got), (want), (size), #got, __FILE__, __LINE__)
#define FAIL(...)                  test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define REQUIRE(condition)       \
    do {                         \
        if (!CHECK(condition)) { \
            return;              \
        }                        \
    } while (0)

#endif
