// snapshot_text.c: the sentences and names of snapshot.h.
#include "models/snapshot.h"

#include <inttypes.h>
#include <stdio.h>

const char *story_text(enum story id)
{
    static const char *const text[STORY_COUNT] = {
#define STORY(NAME, english) [STORY_##NAME] = english,
#include "models/story.def"
#undef STORY
    };
    return text[id];
}

const char *who_name(enum snapshot_who who)
{
    static const char *const names[WHO_COUNT] = {
#define WHO(NAME, name, doc) [WHO_##NAME] = name,
#include "models/who.def"
#undef WHO
    };
    return names[who];
}

static void format_arg(const struct story_arg *a, char *out, size_t size)
{
    switch (a->kind) {
    case STORY_ARG_NUMBER: snprintf(out, size, "%" PRIu64, a->number); break;
    case STORY_ARG_HEX: snprintf(out, size, "0x%" PRIx64, a->number); break;
    case STORY_ARG_TEXT: snprintf(out, size, "%s", a->text); break;
    case STORY_ARG_NONE: snprintf(out, size, "?"); break;
    }
}

int story_format(const struct snapshot_story *story, const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (const char *c = text ? text : story_text(story->id); *c; c++) {
        if (c[0] == '%' && c[1] >= '1' && c[1] < '1' + STORY_ARGS) {
            char arg[32];
            format_arg(&story->arg[c[1] - '1'], arg, sizeof arg);
            for (const char *a = arg; *a; a++, n++) {
                if (n + 1 < size) {
                    out[n] = *a;
                }
            }
            c++;
            continue;
        }
        if (n + 1 < size) {
            out[n] = *c;
        }
        n++;
    }
    if (size > 0) {
        out[n < size ? n : size - 1] = '\0';
    }
    return (int)n;
}
