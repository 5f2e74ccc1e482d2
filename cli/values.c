// Numbers, sizes and seeds as users write them, and the guess at a mistyped word.
#include "cli/cli.h"
#include "sim/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

// Digits (decimal, or hexadecimal after 0x) up to the first other character, which *end receives.
static bool parse_digits(const char *text, uint64_t *value, const char **end)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") == 0) {
        return false; // strtoumax would take a sign or blanks
    }
    char *stop;
    errno = 0;
    uintmax_t parsed = strtoumax(digits, &stop, hex ? 16 : 10);
    *end = stop;
    *value = parsed;
    return errno == 0 && parsed <= UINT64_MAX;
}

// A number followed by nothing, or by one of k M G T that multiplies it by a power of `unit`, or by
// that and `tail`.
static bool parse_scaled(const char *text, uint64_t unit, const char *tail, uint64_t *value)
{
    const char *end;
    if (!parse_digits(text, value, &end)) {
        return false;
    }
    if (*end == '\0') {
        return true;
    }
    const char *suffix = strchr("kMGT", *end == 'K' ? 'k' : *end);
    if (!suffix || (end[1] != '\0' && strcmp(end + 1, tail) != 0)) {
        return false;
    }
    for (const char *power = "kMGT"; power <= suffix; power++) {
        if (*value > UINT64_MAX / unit) {
            return false;
        }
        *value *= unit;
    }
    return true;
}

bool cli_parse_number(const char *text, uint64_t *value)
{
    return parse_scaled(text, 1000, "", value);
}

bool cli_parse_size(const char *text, uint64_t *value)
{
    return parse_scaled(text, 1024, "iB", value);
}

// A seed that differs from run to run. It need not be secret: it is printed, so that the run can be
// repeated. Eight digits are enough to tell runs apart and short enough to copy from a screen.
static uint64_t draw_seed(void)
{
    uint64_t drawn = 0;
    FILE *random = fopen("/dev/urandom", "rb");
    bool ok = random && fread(&drawn, sizeof drawn, 1, random) == 1;
    if (random) {
        fclose(random);
    }
    if (!ok) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        drawn = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    return drawn % 100000000;
}

bool cli_parse_seed(const char *text, uint64_t *value)
{
    if (strcmp(text, "random") == 0) {
        *value = draw_seed();
        return true;
    }
    return cli_parse_number(text, value);
}

const char *cli_nearest(const char *word, const char *const *list)
{
    return nearest_word(word, strlen(word), list);
}
