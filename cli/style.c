// How to print here: colours, characters, width; numbers, bars and wrapped text. See table.h.
#include "cli/table.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 40, WIDEST = 120, USUAL = 80 };

// ---- style ---------------------------------------------------------------------------------------

static bool locale_has_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0) {
        return false;
    }
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

static unsigned terminal_width(void)
{
    struct winsize size;
    unsigned width = USUAL;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    }
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
}

struct style style_of(const struct cli *cli)
{
    return (struct style){
        .color = cli->color,
        .utf8 = !cli->ascii && locale_has_utf8(),
        .width = isatty(STDOUT_FILENO) ? terminal_width() : 0,
    };
}

// The foreground colours are the standard eight: they show on light and dark backgrounds alike, and
// cyan/yellow/magenta stay apart for eyes that do not tell red from green.
static const char *tone_code(enum tone tone)
{
    switch (tone) {
    case TONE_HEADING: return "\033[36m";
    case TONE_DIM: return "\033[2m";
    case TONE_GOOD: return "\033[32m";
    case TONE_BAD: return "\033[31m";
    case TONE_MARK: return "\033[33m";
    case TONE_PLAIN: break;
    }
    return "";
}

void tone_begin(FILE *out, const struct style *style, enum tone tone)
{
    if (style->color) {
        fputs(tone_code(tone), out);
    }
}

void tone_end(FILE *out, const struct style *style, enum tone tone)
{
    if (style->color && tone != TONE_PLAIN) {
        fputs("\033[0m", out);
    }
}

void tone_printf(FILE *out, const struct style *style, enum tone tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tone_begin(out, style, tone);
    vfprintf(out, format, args);
    tone_end(out, style, tone);
    va_end(args);
}

// ---- numbers and bars ----------------------------------------------------------------------------

const char *format_count(char buffer[static FORMAT_SIZE], uint64_t value)
{
    char digits[FORMAT_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = buffer;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return buffer;
}

// part/whole x scale, rounded half up, without overflow for any counts: both are halved until the
// product fits, which moves the result by less than one in 2^40.
static uint64_t scaled(uint64_t part, uint64_t whole, uint64_t scale)
{
    while (part > (UINT64_MAX - whole / 2) / scale || whole > UINT64_MAX / 4) {
        part /= 2;
        whole /= 2;
    }
    return (part * scale + whole / 2) / whole;
}

const char *format_share(char buffer[static FORMAT_SIZE], uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        snprintf(buffer, FORMAT_SIZE, "-");
        return buffer;
    }
    uint64_t permille = scaled(part, whole, 1000);
    snprintf(buffer, FORMAT_SIZE, "%" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10);
    return buffer;
}

const char *format_bytes(char buffer[static FORMAT_SIZE], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; unit + 1 < sizeof units / sizeof *units && bytes > 0 && bytes % 1024 == 0; unit++) {
        bytes /= 1024;
    }
    snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " %s", bytes, units[unit]);
    return buffer;
}

const char *format_bar(char buffer[static BAR_SIZE], const struct style *style, uint64_t part,
                       uint64_t whole, unsigned cells)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char *to = buffer;
    *to = '\0';
    if (whole == 0 || part == 0) {
        return buffer;
    }
    if (!style->utf8) {
        uint64_t full = scaled(part, whole, cells);
        // Something is never shown as nothing.
        full = full == 0 ? 1 : full > cells ? cells : full;
        memset(buffer, '#', (size_t)full);
        buffer[full] = '\0';
        return buffer;
    }
    uint64_t steps = scaled(part, whole, 8 * (uint64_t)cells);
    steps = steps == 0 ? 1 : steps > 8 * (uint64_t)cells ? 8 * (uint64_t)cells : steps;
    for (uint64_t i = 0; i < steps / 8; i++) {
        to = stpcpy(to, "█");
    }
    stpcpy(to, eighths[steps % 8]);
    return buffer;
}

// ---- text ----------------------------------------------------------------------------------------

// Whether the character that begins at `text` takes two columns: the East Asian wide ones of the Basic Multilingual Plane (UAX #11).
static bool is_wide(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    if ((b[0] & 0xf0) != 0xe0 || (b[1] & 0xc0) != 0x80 || (b[2] & 0xc0) != 0x80) {
        return false;
    }
    unsigned c = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xff00 && c <= 0xff60) || (c >= 0xffe0 && c <= 0xffe6);
}

int style_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++) {
        if (*text == '\033') {
            text += strcspn(text, "m"); // the tones' codes take none
            if (*text == '\0') {
                break;
            }
            continue;
        }
        columns += ((unsigned char)*text & 0xc0) != 0x80;
        columns += is_wide(text);
    }
    return columns;
}

void style_wrap(FILE *out, const struct style *style, const char *text, int indent, int at)
{
    bool first = true;
    while (*text) {
        size_t length = strcspn(text, " \n");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (!first && style->width > 0 && at + 1 + style_columns(word) > (int)style->width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
        at += style_columns(word) + !first;
        first = false;
        text += length;
        for (; *text == ' ' || *text == '\n'; text++) {
            if (*text == '\n') {
                fprintf(out, "\n%*s", indent, "");
                at = indent;
                first = true;
            }
        }
    }
    fputc('\n', out);
}

void style_tell(FILE *out, const struct style *style, const char *english)
{
    style_wrap_lines(out, style, style_text(style, english));
}

void style_wrap_lines(FILE *out, const struct style *style, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        if (!line) {
            exit(cli_error(CLI_UNAVAILABLE, "no memory for a text"));
        }
        size_t indent = strspn(line, " ");
        fprintf(out, "%*s", (int)indent, "");
        style_wrap(out, style, line + indent, (int)indent, (int)indent);
        free(line);
        text += length + (text[length] == '\n');
    }
}
