// Runs the CUnit suites: all of them, or those whose SUITE or SUITE/TITLE-PREFIX is named as argument.
// Failures go to standard output as file:line: messages; the last line is "N passed, N failed".
#include "tests/test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SUITE(name) extern const struct test_suite name##_suite;
#include "suites.def"
#undef SUITE

static const struct test_suite *const suites[] = {
#define SUITE(name) &name##_suite,
#include "suites.def"
#undef SUITE
    NULL};

// CUnit calls back without an argument of ours, so what the handlers share has to live here.
static struct {
    const char *suite, *title;
    unsigned reported; // failed checks printed for the running test; the flood after ten is cut
} now;

enum { REPORT_LIMIT = 10 };

bool test_fail(const char *file, unsigned line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (now.reported++ < REPORT_LIMIT) {
        printf("%s:%u: %s/%s: %s\n", file, line, now.suite, now.title, text);
        fflush(stdout);
    }
    CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
    return false;
}

static bool passed(const char *what, const char *file, unsigned line)
{
    CU_assertImplementation(CU_TRUE, line, what, file, "", CU_FALSE);
    return true;
}

bool test_check(bool ok, const char *what, const char *file, unsigned line)
{
    return ok ? passed(what, file, line) : test_fail(file, line, "does not hold: %s", what);
}

bool test_check_u64(uint64_t got, uint64_t want, const char *what, const char *file, unsigned line)
{
    if (got == want) {
        return passed(what, file, line);
    }
    return test_fail(file, line,
                     "%s is %" PRIu64 " (0x%" PRIx64 "), expected %" PRIu64 " (0x%" PRIx64 ")",
                     what, got, got, want, want);
}

bool test_check_i64(int64_t got, int64_t want, const char *what, const char *file, unsigned line)
{
    if (got == want) {
        return passed(what, file, line);
    }
    return test_fail(file, line, "%s is %" PRId64 ", expected %" PRId64, what, got, want);
}

bool test_check_str(const char *got, const char *want, const char *what, const char *file,
                    unsigned line)
{
    if (got && want && strcmp(got, want) == 0) {
        return passed(what, file, line);
    }
    return test_fail(file, line, "%s is \"%s\", expected \"%s\"", what, got ? got : "(null)",
                     want ? want : "(null)");
}

bool test_check_mem(const void *got, const void *want, size_t size, const char *what,
                    const char *file, unsigned line)
{
    const unsigned char *g = got, *w = want;
    for (size_t i = 0; i < size; i++) {
        if (g[i] != w[i]) {
            return test_fail(file, line, "%s differs at byte %zu of %zu: 0x%02x, expected 0x%02x",
                             what, i, size, g[i], w[i]);
        }
    }
    return passed(what, file, line);
}

static bool wanted(const char *suite, const char *title, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t length = strlen(suite);
        if (strcmp(argv[i], suite) == 0 ||
            (strncmp(argv[i], suite, length) == 0 && argv[i][length] == '/' &&
             strncmp(argv[i] + length + 1, title, strlen(argv[i] + length + 1)) == 0)) {
            return true;
        }
    }
    return argc <= 1;
}

static void on_start(CU_pTest test, CU_pSuite suite)
{
    now.suite = suite->pName;
    now.title = test->pName;
    now.reported = 0;
}

static void on_complete(CU_pTest test, CU_pSuite suite, CU_pFailureRecord failure)
{
    (void)suite;
    (void)failure;
    if (now.reported > REPORT_LIMIT) {
        printf("%s/%s: %u more failed checks\n", now.suite, test->pName,
               now.reported - REPORT_LIMIT);
    }
}

// Builds CUnit's registry out of our tables. CUnit has no const in its interface, but copies names.
static bool fill_registry(int argc, char **argv)
{
    for (size_t i = 0; suites[i]; i++) {
        CU_pSuite suite = CU_add_suite(suites[i]->name, NULL, NULL);
        if (!suite) {
            fprintf(stderr, "run-tests: suite %s: %s\n", suites[i]->name, CU_get_error_msg());
            return false;
        }
        for (const struct test_case *c = suites[i]->cases; c->title; c++) {
            if (wanted(suites[i]->name, c->title, argc, argv) &&
                !CU_add_test(suite, c->title, c->run)) {
                fprintf(stderr, "run-tests: %s/%s: %s (two tests with one title?)\n",
                        suites[i]->name, c->title, CU_get_error_msg());
                return false;
            }
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS || !fill_registry(argc, argv)) {
        return 2;
    }
    CU_set_test_start_handler(on_start);
    CU_set_test_complete_handler(on_complete);
    CU_run_all_tests();
    unsigned run = CU_get_number_of_tests_run(), failed = CU_get_number_of_tests_failed();
    unsigned checks = CU_get_number_of_asserts();
    CU_cleanup_registry();
    if (run == 0) {
        fprintf(stderr, "run-tests: no such test\n");
        return 2;
    }
    printf("%u passed, %u failed (%u checks)\n", run - failed, failed, checks);
    return failed ? 1 : 0;
}
