// The command line's helpers: values as users write them, options of every kind, files read and
// written whole.
#include "cli/data.h"
#include "cli/options.h"
#include "tests/option_kinds.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Runs `body` with standard error going nowhere: the messages are held by the transcripts.
#define QUIETLY(body)                                                       \
    do {                                                                    \
        fflush(stderr);                                                     \
        int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY); \
        dup2(null, STDERR_FILENO);                                          \
        body;                                                               \
        fflush(stderr);                                                     \
        dup2(saved, STDERR_FILENO);                                         \
        close(saved);                                                       \
        close(null);                                                        \
    } while (0)

static void numbers(void)
{
    static const struct {
        const char *text;
        bool number, size;           // whether it is one
        uint64_t as_number, as_size; // and which
    } cases[] = {
        {"0", true, true, 0, 0},
        {"42", true, true, 42, 42},
        {"0x2A", true, true, 42, 42},
        {"10k", true, true, 10000, 10240},
        {"10K", true, true, 10000, 10240},
        {"3M", true, true, 3000000, 3145728},
        {"1G", true, true, 1000000000, 1073741824},
        {"64KiB", false, true, 0, 65536},
        {"18446744073709551615", true, true, UINT64_MAX, UINT64_MAX},
        {"18446744073709551616", false, false, 0, 0},
        {"18446744073709551615k", false, false, 0, 0},
        {"16777216T", true, false, 16777216000000000000u, 0}, // 2^64 bytes
        {"16777215T", true, true, 16777215000000000000u, 18446742974197923840u},
        {"", false, false, 0, 0},
        {" 1", false, false, 0, 0},
        {"+1", false, false, 0, 0},
        {"-1", false, false, 0, 0},
        {"1 ", false, false, 0, 0},
        {"1kk", false, false, 0, 0},
        {"0x", false, false, 0, 0},
        {"k", false, false, 0, 0},
        {"1.5", false, false, 0, 0},
        {"1e3", false, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value;
        bool ok = cli_parse_number(cases[i].text, &value);
        if (ok != cases[i].number || (ok && value != cases[i].as_number)) {
            FAIL("'%s' as a number", cases[i].text);
        }
        ok = cli_parse_size(cases[i].text, &value);
        if (ok != cases[i].size || (ok && value != cases[i].as_size)) {
            FAIL("'%s' as a size", cases[i].text);
        }
    }
}

static void seeds(void)
{
    uint64_t a, b, c;
    CHECK(cli_parse_seed("7", &a) && a == 7);
    CHECK(!cli_parse_seed("randomly", &a));
    // Three draws of 10^8 values agree by chance once in 10^16 runs.
    CHECK(cli_parse_seed("random", &a) && cli_parse_seed("random", &b) &&
          cli_parse_seed("random", &c) && (a != b || b != c));
}

static void nearest_words(void)
{
    const char *const words[] = {"boot", "bench", "compare", "list", NULL};
    CHECK_STR(cli_nearest("bot", words), "boot");
    CHECK_STR(cli_nearest("comapre", words), "compare");
    CHECK_STR(cli_nearest("lsit", words), "list");
    CHECK(cli_nearest("xyz", words) == NULL);
    CHECK(cli_nearest("a-word-that-is-longer-than-any-table-of-ours-would-ever-have", words) ==
          NULL);
}

// Parses a line of words, blanks between them. What it returns is freed with options_free; the words
// live in `words`.
static int parse(const char *line, bool stop, char words[static 256], struct all_kinds *values,
                 struct parsed *parsed)
{
    const char *argv[32] = {"test"};
    int argc = 1;
    snprintf(words, 256, "%s", line);
    for (char *word = strtok(words, " "); word && argc < 31; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    *values = (struct all_kinds){0};
    struct common_options common = {0};
    const struct option_group groups[] = {{option_kinds(), values}, {cli_common_options, &common}};
    int status;
    QUIETLY(status = options_parse("test", argc, argv, groups, 2, stop, parsed));
    return status;
}

static void every_kind(void)
{
    char words[256];
    struct all_kinds v;
    struct parsed parsed;
    const char *line = "in1 -fn 10 -o - --size=64K -L a --triple mem 1 8 --list=b -P cpu 2 4 "
                       "--choice two -s 9 - -- -f";
    CHECK_I64(parse(line, false, words, &v, &parsed), CLI_OK);
    CHECK(v.flag && v.number == 10 && v.size == 65536 && v.seed == 9 && v.choice == 1);
    CHECK_STR(v.string, "-");
    REQUIRE(v.list.count == 2 && v.triples.count == 6 && parsed.arg_count == 3);
    CHECK_STR(v.list.items[0], "a");
    CHECK_STR(v.list.items[1], "b");
    const char *const want[] = {"mem", "1", "8", "cpu", "2", "4"};
    for (size_t i = 0; i < 6; i++) {
        CHECK_STR(v.triples.items[i], want[i]);
    }
    CHECK_STR(parsed.args[0], "in1");
    CHECK_STR(parsed.args[1], "-");
    CHECK_STR(parsed.args[2], "-f");
    options_free(&parsed);
}

static void operand_stops(void)
{
    char words[256];
    struct all_kinds v;
    struct parsed parsed;
    CHECK_I64(parse("-f boot -P x 1 2 --unknown", true, words, &v, &parsed), CLI_OK);
    CHECK(v.flag && v.triples.count == 0);
    CHECK_U64(parsed.arg_count, 6);
    options_free(&parsed);
}

static void refusals(void)
{
    static const char *const lines[] = {
        "-x",           "--unknown",   "--flag=1",   "-n",    "-n 1",      "-n 1001",
        "-n ten",       "--size 4095", "--size 1Q",  "-s -5", "--choice=", "--choice three",
        "--triple a 1", "-P a",        "--triple=a", "-fP a", "--fla",     "--number=",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char words[256];
        struct all_kinds v;
        struct parsed parsed;
        int status = parse(lines[i], false, words, &v, &parsed);
        if (status != CLI_USAGE) {
            FAIL("'%s' gives status %d", lines[i], status);
        }
        options_free(&parsed);
    }
}

// A folder for a test's files; the caller removes what it put there, and the folder.
static bool make_folder(char path[static 64])
{
    snprintf(path, 64, "%s", "/tmp/ringside-test.XXXXXX");
    return CHECK(mkdtemp(path) != NULL);
}

static void whole_files(void)
{
    char folder[64], path[96];
    size_t size;
    struct cli_output output;
    if (!make_folder(folder)) {
        return;
    }
    snprintf(path, sizeof path, "%s/file", folder);
    REQUIRE(cli_output_open(&output, path) == CLI_OK);
    fputs("first", output.stream);
    char *text;
    QUIETLY(text = cli_read_file(path, 100, &size));
    CHECK(text == NULL); // not there before the commit
    CHECK_I64(cli_output_commit(&output), CLI_OK);
    text = cli_read_file(path, 5, &size);
    CHECK_U64(size, 5);
    CHECK_STR(text, "first");
    free(text);
    QUIETLY(text = cli_read_file(path, 4, &size));
    CHECK(text == NULL); // beyond the limit

    // What is abandoned leaves the old file, its permissions too when it is replaced.
    chmod(path, 0640);
    REQUIRE(cli_output_open(&output, path) == CLI_OK);
    fputs("second", output.stream);
    cli_output_abandon(&output);
    text = cli_read_file(path, 100, &size);
    CHECK_STR(text, "first");
    free(text);
    REQUIRE(cli_output_open(&output, path) == CLI_OK);
    CHECK_I64(cli_output_commit(&output), CLI_OK);
    struct stat status;
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0640 && status.st_size == 0);
    CHECK(unlink(path) == 0);
    CHECK(rmdir(folder) == 0); // so no temporary file was left
}

static void unwritable(void)
{
    struct cli_output output;
    int status;
    QUIETLY(status = cli_output_open(&output, "/nonexistent/file"));
    CHECK_I64(status, CLI_UNAVAILABLE);
    REQUIRE(cli_output_open(&output, "/dev/full") == CLI_OK);
    fputs("text", output.stream);
    QUIETLY(status = cli_output_commit(&output));
    CHECK_I64(status, CLI_UNAVAILABLE);
}

static void large_file(void)
{
    enum { SIZE = 100003 }; // several doublings of the buffer, and not a round number
    char folder[64], path[96];
    if (!make_folder(folder)) {
        return;
    }
    snprintf(path, sizeof path, "%s/file", folder);
    struct cli_output output;
    REQUIRE(cli_output_open(&output, path) == CLI_OK);
    for (int i = 0; i < SIZE; i++) {
        fputc(i % 251, output.stream);
    }
    CHECK_I64(cli_output_commit(&output), CLI_OK);
    size_t size, wrong = 0;
    char *data = cli_read_file(path, SIZE, &size);
    REQUIRE(data != NULL && size == SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        wrong += (unsigned char)data[i] != i % 251;
    }
    CHECK_U64(wrong, 0);
    CHECK(data[SIZE] == '\0');
    free(data);
    unlink(path);
    rmdir(folder);
}

static void built_in_files(void)
{
    CHECK(data_files[0].name != NULL);
    for (const struct data_file *file = data_files; file->name; file++) {
        if (data_find(file->name) != file || strlen(file->text) != file->size ||
            (file[1].name && strcmp(file->name, file[1].name) >= 0)) {
            FAIL("%s", file->name);
        }
    }
    CHECK(data_find("nosuch") == NULL);
}

TEST_SUITE(cli, {"numbers and sizes are read whole, to 64 bits, with their suffixes", numbers},
           {"a seed is a number or drawn", seeds},
           {"a mistyped word finds the one that was meant", nearest_words},
           {"options of every kind reach their fields", every_kind},
           {"before a command's name, options end at the first operand", operand_stops},
           {"what is not in the table, or not of its kind, is refused with status 2", refusals},
           {"a file appears whole or not at all", whole_files},
           {"what cannot be written is said to be so", unwritable},
           {"the files built in are texts, in order, and found by name", built_in_files},
           {"a large file is read as it was written", large_file});
