// Program images: what is written is read back, what is not right is refused, and look-ups agree with a
// plain search.
#include "sim/image.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct image_segment two_segments[] = {
    {.name = ".text",
     .addr = 0x1000,
     .bytes = (const uint8_t *)"code",
     .size = 4,
     .flags = IMAGE_EXEC},
    {.name = ".data",
     .addr = 0x2000,
     .bytes = (const uint8_t *)"data",
     .size = 4,
     .bss = 60,
     .flags = IMAGE_WRITE,
     .bias = 0x100000},
};
static const struct image_symbol some_symbols[] = {{"LIMIT", 5, false},
                                                   {"start", 0x1000, true},
                                                   {"start.loop", 0x1004, true},
                                                   {"buffer", 0x102000, true}};
static const char *const some_files[] = {"a.s", "dir/b.s"};
static const struct image_line some_lines[] = {{0x1000, 0, 3}, {0x1004, 1, 1}};

static struct image sample(void)
{
    return (struct image){.entry = 0x1000,
                          .segments = two_segments,
                          .segment_count = 2,
                          .symbols = some_symbols,
                          .symbol_count = 4,
                          .files = some_files,
                          .file_count = 2,
                          .lines = some_lines,
                          .line_count = 2};
}

static void comes_back_the_same(void)
{
    struct image img = sample(), back;
    uint8_t *bytes, *again;
    size_t size, again_size;
    char err[200];
    REQUIRE(image_write(&img, &bytes, &size));
    REQUIRE(image_parse(&back, bytes, size, err, sizeof err));
    REQUIRE(image_write(&back, &again, &again_size));
    CHECK_U64(again_size, size);
    CHECK_MEM(again, bytes, size);
    CHECK_U64(back.entry, 0x1000);
    CHECK_U64(back.segment_count, 2);
    CHECK_STR(back.segments[1].name, ".data");
    CHECK_MEM(back.segments[1].bytes, "data", 4);
    CHECK_U64(back.segments[1].bss, 60);
    CHECK_U64(back.segments[1].bias, 0x100000);
    CHECK_U64(back.segments[1].flags, IMAGE_WRITE);
    CHECK_STR(back.symbols[3].name, "buffer");
    CHECK(!back.symbols[0].is_address && back.symbols[1].is_address);
    CHECK_STR(back.files[1], "dir/b.s");
    CHECK_U64(back.lines[1].line, 1);
    image_free(&back);
    CHECK(!back.storage && !back.segments);
    free(bytes);
    free(again);
}

static void a_part_is_refused(void)
{
    struct image img = sample(), back;
    uint8_t *bytes;
    size_t size;
    char err[200];
    REQUIRE(image_write(&img, &bytes, &size));
    for (size_t n = 0; n < size; n++) {
        uint8_t *part = malloc(n ? n : 1); // of exactly this size, for the sanitizer to watch
        REQUIRE(part);
        memcpy(part, bytes, n);
        err[0] = 0;
        if (image_parse(&back, part, n, err, sizeof err) || !err[0] || back.storage) {
            FAIL("the first %zu of %zu bytes are taken for an image", n, size);
        }
        free(part);
    }
    uint8_t *more = calloc(1, size + 1);
    REQUIRE(more);
    memcpy(more, bytes, size);
    CHECK(!image_parse(&back, more, size + 1, err, sizeof err));
    CHECK(strstr(err, "behind the image's end") != NULL);
    free(more);
    free(bytes);
}

// Whatever is done to a file, it is refused, or it is an image that would be written just so.
static void a_changed_file_is_refused_or_whole(void)
{
    struct image img = sample(), back;
    struct prng prng;
    uint8_t *bytes, *again;
    size_t size, again_size;
    char err[200];
    unsigned refused = 0, taken = 0;
    prng_seed(&prng, 3);
    REQUIRE(image_write(&img, &bytes, &size));
    for (unsigned i = 0; i < 40000; i++) {
        uint8_t *changed = malloc(size);
        REQUIRE(changed);
        memcpy(changed, bytes, size);
        for (uint64_t n = prng_range(&prng, 1, 3); n > 0; n--) {
            changed[prng_below(&prng, size)] =
                prng_below(&prng, 4) ? (uint8_t)prng_next(&prng) : 0xff;
        }
        if (!image_parse(&back, changed, size, err, sizeof err)) {
            refused++;
        } else {
            taken++;
            bool same = image_write(&back, &again, &again_size) && again_size == size &&
                        memcmp(again, changed, size) == 0;
            CHECK(same);
            free(again);
            image_free(&back);
        }
        free(changed);
    }
    CHECK(refused > 1000 && taken > 1000);
    free(bytes);
}

// One thing wrong each; writing must refuse it too, or files could be made that cannot be read.
static void each_rule_holds(void)
{
    struct image_segment segments[2];
    struct image_symbol symbols[4];
    struct image_line lines[2];
    const char *files[2];
    for (unsigned i = 0; i < 19; i++) {
        struct image img = sample();
        memcpy(segments, two_segments, sizeof segments);
        memcpy(symbols, some_symbols, sizeof symbols);
        memcpy(lines, some_lines, sizeof lines);
        memcpy(files, some_files, sizeof files);
        img.segments = segments, img.symbols = symbols, img.lines = lines, img.files = files;
        switch (i) {
        case 0: segments[1].addr = 0x1003; break;              // overlap
        case 1: segments[1].name = ".text"; break;             // one name twice
        case 2: segments[0].flags = 8; break;                  // unknown flag
        case 3: segments[0].name = "9"; break;                 // no identifier
        case 4: segments[1].addr = UINT64_MAX - 10; break;     // wraps
        case 5: segments[1].bias = UINT64_MAX - 0x2010; break; // its labels wrap
        case 6: segments[1].bss = UINT64_MAX; break;           // too large
        case 7: segments[1].size = segments[1].bss = 0; break; // empty
        case 8: symbols[2].value = 0; break;                   // not sorted
        case 9: symbols[2].name = "start"; break;              // one name twice
        case 10: symbols[2].name = "a0"; break;                // a register
        case 11: symbols[2].name = ".x"; break;                // a local name alone
        case 12: symbols[2].name = ""; break;
        case 13: lines[0].file = 2; break; // no such file
        case 14: lines[0].line = 0; break;
        case 15: lines[1].addr = 0x1000; break; // not sorted
        case 16: files[0] = "a\n"; break;       // control character
        case 17: files[0] = ""; break;
        default: img.entry = 0x1002; break; // not a multiple of 4
        }
        uint8_t *bytes = NULL;
        size_t size;
        if (i == 9) { // only reading looks at all names at once
            char err[200];
            struct image back;
            REQUIRE(image_write(&img, &bytes, &size));
            CHECK(!image_parse(&back, bytes, size, err, sizeof err));
            CHECK(strstr(err, "two symbols have one name") != NULL);
        } else if (image_write(&img, &bytes, &size)) {
            FAIL("broken image %u is written", i);
        }
        free(bytes);
    }
}

static void look_ups_agree_with_plain_search(void)
{
    enum { N = 60 };
    struct image_symbol symbols[N];
    struct image_line lines[N];
    char names[N][8];
    struct prng prng;
    prng_seed(&prng, 4);
    uint64_t value = 0, addr = 0;
    for (unsigned i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "s%02u", i);
        value += prng_below(&prng, 3);
        addr += prng_range(&prng, 1, 4);
        symbols[i] = (struct image_symbol){names[i], value, prng_below(&prng, 3) > 0};
        lines[i] = (struct image_line){addr, 0, i + 1};
    }
    struct image img = {.symbols = symbols, .symbol_count = N, .lines = lines, .line_count = N};
    for (uint64_t a = 0; a < addr + 10; a++) {
        const struct image_symbol *near = NULL;
        const struct image_line *line = NULL;
        for (unsigned i = 0; i < N; i++) {
            if (symbols[i].is_address && symbols[i].value <= a &&
                (!near || near->value < symbols[i].value)) {
                near = &symbols[i];
            }
            line = lines[i].addr <= a ? &lines[i] : line;
        }
        CHECK(image_near(&img, a) == near);
        CHECK(image_line_at(&img, a) == line);
    }
    CHECK(image_find(&img, "s33") == &symbols[33]);
    CHECK(image_find(&img, "nosuch") == NULL);
}

TEST_SUITE(image, {"what is written is read back", comes_back_the_same},
           {"a file that is cut short or goes on is refused", a_part_is_refused},
           {"a changed file is refused, or is an image", a_changed_file_is_refused_or_whole},
           {"each rule of the format is held", each_rule_holds},
           {"look-ups agree with a plain search", look_ups_agree_with_plain_search});
